"""Events of one shard that were not taken, and those after them with the same key: they wait, and the others go on.

1. An event's key is its conversation, or its user (`actor.events.key_of`). What waits of a key is given on in its order.
2. A key is tried again after a pause, which doubles with each time that none of it is taken (backoff.py).
3. So much may wait: EVENTS_MAX events of KEYS_MAX keys. Events are kept as numbers; who gives them on reads them again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping

from rcim.outbox.backoff import Backoff

KEYS_MAX = 200
"""A fault of the receiver with single users, times ten; one with all of them fills it at once, and holds up the shard."""
EVENTS_MAX = 10_000
"""Of one shard, 0.5 MB: what a busy conversation gives within a minute."""
NOW = float("-inf")


class _Key:
    """What waits of one key. `pause_s` is that before the next try, at `due_s`. `tried_ms` is the time of the first event
    if it was tried, else 0."""

    __slots__ = ("due_s", "numbers", "pause_s", "tried_ms")

    def __init__(self, pause_s: float, due_s: float, tried_ms: int) -> None:
        self.numbers: deque[int] = deque()
        self.pause_s = pause_s
        self.due_s = due_s
        self.tried_ms = tried_ms


class RetryQueue:
    """See the module's text. Times in seconds are of a clock that goes on steadily, times of events in milliseconds since
    1970."""

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self._keys: dict[str, _Key] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def keys(self) -> int:
        """How many keys wait."""
        return len(self._keys)

    @property
    def room(self) -> int:
        """So many more events may wait, whatever their keys are."""
        return max(0, min(EVENTS_MAX - self._count, KEYS_MAX - len(self._keys)))

    @property
    def first(self) -> int | None:
        """The least number that waits; None: nothing does."""
        return min((key.numbers[0] for key in self._keys.values()), default=None)

    def first_without(self, gone: Collection[int]) -> int | None:
        """The least number that waits besides `gone`, which are the first ones of their keys."""
        numbers = (next((n for n in key.numbers if n not in gone), None) for key in self._keys.values())
        return min((number for number in numbers if number is not None), default=None)

    @property
    def due_s(self) -> float | None:
        """When the next try is due; None: nothing waits."""
        return min((key.due_s for key in self._keys.values()), default=None)

    def follow(self, key: str, number: int) -> bool:
        """Put an event after those of its key that wait; False: none does."""
        there = self._keys.get(key)
        if there is None:
            return False
        there.numbers.append(number)
        self._count += 1
        return True

    def put(
        self, key: str, number: int, now_s: float, *, failed: bool = True, time_ms: int = 0, asked_s: float = 0.0
    ) -> None:
        """This event, of `time_ms`, was not taken. Of one key they come in their order. `asked_s`: the destination has
        asked for so long a pause. `failed` False: there was no time for it, and it is due at once."""
        if not self.follow(key, number):
            pause_s = self._backoff.first_s
            due_s = now_s + self._backoff.wait_s(pause_s, asked_s) if failed else NOW
            self._keys[key] = _Key(pause_s, due_s, time_ms if failed else 0)
            self.follow(key, number)

    def due(self, now_s: float, limit: int) -> list[int]:
        """Up to `limit` numbers to be tried now, in their order; of the keys that have waited longest first."""
        found: list[int] = []
        due = sorted((key for key in self._keys.values() if key.due_s <= now_s), key=lambda key: key.due_s)
        for key in due:
            found += [number for number, _ in zip(key.numbers, range(limit - len(found)), strict=False)]
        return sorted(found)

    def due_now(self) -> None:
        """Make everything due at once. The pauses begin again with the shortest."""
        for key in self._keys.values():
            key.due_s, key.pause_s = NOW, self._backoff.first_s

    def tried(
        self,
        numbers: Iterable[int],
        left: Collection[int],
        now_s: float,
        asked_s: Mapping[int, float] | None = None,
        times_ms: Mapping[int, int] | None = None,
    ) -> None:
        """Of these, which were `due`, those in `left` were not taken; the others wait no longer. `asked_s`: how long a
        pause the destination has asked for; `times_ms`: the times of those that have failed; both by number. What was
        not taken and has not failed is due at once, if others of its key were taken."""
        over = set(numbers) - set(left)
        for name, key in list(self._keys.items()):
            before = len(key.numbers)
            while key.numbers and key.numbers[0] in over:
                key.numbers.popleft()
            gone = before - len(key.numbers)
            self._count -= gone
            first = key.numbers[0] if key.numbers else None
            if first is None:
                del self._keys[name]
            elif first in left:
                key.pause_s = self._backoff.first_s if gone else self._backoff.longer(key.pause_s)
                key.due_s = now_s + self._backoff.wait_s(key.pause_s, (asked_s or {}).get(first, 0.0))
                key.tried_ms = 1 if times_ms is None else times_ms.get(first, 0)
                if gone and not key.tried_ms:
                    key.due_s = NOW
            elif gone:
                key.due_s, key.pause_s, key.tried_ms = NOW, self._backoff.first_s, 0

    def given_up(self, before_ms: int) -> list[int]:
        """Those that were tried, and are of before this time."""
        return [key.numbers[0] for key in self._keys.values() if 0 < key.tried_ms < before_ms]

    def leave_from(self, number: int) -> None:
        """What has this number or a greater one waits no longer: it is read again."""
        for name, key in list(self._keys.items()):
            while key.numbers and key.numbers[-1] >= number:
                key.numbers.pop()
                self._count -= 1
            if not key.numbers:
                del self._keys[name]
