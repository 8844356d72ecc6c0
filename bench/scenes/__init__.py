"""The scenarios of `rcim-bench scenario`, one for each row of the table of figures in docs/explanation/performance.md."""
