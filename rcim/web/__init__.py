"""Requests over HTTP to other servers: the app's back end and push services."""
