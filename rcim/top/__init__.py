"""The live view of a running server: `rcim top`."""
