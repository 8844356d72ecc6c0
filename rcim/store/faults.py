"""What can go wrong with a store."""

from __future__ import annotations


class StoreError(Exception):
    """The store could not do it: disk full, failing, or damaged. Nothing was changed."""


class FullError(StoreError):
    """There is no room for it; what makes room still goes through (ST-04)."""


class DamagedError(StoreError):
    """What it concerns is damaged; the rest can be read and written (ST-03)."""


class NoRoom(Exception):
    """The map is full: `grow` and do the same again."""
