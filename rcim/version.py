"""The one place that names the version of the program (not of the protocol: rcim/wire/header.py)."""

__version__ = "0.1.0"
