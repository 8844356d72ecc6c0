"""A live view of a server: `rcim top`."""
