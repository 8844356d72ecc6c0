"""Ids, error codes, limits and the clock: what every other room may use. Standard library only."""
