"""The log of a process: how its lines are written, and by which thread."""
