"""Events that belong to no command, such as the beginning of a session: they wait for the next commit."""

from __future__ import annotations

from collections.abc import Callable

from rcim.actor.events import AnyEvent
from rcim.base.limited_log import LimitedLog

log = LimitedLog("rcim.dispatch")

UNTOLD_MAX = 10_000
"""Events that wait for a commit, in memory: as many as users log in within seconds, while the store can't be written."""
PAUSE_S = 1.0
"""After a commit that has failed they wait so long before they are a reason for another one."""


class UntoldEvents:
    """By shard, in their order. `later(seconds, call)` calls once; `go_on` begins a turn if one is `due`."""

    def __init__(self, later: Callable[[float, Callable[[], None]], None], go_on: Callable[[], None]) -> None:
        self._later = later
        self._go_on = go_on
        self._waiting: dict[int, list[AnyEvent]] = {}
        self._count = 0
        self._resting = False
        self.lost = 0
        """Since the start: too many waited, or the shard is another writer's."""

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @property
    def due(self) -> bool:
        """True if any are to be committed now."""
        return bool(self._waiting) and not self._resting

    def add(self, shard: int, event: AnyEvent) -> None:
        """One more, the newest of its shard."""
        if self._count >= UNTOLD_MAX:
            self.lost += 1
            log.error("too many events wait for a commit: events are lost", waiting=self._count)
            return
        self._count += 1
        self._waiting.setdefault(shard, []).append(event)

    def waits(self, shard: int) -> bool:
        """True if any of this shard wait."""
        return shard in self._waiting

    def shards(self) -> list[int]:
        """Those that have events that wait."""
        return list(self._waiting)

    def take(self, shard: int) -> list[AnyEvent]:
        """All of a shard, oldest first; they wait no longer."""
        events = self._waiting.pop(shard)
        self._count -= len(events)
        return events

    def lose(self, shard: int) -> None:
        """Nobody here will keep what has happened in this shard."""
        self.lost += len(self.take(shard))

    def put_back(self, shard: int, events: list[AnyEvent]) -> None:
        """They were not kept: they wait before all others of the shard. The number that may wait is a bound for those
        that come."""
        self._waiting[shard] = events + self._waiting.get(shard, [])
        self._count += len(events)
        if not self._resting:
            self._resting = True
            self._later(PAUSE_S, self._rested)

    def _rested(self) -> None:
        self._resting = False
        self._go_on()
