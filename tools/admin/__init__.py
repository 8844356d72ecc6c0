"""`rcim-admin`: administration over admin frames (AB-01). A table for people, `--json` for programs.

Exit status 0: done; 1: the server refused or failed (its code is printed); 2: wrong usage, or no server.
One module for each noun; words.py reads what is written on the command line, output.py shows what came of it.
"""

from rcim_tools.admin.program import main

__all__ = ["main"]
