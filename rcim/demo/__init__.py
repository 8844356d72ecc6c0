"""Demonstrations on a real server: `rcim demo`, `rcim demo groups`, `rcim demo flood`."""
