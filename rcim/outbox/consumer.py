"""A named consumer of the event log (design 5.3).

1. It reads shard by shard, in the order of each, and gives the events that it wants to its destination, up to BATCH at a
   time. Several shards are under way side by side.
2. What the destination has not taken it gets again after a pause, which grows. What comes after it with the same key
   waits for it, and what has other keys goes on (aside.py). If too much waits, the shard waits, and no other one.
3. How far it has come is kept, some time after: never beyond an event that waits. After a start what comes after that
   comes again (at least once), though it was taken.
4. It is woken by commits, and asks for nothing while nothing happens. It delays no sender: it reads in a thread of its
   own, and what it keeps is one small commit for all shards in COMMIT_S.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from rcim.actor.events import key_of
from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.aside import Aside
from rcim.outbox.destination import Subscription
from rcim.store.event_log import EventLog, KeptEvent
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

BATCH = 100
"""Events of one shard that are given on together."""
PAUSE_S, PAUSE_MAX_S = 1.0, 60.0
"""The first and the longest pause before what was not taken is given on again."""
COMMIT_S = 0.5
"""How far the consumer has come is kept so long after; this much comes again after a crash."""

T = TypeVar("T")


class Consumer:
    """See the module's text. `reading` and `writing` are the threads that may read and write the store. Used from the
    loop."""

    def __init__(
        self,
        events: EventLog,
        name: str,
        subscription: Subscription,
        *,
        reading: Worker,
        writing: Worker,
    ) -> None:
        self.name = name
        self.kinds = subscription.kinds
        self._wants = subscription.wants
        self._events = events
        self._destination = subscription.destination
        self._now_s = asyncio.get_running_loop().time
        self._reading = reading
        self._writing = writing
        self._next: list[int] = []
        """By shard: the number of the next event to read."""
        self._aside = [Aside(PAUSE_S, PAUSE_MAX_S) for _ in range(SHARDS)]
        """By shard: events before that which were not taken."""
        self._kept: list[int] = []
        """By shard: how far it has come, as the store has it or is about to."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._woken: set[int] = set()
        """Shards that have got events since they were read."""
        self._pauses: dict[int, asyncio.Future[None]] = {}
        """Of shards that wait until what was not taken is due."""
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
            elif shard in self._pauses and not self._pauses[shard].done():
                self._pauses[shard].set_result(None)

    @property
    def idle(self) -> bool:
        """True if everything was taken that there is."""
        return not self._tasks

    async def _consume(self, shard: int) -> None:
        """All that there is of a shard, until nothing of it waits any more."""
        aside = self._aside[shard]
        try:
            while shard in self._woken or aside:
                reads = shard in self._woken and aside.room > 0
                if reads:
                    self._woken.discard(shard)
                    if await self._batch(shard):
                        self._woken.add(shard)
                if not await self._again(shard) and not reads and aside.due_s is not None:
                    await self._pause(shard, aside.due_s - self._now_s())
        finally:
            del self._tasks[shard]  # here: whoever wakes it from now on begins another one

    async def _pause(self, shard: int, seconds: float) -> None:
        """Until then, or until the shard is woken."""
        woken = self._pauses[shard] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait([woken], timeout=max(0.0, seconds))
        finally:
            del self._pauses[shard]

    async def _batch(self, shard: int) -> bool:
        """Read on and give on what nothing waits before; the others follow what waits. False: there are no more."""
        aside, first = self._aside[shard], self._next[shard]
        found, following = await self._read(lambda: self._events.read(shard, first, min(BATCH, aside.room)))
        if following == first:
            return False
        wanted = [one for one in found if self._wants(one.event) and not aside.follow(key_of(one.event), one.number)]
        if wanted:
            left = await self._given(wanted)
            self.delivered += len(wanted) - len(left)
            for one in left:
                aside.put(key_of(one.event), one.number, self._now_s())
        self._next[shard] = following
        self._commit_soon()
        return True

    async def _again(self, shard: int) -> bool:
        """Give on what waits and is due; what was dropped meanwhile, because it was too old or too many wait, waits no
        longer. False: nothing is due."""
        aside = self._aside[shard]
        numbers = aside.due(self._now_s(), BATCH)
        if not numbers:
            return False
        found = await self._read(lambda: self._events.read_numbers(shard, numbers))
        if len(found) < len(numbers):
            self._destination.forget(shard, set(numbers) - {one.number for one in found})
        left = await self._given(found) if found else ()
        self.delivered += len(found) - len(left)
        aside.tried(numbers, {one.number for one in left}, self._now_s())
        self._commit_soon()
        return True

    async def _given(self, events: Sequence[KeptEvent]) -> Sequence[KeptEvent]:
        """Those that were not taken, and come again."""
        try:
            untaken = await self._destination.deliver(events)
        except Exception:  # a fault of whoever takes them: they come again
            log.exception("%s: events were not taken", self.name)
            return events
        return [one.event for one in untaken]

    async def _read(self, read: Callable[[], T]) -> T:
        """What `read` finds, in the reading thread, however often it fails."""
        pause_s = PAUSE_S
        while True:
            try:
                return await self._reading.run(read)
            except StoreError as error:
                log.error("%s: events can't be read: %s", self.name, error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    # -- how far it has come

    def _commit_soon(self) -> None:
        if self._committing is None and not self._closing:
            self._committing = asyncio.get_running_loop().create_task(self._commit_later())

    async def _commit_later(self) -> None:
        await asyncio.sleep(COMMIT_S)
        self._committing = None
        await self.commit()

    def _come(self, shard: int) -> int:
        """The number of the first event that was not taken."""
        waits = self._aside[shard].first
        return self._next[shard] if waits is None else waits

    async def commit(self) -> None:
        """Keep how far it has come, now. What can't be kept is kept later, with more."""
        changed = {shard: at for shard in range(SHARDS) if (at := self._come(shard)) != self._kept[shard]}
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
        await self._destination.close()
