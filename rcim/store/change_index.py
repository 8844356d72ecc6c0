"""Which conversations have changed since when, in memory: so that a sync of few changes reads few rows (RX-03).

What is not in it has not changed since `since`; of what was before that only the store knows. It holds two generations
of up to GENERATION conversations: when the younger is full, the older is forgotten. Written by the committing thread,
read by the reading thread: `now` is one consistent picture of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

GENERATION = 100_000
"""Of 100 bytes and a key each, 15 MB."""


class Seen(NamedTuple):
    """A picture of it."""

    since: int
    """Changes with a higher stamp are all here."""
    old: dict[bytes, int]
    young: dict[bytes, int]

    def stamp(self, key: bytes) -> int:
        """The stamp of the last change of the conversation with this key (as the tables have it); 0: none since
        `since`."""
        return self.young.get(key) or self.old.get(key, 0)


class ChangeIndex:
    """See the module's text. `stamp` is that of the last commit before this start."""

    def __init__(self, stamp: int) -> None:
        self._began = stamp
        self.now = Seen(stamp, {}, {})

    def note(self, keys: Iterable[str], stamp: int) -> None:
        """These change with the commit of this stamp. If it comes to nothing, who looks finds nothing new there."""
        seen = self.now
        if len(seen.young) >= GENERATION:
            self.now = seen = Seen(self._began, seen.young, {})
            self._began = stamp - 1
        for key in keys:
            seen.young[key.encode()] = stamp
