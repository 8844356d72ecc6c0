"""What back ends of other services find here: each documented command, called on a real server."""
