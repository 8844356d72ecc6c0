"""`python -m rcim` is `rcim`."""

from rcim.cli import main

main()
