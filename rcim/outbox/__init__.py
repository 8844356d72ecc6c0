"""Consumers of the event log: who takes what has happened further, out of the server or to other parts of it."""
