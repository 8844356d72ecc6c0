"""The processes of a server: how they start, what they tell each other and the service manager, how they stop."""
