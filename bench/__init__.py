"""Load and measuring: `rcim-bench`. The rules of measuring are in docs/explanation/measuring.md."""
