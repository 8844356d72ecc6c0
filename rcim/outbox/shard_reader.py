"""One consumer in one shard: it reads the shard in its order, and gives on what the consumer wants.

1. What was not taken waits with what follows of its key (retry_queue.py), is given again when it is due, and at last
   becomes a dead letter. The other keys go on; if too much waits, the reading waits.
2. It runs while there is anything to do, and is woken by commits. While it is stopped it does nothing, and loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from rcim.actor.events import AnyEvent, key_of
from rcim.base.limited_log import LimitedLog
from rcim.outbox.delivering import Delivering
from rcim.outbox.destination import Untaken
from rcim.outbox.event_ids import about
from rcim.outbox.positions import Positions
from rcim.outbox.retry_queue import RetryQueue
from rcim.store.event_log import EventLog, KeptEvent

log = LimitedLog("rcim.outbox")

FAULT_S = 10.0
BATCH = 100
"""Events of one shard that are given on together."""

T = TypeVar("T")


class Read(Protocol):
    """Reads the store, however often that fails."""

    def __call__(self, read: Callable[[], T], /) -> Awaitable[T]: ...


class Consumption(NamedTuple):
    """What the readers of one consumer share."""

    events: EventLog
    positions: Positions
    delivering: Delivering
    read: Read
    wants: Callable[[AnyEvent], bool]
    give_up: Callable[[], Awaitable[None]]
    """All readers' `give_up`."""


