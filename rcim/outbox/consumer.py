"""A named consumer of the event log (docs/adr/0023).

1. It reads shard by shard, in the order of each, and passes events of its kinds to `deliver`, up to BATCH at a
   time. Several shards are delivered at the same time.
2. Events that `deliver` does not take are delivered again after a growing pause; only their shard waits meanwhile.
3. Its position is stored some time later, so after a crash the last events come again (at least once).
4. Commits wake it; while nothing happens it does no work. It delays no sender: it reads in a thread of its own, and
   stores its position with one small commit for all shards in COMMIT_S.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from rcim.actor.events import EventKind, kind_of
from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.store.event_log import EventLog, KeptEvent
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

BATCH = 100
"""The most events of one shard in one call of `deliver`."""
PAUSE_S, PAUSE_MAX_S = 1.0, 60.0
"""The first and the longest pause before events that were not taken are delivered again."""
COMMIT_S = 0.5
"""How late the position is stored; the events of this time come again after a crash."""

Deliver = Callable[[Sequence[KeptEvent]], Awaitable[Sequence[KeptEvent]]]
"""Takes events of one shard, in order; returns those that it could not take, which are delivered again."""


class Consumer:
    """See the module's text. `reading` and `writing` are the threads that may read and write the store. Used from the
    loop."""

    def __init__(
        self,
        events: EventLog,
        name: str,
        kinds: frozenset[EventKind],
        deliver: Deliver,
        *,
        reading: Worker,
        writing: Worker,
    ) -> None:
        self.name = name
        self.kinds = kinds
        self._events = events
        self._deliver = deliver
        self._reading = reading
        self._writing = writing
        self._next: list[int] = []
        """By shard: the number of the next event to deliver."""
        self._kept: list[int] = []
        """By shard: the same, as it is stored or about to be."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._woken: set[int] = set()
        """Shards with events since they were last read."""
        self._committing: asyncio.Task[None] | None = None
        self._closing = self._registered = False
        self.delivered = 0
        """Events that were taken, since the start."""

    def open(self) -> None:
        """Register; blocks, once, before the first event. In a store that can't be written it begins with the next event,
        and registers after it has taken some. Raises StoreError if the store can't be read."""
        try:
            self._events.register(self.name)
        except StoreError as error:
            log.error("%s: it can't be registered yet: %s", self.name, error)
        there = self._events.consumers().get(self.name)
        self._registered = there is not None
        self._next = list(there if there is not None else self._events.following())
        self._kept = list(self._next)

    def start(self) -> None:
        """Continue with the events that are left."""
        self.wake(range(SHARDS))

    def wake(self, shards: Iterable[int]) -> None:
        """These shards have new events."""
        if self._closing:
            return
        for shard in shards:
            self._woken.add(shard)
            if shard not in self._tasks:
                self._tasks[shard] = asyncio.get_running_loop().create_task(self._consume(shard))

    @property
    def idle(self) -> bool:
        """True if all events were taken."""
        return not self._tasks

    async def _consume(self, shard: int) -> None:
        """Deliver all events of a shard."""
        try:
            while shard in self._woken:
                self._woken.discard(shard)
                while await self._batch(shard):
                    pass
        finally:
            del self._tasks[shard]  # here: whoever wakes it from now on begins another one

    async def _batch(self, shard: int) -> bool:
        """Deliver some events of a shard, however long it takes. False: there are none."""
        first = self._next[shard]
        found, following = await self._read(shard, first)
        if following == first:
            return False
        left: Sequence[KeptEvent] = [one for one in found if kind_of(one.event) in self.kinds]
        pause_s = PAUSE_S
        while left:
            before = len(left)
            left = await self._given(left)
            self.delivered += before - len(left)
            if left:
                await asyncio.sleep(pause_s)
                pause_s = PAUSE_S if len(left) < before else min(2 * pause_s, PAUSE_MAX_S)
                left = await self._still_there(shard, left)
        self._next[shard] = following
        self._commit_soon()
        return True

    async def _given(self, events: Sequence[KeptEvent]) -> Sequence[KeptEvent]:
        try:
            return await self._deliver(events)
        except Exception:  # a fault of whoever takes them: they come again
            log.exception("%s: events were not taken", self.name)
            return events

    async def _read(self, shard: int, first: int) -> tuple[list[KeptEvent], int]:
        pause_s = PAUSE_S
        while True:
            try:
                return await self._reading.run(lambda: self._events.read(shard, first, BATCH))
            except StoreError as error:
                log.error("%s: events can't be read: %s", self.name, error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def _still_there(self, shard: int, left: Sequence[KeptEvent]) -> Sequence[KeptEvent]:
        """The events that were not dropped meanwhile as too old or too many (EventLog.trim_step)."""
        found, _ = await self._read(shard, left[0].number)
        there = {one.number for one in found}
        return [one for one in left if one.number in there]

    # -- how far it has come

    def _commit_soon(self) -> None:
        if self._committing is None and not self._closing:
            self._committing = asyncio.get_running_loop().create_task(self._commit_later())

    async def _commit_later(self) -> None:
        await asyncio.sleep(COMMIT_S)
        self._committing = None
        await self.commit()

    async def commit(self) -> None:
        """Store its position now. If that fails, it is stored later."""
        changed = {shard: at for shard, at in enumerate(self._next) if at != self._kept[shard]}
        if not changed:
            return
        for shard, at in changed.items():
            self._kept[shard] = at
        try:
            await self._writing.run(lambda: self._commit(changed))
        except StoreError as error:
            log.error("%s: how far it has come can't be kept: %s", self.name, error)
            for shard in changed:
                self._kept[shard] = 0

    def _commit(self, following: dict[int, int]) -> None:
        """In the writing thread."""
        if not self._registered:
            self._events.register(self.name)
            self._registered = True
        self._events.commit(self.name, following)

    async def close(self, within_s: float) -> None:
        """Deliver for at most this time; then end, and store the position. The remaining events come after the next
        start."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=within_s)
        self._closing = True
        ending = [*self._tasks.values(), *([self._committing] if self._committing is not None else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self.commit()
