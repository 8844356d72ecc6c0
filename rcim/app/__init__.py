"""The one place where everything meets: settings, wiring, the command line."""
