"""All consumers of the event log of one process: started together, woken together, ended together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence

from rcim.actor.events import EventKind
from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Figure
from rcim.dispatch.worker import Worker
from rcim.outbox.consumer import Clock, Consumer
from rcim.outbox.control import Control
from rcim.outbox.delivering import Delivering
from rcim.outbox.destination import Subscription
from rcim.outbox.figures import consumer_figures
from rcim.store.event_log import EventLog
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

RENAMED = {"state-change": "callbacks"}
"""Consumers of earlier versions, and what they are called now."""
DROPPED = "a consumer is not in the settings any more: what waited for it is dropped"


class Outbox:
    """See the module's text. Registered consumers that are not in `subscriptions` are removed; the log says what
    they had left. `writing` is the one thread that writes the store. Opening blocks; raises StoreError."""

    def __init__(
        self,
        events: EventLog,
        subscriptions: Mapping[str, Subscription],
        writing: Worker,
        loop: asyncio.AbstractEventLoop,
        clock: Clock = Clock(),
    ) -> None:
        self._events = events
        self._writing = writing
        self._loop = loop
        self._clock = clock
        self._adopt(subscriptions)
        self._reading = Worker(loop, "rcim-outbox") if subscriptions else None
        self._consumers: dict[str, Consumer] = {}
        self._left: dict[str, Delivering] = {}
        """Of those that have ended and are about to begin again: what they have counted."""
        for name, subscription in subscriptions.items():
            consumer = self._new(name, subscription)
            consumer.open()
            self._consumers[name] = consumer
        self.control = Control(events, self._consumers, reading=self._reading, writing=writing)

    def _new(self, name: str, subscription: Subscription) -> Consumer:
        if self._reading is None:
            self._reading = Worker(self._loop, "rcim-outbox")
        return Consumer(
            self._events, name, subscription, reading=self._reading, writing=self._writing, clock=self._clock
        )

    def _adopt(self, subscriptions: Mapping[str, Subscription]) -> None:
        """Take over consumers of earlier versions, and remove those that are not wanted any more."""
        events = self._events
        for old, new in RENAMED.items():
            if new in subscriptions:
                try:
                    events.rename(old, new)
                except StoreError as error:
                    log.error("a consumer can't be renamed", consumer=old, new_name=new, error=error)
        lag = events.lag()
        for name in lag.keys() - subscriptions.keys():
            self._remove(name, lag[name])

    def _remove(self, name: str, lag: int) -> None:
        """Remove a consumer that is not wanted any more; blocks."""
        try:
            letters = self._events.dead_letters.state(name).letters
            self._events.unregister(name)
            if lag or letters:
                log.warning(DROPPED, consumer=name, events=lag, dead_letters=letters)
        except StoreError as error:  # the next start tries again
            log.error("a consumer that is not in the settings any more can't be removed", consumer=name, error=error)

    async def exchange(self, ended: Collection[str], begun: Mapping[str, Subscription], within_s: float) -> None:
        """OP-03: end these consumers, each of which may still deliver for so long, and begin those. One that ends and
        begins goes on where it was, and so do its counts; one that only ends is removed, with what waits for it. The
        others notice nothing. Raises StoreError if the store can't be read; calling it again with what is not among
        `names` goes on."""
        leaving = [self._consumers[name] for name in ended if name in self._consumers]
        await asyncio.gather(*(consumer.close(within_s, goes_on=consumer.name in begun) for consumer in leaving))
        for consumer in leaving:
            del self._consumers[consumer.name]
            if consumer.name in begun:
                self._left[consumer.name] = consumer.delivering
        gone = [consumer.name for consumer in leaving if consumer.name not in begun]
        if gone:
            lag = await self._writing.run(self._events.lag)
            for name in gone:
                await self._writing.run(lambda name=name: self._remove(name, lag.get(name, 0)))  # type: ignore[misc]
        for name, subscription in begun.items():
            consumer = self._new(name, subscription)
            await self._writing.run(consumer.open)
            if (before := self._left.pop(name, None)) is not None:
                consumer.delivering.count_on_from(before)
            self._consumers[name] = consumer
            consumer.start()
        self.control.read_with(self._reading)

    @property
    def names(self) -> frozenset[str]:
        """The consumers that there are."""
        return frozenset(self._consumers)

    @property
    def wanted(self) -> frozenset[EventKind]:
        """All kinds that any consumer subscribes to."""
        return frozenset().union(*(consumer.kinds for consumer in self._consumers.values()))

    def start(self) -> None:
        """Deliver the events that the previous process left."""
        for consumer in self._consumers.values():
            consumer.start()

    def wake(self, shards: Sequence[int] | Iterable[int]) -> None:
        """These shards have new events."""
        for consumer in self._consumers.values():
            consumer.wake(shards)

    def counted(self) -> dict[str, int]:
        """For the operator, by consumer: how many events were taken, dropped and given up since the start, and how many
        are waiting; 0 if the store can't say."""
        following: Sequence[int] = [0] * SHARDS
        if self._consumers:
            with contextlib.suppress(StoreError):
                following = self._events.following()
        found: dict[str, int] = {}
        for consumer in self._consumers.values():
            found[f"events_delivered.{consumer.name}"] = consumer.delivered
            found[f"events_dropped.{consumer.name}"] = self._events.dropped[consumer.name]
            found[f"events_dead.{consumer.name}"] = consumer.delivering.dead
            found[f"events_waiting.{consumer.name}"] = consumer.waiting(following)
        return found

    async def figures(self, now_ms: int) -> list[Figure]:
        """How the consumers are doing, as metrics (OP-02); `now_ms`: milliseconds since 1970. Raises StoreError."""
        there = dict(self._consumers)  # a reload may end one while it is read
        found: list[Figure] = []
        for row in await self.control.all_rows():
            if row.name in there:
                found += consumer_figures(row, there[row.name].delivering.dead, now_ms)
        return found

    async def close(self, within_s: float) -> None:
        """Deliver for at most this time, and end."""
        await self.control.close()
        await asyncio.gather(*(consumer.close(within_s) for consumer in list(self._consumers.values())))

    def stop(self) -> None:
        """End the thread; after `close`, if it was started."""
        if self._reading is not None:
            self._reading.stop()
