"""The terminal chat: `rcim chat`."""
