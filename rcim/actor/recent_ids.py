"""Client message ids of the last minutes: sending again gives the first result (MS-02).

1. An entry counts for `window_ms`; it is found after a restart too, since it is filled from the kept messages.
2. There are at most `entries_max`; the oldest goes first. Limits says what that means in messages a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from rcim.actor.records import Message


class RecentIds:
    """For one conversation. Times are the messages' own (wall clock, never falling within a conversation)."""

    __slots__ = ("_entries", "_entries_max", "_order", "window_ms")

    def __init__(self, window_ms: int, entries_max: int) -> None:
        self.window_ms = window_ms
        """How long an entry counts."""
        self._entries_max = entries_max
        self._entries: dict[tuple[str, str], tuple[int, int, int]] = {}
        self._order: deque[tuple[tuple[str, str], int, int]] = deque()
        """(key, SEQ, time) as they came: a key that was used again after its window stands here twice."""

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, sender: str, client_msg_id: str, now_ms: int) -> tuple[int, int, int] | None:
        """(SEQ, time, message id) of the first send with this id, if it is within the window."""
        found = self._entries.get((sender, client_msg_id))
        return found if found is not None and now_ms - found[1] < self.window_ms else None

    def newest_first(self) -> Iterator[tuple[str, int]]:
        """The sender and the time of each send, from the newest. Nothing may be added meanwhile."""
        return ((key[0], time_ms) for key, _, time_ms in reversed(self._order))

    def forget(self, sender: str) -> None:
        """Nothing that `sender` sent is remembered any more."""
        for key in [key for key in self._entries if key[0] == sender]:
            del self._entries[key]

    def add(self, message: Message) -> None:
        """Remember a kept message, and forget what is too old or too much."""
        self.remember((message.sender, message.client_msg_id), message.seq, message.time_ms, message.message_id)

    def remember(self, key: tuple[str, str], seq: int, time_ms: int, message_id: int) -> None:
        """As `add`, of a message that may not have been kept. `key` is (sender, client message id)."""
        entries, order = self._entries, self._order
        entries[key] = (seq, time_ms, message_id)
        order.append((key, seq, time_ms))
        oldest = time_ms - self.window_ms
        # Two out for one in: it shrinks after a burst without ever stopping for long.
        for _ in range(2):
            first, seq, time_ms = order[0]
            if time_ms > oldest and len(order) <= self._entries_max:
                break
            order.popleft()
            found = entries.get(first)
            if found is not None and found[:2] == (seq, time_ms):
                del entries[first]
