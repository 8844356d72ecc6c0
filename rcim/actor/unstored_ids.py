"""Ids for messages that no shard keeps (GT-22)."""

from __future__ import annotations

UNSTORED_BIT = 1 << 63
"""Set in the ids of messages that no shard keeps: they come from a counter of this start."""


class UnstoredIds:
    """Ids of messages that are not stored (GT-22), unique in the app: the start's clock above a counter."""

    def __init__(self, start_ms: int) -> None:
        self._next = UNSTORED_BIT | (start_ms << 20)

    def make(self) -> int:
        """The next id. A million a millisecond could be made before one met those of a later start."""
        self._next += 1
        return self._next
