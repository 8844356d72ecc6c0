"""Consumers of the event log: they pass events on, to the app, to other services or to other parts of the server."""
