"""A named consumer of the event log (design 5.3).

1. It reads shard by shard, in the order of each, and gives events of the kinds that it wants to `deliver`, up to BATCH at
   a time. Several shards are under way side by side.
2. What `deliver` has not taken it gets again after a pause, which grows; the shard waits until then, and no other one.
3. How far it has come is kept, some time after: after a crash the last events come again (at least once).
4. It is woken by commits, and asks for nothing while nothing happens. It delays no sender: it reads in a thread of its
   own, and what it keeps is one small commit for all shards in COMMIT_S.
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
"""Events of one shard that are given on together."""
PAUSE_S, PAUSE_MAX_S = 1.0, 60.0
"""The first and the longest pause before what was not taken is given on again."""
COMMIT_S = 0.5
"""How far the consumer has come is kept so long after; this much comes again after a crash."""

Deliver = Callable[[Sequence[KeptEvent]], Awaitable[Sequence[KeptEvent]]]
"""Takes events of one shard, in their order; returns those that it could not take, which it gets again."""


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
        """By shard: the number of the next event to get."""
        self._kept: list[int] = []
        """By shard: the same, as the store has it or is about to."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._woken: set[int] = set()
        """Shards that have got events since they were read."""
        self._committing: asyncio.Task[None] | None = None
        self._closing = self._registered = False
        self.delivered = 0
        """Events that were taken, since the start."""

    def open(self) -> None:
        """Register; blocks, once, before the first event. In a store that can't be written it begins with the next event,
        and registers when it has had some. Raises StoreError if the store can't be read."""
        try:
            self._events.register(self.name)
        except StoreError as error:
            log.error("%s: it can't be registered yet: %s", self.name, error)
        there = self._events.consumers().get(self.name)
        self._registered = there is not None
        self._next = list(there if there is not None else self._events.following())
        self._kept = list(self._next)

    def start(self) -> None:
        """Go on with what was left."""
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
        """True if everything was taken that there is."""
        return not self._tasks

    async def _consume(self, shard: int) -> None:
        """All that there is of a shard."""
        try:
            while shard in self._woken:
                self._woken.discard(shard)
                while await self._batch(shard):
                    pass
        finally:
            del self._tasks[shard]  # here: whoever wakes it from now on begins another one

    async def _batch(self, shard: int) -> bool:
        """Some events of a shard, however long it takes. False: there are none."""
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
        """Those that were not dropped meanwhile, because they are too old or too many wait (EventLog.trim_step)."""
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
        """Keep how far it has come, now. What can't be kept is kept later, with more."""
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
        """Give on what there is for so long; then end, and keep how far it has come. What is left comes after the next
        start."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=within_s)
        self._closing = True
        ending = [*self._tasks.values(), *([self._committing] if self._committing is not None else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self.commit()
