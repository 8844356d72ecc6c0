"""A named consumer of the event log (docs/adr/0023, CB-04).

1. It reads shard by shard, in the order of each (shard_reader.py), and gives the events that it wants to its destination.
   Several shards are under way side by side.
2. What the destination has not taken it gets again after a pause, which grows. What comes after it with the same key
   waits for it, and what has other keys goes on (retry_queue.py). If the destination takes nothing at all, the consumer
   pauses as a whole (circuit_breaker.py). What it is not to have again becomes a dead letter (delivering.py).
3. How far it has come is kept, some time after: never beyond an event that waits (positions.py). After a start what comes
   after that comes again (at least once), though it was taken.
4. It is woken by commits, and asks for nothing while nothing happens. It delays no sender: it reads in a thread of its
   own, and what it keeps goes with commits of messages, for all shards at once (positions.py).
5. An administrator may pause it, which outlives a restart, and have it begin again at an earlier time.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.backoff import Backoff
from rcim.outbox.circuit_breaker import CircuitBreaker
from rcim.outbox.delivering import Delivering, Times
from rcim.outbox.destination import Subscription
from rcim.outbox.positions import Positions
from rcim.outbox.retry_queue import RetryQueue
from rcim.outbox.shard_reader import Consumption, ShardReader
from rcim.store.dead_letters import ConsumerState
from rcim.store.event_log import EventLog
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

PAUSE_S, PAUSE_MAX_S = 1.0, 600.0
"""The first and the longest pause before what was not taken is given on again."""
COMMIT_S = 0.5
"""How far the consumer has come is kept so long after; this much comes again after a crash."""

T = TypeVar("T")


class Clock(NamedTuple):
    """Where a consumer gets the time and its random numbers from."""

    times: Times = Times()
    random: Callable[[], float] = random.random


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
        clock: Clock = Clock(),
    ) -> None:
        self.name = name
        self.kinds = subscription.kinds
        self._events = events
        self._reading = reading
        self._writing = writing
        backoff = Backoff(PAUSE_S, PAUSE_MAX_S, clock.random)
        queues = [RetryQueue(backoff) for _ in range(SHARDS)]
        self._positions = Positions(events, name, writing, queues, COMMIT_S)
        self._breaker = CircuitBreaker(backoff, self._retry_all)
        self.delivering = Delivering(
            name,
            subscription.destination,
            self._breaker,
            letters=events.dead_letters,
            writing=writing,
            times=clock.times,
        )
        consumption = Consumption(
            events=events,
            positions=self._positions,
            delivering=self.delivering,
            read=self._read,
            wants=subscription.wants,
            give_up=self._give_up,
        )
        self._shards = [ShardReader(shard, queues[shard], consumption) for shard in range(SHARDS)]
        self._closing = False
        self.paused_ms = 0
        """When an administrator paused it, in milliseconds since 1970; 0: it is not paused."""

    def open(self) -> None:
        """Register; blocks, once, before the first event. In a store that can't be written it begins with the next event,
        and registers when it has had some. Raises StoreError if the store can't be read."""
        self._positions.open()
        self.paused_ms = self._events.dead_letters.state(self.name).paused_ms

    def start(self) -> None:
        """Go on with what was left."""
        self.wake(range(SHARDS))

    def wake(self, shards: Iterable[int]) -> None:
        """These shards have new events."""
        if self._closing or self.paused_ms:
            return
        for shard in shards:
            self._shards[shard].wake()

    @property
    def delivered(self) -> int:
        """Events that were taken, since the start."""
        return self.delivering.delivered

    @property
    def idle(self) -> bool:
        """True if everything was taken that there is, or it is paused."""
        return not self._tasks

    @property
    def _tasks(self) -> list[asyncio.Task[None]]:
        return [shard.task for shard in self._shards if shard.task is not None]

    async def _read(self, read: Callable[[], T], /) -> T:
        """What `read` finds, in the reading thread, however often it fails."""
        pause_s = PAUSE_S
        while True:
            try:
                return await self._reading.run(read)
            except StoreError as error:
                log.error("events can't be read", consumer=self.name, error=error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    def _retry_all(self) -> None:
        """Make everything that waits due now."""
        for reader in self._shards:
            reader.retries.due_now()
        self.wake(shard for shard, reader in enumerate(self._shards) if reader.retries)

    async def _give_up(self) -> None:
        for reader in self._shards:
            await reader.give_up()

    # -- what an administrator does

    async def pause(self) -> None:
        """Give nothing on until `resume`, also after a restart; what is with the destination is not called back. Raises
        StoreError; then it is as it was."""
        if self.paused_ms:
            return
        now_ms = self.delivering.times.now_ms()
        await self._writing.run(lambda: self._events.dead_letters.set_paused(self.name, now_ms))
        self.paused_ms = now_ms
        for reader in self._shards:
            reader.stop()
        self._breaker.stop()

    async def resume(self) -> None:
        """Go on, and try at once all that waits. Raises StoreError; then it is as it was."""
        if self.paused_ms:
            await self._writing.run(lambda: self._events.dead_letters.set_paused(self.name, 0))
            self.paused_ms = 0
        self._breaker.reset()
        self._breaker.go_on()
        for reader in self._shards:
            reader.retries.due_now()
        self.wake(range(SHARDS))

    async def replay(self, from_ms: int) -> int:
        """Give on once more all events of this time (milliseconds since 1970) or later that are still kept, those of a
        key in their order; returns how many these are, with those that the destination does not want. What it has not had
        yet it gets as well. Raises StoreError; then nothing is changed."""
        found = await self._reading.run(lambda: self._events.numbers_at(from_ms))
        earlier = {shard: at for shard, at in enumerate(found) if at < self._positions.next[shard]}
        count = sum(self._positions.next[shard] - at for shard, at in earlier.items())
        await self._positions.rewind(earlier)
        self.wake(earlier)
        return count

    # -- figures

    @property
    def waiting_first(self) -> list[int]:
        """By shard, the number of the first event that was not taken."""
        return [self._positions.come(shard) for shard in range(SHARDS)]

    def waiting(self, following: Iterable[int]) -> int:
        """How many events it has not taken; `following`: by shard, the number of the next event."""
        unread = sum(max(0, at - came) for at, came in zip(following, self._positions.next, strict=True))
        return unread + self.retrying

    @property
    def retrying(self) -> int:
        """Events that were not taken, and those that wait for them."""
        return sum(len(reader.retries) for reader in self._shards)

    @property
    def retrying_keys(self) -> int:
        """Conversations and users that they are of."""
        return sum(reader.retries.keys for reader in self._shards)

    @property
    def retry_in_s(self) -> float:
        """Until what was not taken is tried again; 0: nothing waits for that, or it is under way."""
        due = [reader.retries.due_s for reader in self._shards if reader.retries.due_s is not None]
        if self._breaker.paused:
            due = [self._breaker.due_s]
        return max(0.0, min(due) - asyncio.get_running_loop().time()) if due and not self.paused_ms else 0.0

    @property
    def refused(self) -> bool:
        """True while the consumer pauses because the destination takes nothing."""
        return self._breaker.paused

    def state(self) -> ConsumerState:
        """What is kept of it; blocks. Raises StoreError."""
        return self._events.dead_letters.state(self.name)

    # -- the end

    async def commit(self) -> None:
        """Keep how far it has come, now. What can't be kept is kept later, with more."""
        await self._positions.commit()

    async def close(self, within_s: float, *, goes_on: bool = False) -> None:
        """Give on what there is for so long; then end, and keep how far it has come. What is left comes after the next
        start. `goes_on`: another consumer takes its place, so that it only waits for what is with the destination: what
        it would cut off comes again. A destination that takes nothing is not waited for."""
        waits = not self._breaker.paused
        if waits and not goes_on and self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        self._closing = True
        for reader in self._shards:
            reader.stop()
        self._breaker.stop()
        if waits and goes_on and self._tasks:
            await asyncio.wait(self._tasks, timeout=within_s)
        ending = self._tasks
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await self._positions.close()
        await self.delivering.destination.close()
