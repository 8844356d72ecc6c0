"""Events of one shard that were not taken, and those behind them with the same key: they wait, and the others go on.

1. An event's key is its conversation, or its user (`actor.events.key_of`). What waits of a key is given on in its order.
2. A key is tried again after a pause, which doubles with each time that none of it is taken.
3. So much may wait: EVENTS_MAX events of KEYS_MAX keys. Events are kept as numbers; who gives them on reads them again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

KEYS_MAX = 200
"""A fault of the receiver with single users, times ten; one with all of them fills it at once, and holds up the shard."""
EVENTS_MAX = 10_000
"""Of one shard, 0.5 MB: what a busy conversation gives within a minute."""


class _Key:
    """What waits of one key. `pause_s` is that before the next try, at `due_s`."""

    __slots__ = ("due_s", "numbers", "pause_s")

    def __init__(self, due_s: float, pause_s: float) -> None:
        self.numbers: deque[int] = deque()
        self.due_s = due_s
        self.pause_s = pause_s


class Aside:
    """See the module's text. Times are in seconds, of a clock that goes on steadily; pauses are from `pause_s` to
    `pause_max_s`."""

    def __init__(self, pause_s: float, pause_max_s: float) -> None:
        self._pause_s = pause_s
        self._pause_max_s = pause_max_s
        self._keys: dict[str, _Key] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def room(self) -> int:
        """So many more events may be put aside, whatever their keys are."""
        return max(0, min(EVENTS_MAX - self._count, KEYS_MAX - len(self._keys)))

    @property
    def first(self) -> int | None:
        """The least number that waits; None: nothing does."""
        return min((key.numbers[0] for key in self._keys.values()), default=None)

    @property
    def due_s(self) -> float | None:
        """When the next try is due; None: nothing waits."""
        return min((key.due_s for key in self._keys.values()), default=None)

    def follow(self, key: str, number: int) -> bool:
        """Put an event behind those of its key that wait; False: none does."""
        there = self._keys.get(key)
        if there is None:
            return False
        there.numbers.append(number)
        self._count += 1
        return True

    def put(self, key: str, number: int, now_s: float) -> None:
        """This event was not taken. Of one key they come in their order."""
        if not self.follow(key, number):
            self._keys[key] = _Key(now_s + self._pause_s, self._pause_s)
            self.follow(key, number)

    def due(self, now_s: float, limit: int) -> list[int]:
        """Up to `limit` numbers to be tried now, in their order."""
        found: list[int] = []
        for key in self._keys.values():
            if key.due_s <= now_s:
                found += [number for number, _ in zip(key.numbers, range(limit - len(found)), strict=False)]
        return sorted(found)

    def tried(self, numbers: Iterable[int], left: Collection[int], now_s: float) -> None:
        """Of these, which were `due`, those in `left` were not taken; the others wait no longer."""
        over = set(numbers) - set(left)
        for name, key in list(self._keys.items()):
            before = len(key.numbers)
            while key.numbers and key.numbers[0] in over:
                key.numbers.popleft()
            self._count -= before - len(key.numbers)
            if not key.numbers:
                del self._keys[name]
            elif key.numbers[0] in left:
                some = len(key.numbers) < before
                key.pause_s = self._pause_s if some else min(2 * key.pause_s, self._pause_max_s)
                key.due_s = now_s + key.pause_s
