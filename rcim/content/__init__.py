"""What a message says: its elements (MS-03), in the one form in which they travel and are stored."""
