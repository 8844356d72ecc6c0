"""The command `rcim`."""

from rcim.cli.program import main as main
