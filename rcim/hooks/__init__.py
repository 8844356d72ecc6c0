"""Callbacks to the app, over HTTP and in process: before an action (CB-03), and about devices (ID-07)."""
