"""The one place where everything meets. What each of its rooms holds: docs/adr/0037."""