class ShardReader:
    """See the module's text. It is used from the loop."""

    def __init__(self, shard: int, retries: RetryQueue, consumption: Consumption) -> None:
        self._shard = shard
        self.retries = retries
        self._events, self._positions, self._delivering, self._read, self._wants, self._give_up = consumption
        self._now_s = asyncio.get_running_loop().time
        self._woken = self._stopped = False
        self._pause: asyncio.Future[None] | None = None
        """While it waits until what was not taken is due."""
        self.task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """The shard has new events, or what waits is due."""
        self._woken, self._stopped = True, False
        if self.task is None:
            self.task = asyncio.get_running_loop().create_task(self._run())
        elif self._pause is not None and not self._pause.done():
            self._pause.set_result(None)

    def stop(self) -> None:
        """Do nothing more until it is woken; what is with the destination is still waited for."""
        self._stopped = True
        if self._pause is not None and not self._pause.done():
            self._pause.set_result(None)

    async def _run(self) -> None:
        """Read and deliver until nothing is left and nothing waits."""
        try:
            while not self._stopped and (self._woken or self.retries):
                try:
                    await self._step()
                except Exception:  # a fault of ours: it must not hold up the shard for ever
                    log.exception("events were not delivered", shard=self._shard)
                    self._woken = True
                    await self._wait(FAULT_S)
        finally:
            self.task = None  # here: whoever wakes it from now on begins another one

    async def _step(self) -> None:
        """Read on; give what is due; or wait until something is."""
        retries = self.retries
        self._positions.go_back(self._shard)
        reads = self._woken and retries.room > 0
        if reads:
            self._woken = False
            if await self._batch():
                self._woken = True
        if not await self._again() and not reads and retries.due_s is not None and not self._stopped:
            await self._wait(retries.due_s - self._now_s())

    async def _wait(self, seconds: float) -> None:
        """Wait for this time, or until the reader is woken."""
        self._pause = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait([self._pause], timeout=max(0.0, seconds))
        finally:
            self._pause = None

    async def _batch(self) -> bool:
        """Read on, and give on what nothing waits before; the others follow what waits. False: there is no more."""
        entered = await self._delivering.breaker.enter(BATCH, fresh=True)
        left = True
        try:
            if not entered:
                self._stopped = True
                return True
            self._positions.go_back(self._shard)
            first = self._positions.next[self._shard]
            limit = min(BATCH, max(1, self.retries.room))
            found, following = await self._read(lambda: self._events.read(self._shard, first, limit))
            if following == first or self._shard in self._positions.back:
                return following != first
            wanted, following = self._chosen(found, following, entered)
            untaken: Sequence[Untaken] = ()
            if wanted:
                left = False
                untaken = await self._delivering.give(wanted, entered)
        finally:
            if left and entered:
                self._delivering.breaker.leave(entered, taken=False, failed=())
        self._positions.next[self._shard] = following
        await self._put_aside(untaken)
        self._positions.soon()
        return True

    def _chosen(self, found: Sequence[KeptEvent], following: int, most: int) -> tuple[list[KeptEvent], int]:
        """Up to so many of these that are to be given on, and the number of the event after the last one looked at."""
        wanted: list[KeptEvent] = []
        for one in found:
            if not self._is_wanted(one.event):
                continue
            if len(wanted) == most:
                return wanted, one.number
            if not self.retries.follow(key_of(one.event), one.number):
                wanted.append(one)
        return wanted, following

    def _is_wanted(self, event: AnyEvent) -> bool:
        """A fault of ours with one event must not hold up the shard: the event is given on, and fails alone."""
        try:
            return self._wants(event)
        except Exception:
            log.exception("choosing events failed", shard=self._shard, **about(event))
            return True

    async def _put_aside(self, untaken: Sequence[Untaken]) -> None:
        """These were not taken when they were given for the first time."""
        now_s = self._now_s()
        for one in untaken:
            event = one.event.event
            self.retries.put(
                key_of(event),
                one.event.number,
                now_s,
                failed=bool(one.reason),
                time_ms=event.time_ms,
                asked_s=one.retry_after_s,
            )
        await self._bury(self._delivering.dead_of(untaken))

    async def _again(self) -> bool:
        """Give on what waits and is due; what was dropped meanwhile, because it was too old or too many wait, waits no
        longer. False: nothing is due."""
        retries = self.retries
        if not retries.due(self._now_s(), 1):
            return False
        entered = await self._delivering.breaker.enter(BATCH)
        left = True
        try:
            self._positions.go_back(self._shard)
            numbers = retries.due(self._now_s(), entered)
            if not numbers:
                self._stopped = self._stopped or not entered
                return True
            found = await self._read(lambda: self._events.read_numbers(self._shard, numbers))
            untaken: Sequence[Untaken] = ()
            if found:
                left = False
                untaken = await self._delivering.give(found, entered)
        finally:
            if left and entered:
                self._delivering.breaker.leave(entered, taken=False, failed=())
        gone = set(numbers) - {one.number for one in found}
        if gone:
            self._delivering.destination.forget(self._shard, gone)
        self._tried(numbers, untaken)
        await self._bury(self._delivering.dead_of(untaken))
        if untaken and self._delivering.breaker.paused:
            await self._give_up()
        self._positions.soon()
        return True

    def _tried(self, numbers: Sequence[int], untaken: Sequence[Untaken]) -> None:
        self.retries.tried(
            numbers,
            {one.event.number for one in untaken},
            self._now_s(),
            {one.event.number: one.retry_after_s for one in untaken},
            {one.event.number: one.event.event.time_ms for one in untaken if one.reason},
        )

    async def give_up(self) -> None:
        """The consumer pauses, and tries no single key: what was tried before, and is too old, becomes a dead letter."""
        numbers = self.retries.given_up(self._delivering.times.given_up_ms())[:BATCH]
        if numbers:
            found = await self._read(lambda: self._events.read_numbers(self._shard, sorted(numbers)))
            reason = self._delivering.last_error
            await self._bury([(one, reason) for one in found])

    async def _bury(self, dead: Sequence[tuple[KeptEvent, str]]) -> None:
        """These become dead letters, and wait no longer; in one commit with how far the consumer has come then."""
        if not dead:
            return
        numbers = [one.number for one, _ in dead]
        come = self._positions.come(self._shard, set(numbers))
        if await self._delivering.bury(dead, {self._shard: come}):
            self.retries.tried(numbers, (), self._now_s())
