"""Operator's and developer's commands: administration by frames, and what is generated from the table of frames."""
