"""`python -m rcim` is `rcim`."""

from rcim.app.cli import main

main()
