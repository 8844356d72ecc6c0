"""`python -m rcim_bench` is `rcim-bench`."""

from rcim_bench.cli import main

main()
