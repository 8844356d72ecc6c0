"""Small changes that are written in the transaction of the next append: they need no sync of the disk of their own.

1. A change is offered with `put`. The next append that keeps anything writes it, in its own transaction. If that fails,
   or writing the change does, or there is no room for both, nobody tries it again here; the append does not fail
   because of a change.
2. Whoever has offered a change calls `finish` some time later, in the writing thread. If no append has written it by
   then, none does any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rcim.store.backend import NoRoom, WriteView

CHANGES_MAX = 100
"""That wait at a time: each consumer has one, and the trimming of events has one. What is beyond is not written along."""


class SmallChange:
    """See the module's text. `write` changes rows, or raises; it may be called more than once, if a transaction did not
    come to its end."""

    __slots__ = ("_written", "write")

    def __init__(self, write: Callable[[WriteView], None]) -> None:
        self.write: Callable[[WriteView], None] | None = write
        """None: it is not to be written any more."""
        self._written = False

    def finish(self) -> bool:
        """From now on no append writes it. Returns True if one has, durably."""
        self.write = None
        return self._written

    def durable(self) -> None:
        """It was written."""
        self._written = True
        self.write = None


class ChangeFailed(Exception):
    """A change could not be written along."""


class NextAppend:
    """See the module's text. `put` is called from the loop, all else in the writing thread."""

    def __init__(self) -> None:
        self._waiting: list[SmallChange] = []

    def put(self, change: SmallChange) -> None:
        """Write it with the next append."""
        if len(self._waiting) < CHANGES_MAX:
            self._waiting.append(change)

    def take(self) -> Sequence[SmallChange]:
        """All that wait; they wait no longer. The loop may put another one meanwhile."""
        if not self._waiting:
            return ()
        taken = tuple(self._waiting)
        del self._waiting[: len(taken)]
        return taken


def write(view: WriteView, changes: Sequence[SmallChange]) -> None:
    """In the transaction of an append. Raises ChangeFailed, or NoRoom."""
    try:
        for change in changes:
            if change.write is not None:
                change.write(view)
    except NoRoom:
        raise
    except Exception as error:
        raise ChangeFailed from error
