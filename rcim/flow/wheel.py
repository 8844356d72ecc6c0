"""A timing wheel: many coarse deadlines at no cost while they don't come (no timer per connection).

1. A key sits in the slot of its deadline; adding, moving and removing are O(1).
2. `advance` looks only at the slots that have passed since it was called last.
3. A deadline further away than one turn of the wheel waits in the last slot and is put in again from there.
"""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")


class TimingWheel(Generic[K]):
    """Deadlines in steady milliseconds, given `tick_ms` late at the most."""

    def __init__(self, now_ms: int, tick_ms: int = 250, slots: int = 512) -> None:
        self._tick_ms = tick_ms
        self._slots: list[dict[K, int]] = [{} for _ in range(slots)]
        self._where: dict[K, int] = {}
        self._tick = now_ms // tick_ms

    def __len__(self) -> int:
        return len(self._where)

    def set(self, key: K, deadline_ms: int) -> None:
        """(Re)place the deadline of `key`."""
        self.discard(key)
        tick = max(-(-deadline_ms // self._tick_ms), self._tick + 1)
        slot = min(tick, self._tick + len(self._slots) - 1) % len(self._slots)
        self._slots[slot][key] = deadline_ms
        self._where[key] = slot

    def discard(self, key: K) -> None:
        """Forget `key`; nothing happens if it is not there."""
        slot = self._where.pop(key, None)
        if slot is not None:
            self._slots[slot].pop(key, None)

    def advance(self, now_ms: int) -> list[K]:
        """The keys whose deadline is at or before `now_ms`; they are no longer on the wheel."""
        due: list[K] = []
        target = now_ms // self._tick_ms
        steps = min(target - self._tick, len(self._slots))
        for i in range(1, steps + 1):
            slot = (target - steps + i) % len(self._slots)
            waiting = self._slots[slot]
            if waiting:
                self._slots[slot] = {}
                for key, deadline in waiting.items():
                    del self._where[key]
                    if deadline <= now_ms:
                        due.append(key)
                    else:
                        self._tick = target - steps + i
                        self.set(key, deadline)
        self._tick = max(self._tick, target)
        return due
