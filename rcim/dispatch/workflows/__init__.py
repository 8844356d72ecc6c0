"""Workflows as coroutines: what takes several commands, each of which may be carried out again."""
