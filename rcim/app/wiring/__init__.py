"""The two halves of a server, put together: what owns the conversations, and what holds connections."""
