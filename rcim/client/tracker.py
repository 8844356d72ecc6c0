"""SEQ of one conversation as a client sees it: in order, each once, gaps found (RX-05). Pure.

1. `next_seq` is what the app gets next. What comes above it waits, up to `HELD_MAX` messages; below it is a double.
2. A gap is a range to ask for by HISTORY; while one is asked for, it is not asked for again.
3. What the server does not have (deleted, from before joining) is skipped with `skip_to`; what it had of the range is
   given out all the same.
"""

from __future__ import annotations

from typing import Generic, TypeVar

M = TypeVar("M")

HELD_MAX = 1000
"""Messages held above a gap. More are dropped: they are asked for again once the gap is filled."""


class SeqTracker(Generic[M]):
    """`next_seq` is the first SEQ the app is to get, 1 or more."""

    __slots__ = ("_asking", "_held", "doubles", "newest", "next_seq")

    def __init__(self, next_seq: int) -> None:
        self.next_seq = next_seq
        self.newest = next_seq - 1
        """The newest SEQ known of."""
        self._held: dict[int, M] = {}
        self._asking = False
        self.doubles = 0

    def offer(self, seq: int, message: M) -> list[M]:
        """Take in a message from wherever; returns what the app gets now, in order."""
        self.newest = max(self.newest, seq)
        if seq < self.next_seq or seq in self._held:
            self.doubles += 1
            return []
        if seq != self.next_seq:
            if len(self._held) < HELD_MAX:
                self._held[seq] = message
            return []
        self.next_seq += 1
        return [message, *self._release()]

    def _release(self) -> list[M]:
        ready = []
        while self.next_seq in self._held:
            ready.append(self._held.pop(self.next_seq))
            self.next_seq += 1
        return ready

    @property
    def held(self) -> dict[int, M]:
        """What waits above a gap, by SEQ; it may be replaced."""
        return self._held

    def heard_of(self, newest: int) -> None:
        """The server says that `newest` is the newest SEQ."""
        self.newest = max(self.newest, newest)

    def forget_held(self) -> None:
        """What waits above a gap came on a connection that is gone, and may be another message by now: it is asked for
        again with the gap."""
        self._held.clear()

    def ends_at(self, newest: int) -> None:
        """The server has no message behind `newest`, whatever it has said before; what has come since is newer."""
        self.newest = max([newest, self.next_seq - 1, *self._held])

    def gap(self) -> tuple[int, int] | None:
        """(first, last) SEQ to ask for now, or None. Call `asked` with the answer's arrival or failure."""
        if self._asking or self.newest < self.next_seq:
            return None
        self._asking = True
        last = min(self._held) - 1 if self._held else self.newest
        return self.next_seq, last

    def asked(self) -> None:
        """The answer to the last `gap` has come, or will not."""
        self._asking = False

    def skip_to(self, seq: int) -> list[M]:
        """Nothing below `seq` can be had that is not there already; returns what the app gets now, in order."""
        ready = [self._held.pop(held) for held in sorted(self._held) if held < seq]
        self.next_seq = max(self.next_seq, seq)
        return ready + self._release()
