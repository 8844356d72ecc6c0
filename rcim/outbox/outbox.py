"""All consumers of the event log of one process: started together, woken together, ended together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

from rcim.actor.events import EventKind
from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Figure
from rcim.dispatch.worker import Worker
from rcim.outbox.consumer import Clock, Consumer
from rcim.outbox.control import Control
from rcim.outbox.destination import Subscription
from rcim.outbox.figures import consumer_figures
from rcim.store.event_log import EventLog
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

RENAMED = {"state-change": "callbacks"}
"""Consumers of earlier versions, and what they are called now."""
DROPPED = "%s: it is not in the settings any more; what waited for it is dropped (events: %d, dead letters: %d)"


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
        self._adopt(subscriptions)
        self._reading = Worker(loop, "rcim-outbox") if subscriptions else None
        self._consumers: dict[str, Consumer] = {}
        for name, subscription in subscriptions.items():
            assert self._reading is not None
            consumer = Consumer(events, name, subscription, reading=self._reading, writing=writing, clock=clock)
            consumer.open()
            self._consumers[name] = consumer
        self.control = Control(events, self._consumers, reading=self._reading, writing=writing)

    def _adopt(self, subscriptions: Mapping[str, Subscription]) -> None:
        """Take over consumers of earlier versions, and remove those that are not wanted any more."""
        events = self._events
        for old, new in RENAMED.items():
            if new in subscriptions:
                try:
                    events.rename(old, new)
                except StoreError as error:
                    log.error("%s: it can't be renamed to %s: %s", old, new, error)
        lag = events.lag()
        for name in lag.keys() - subscriptions.keys():
            try:
                letters = events.dead_letters.state(name).letters
                events.unregister(name)
                if lag[name] or letters:
                    log.warning(DROPPED, name, lag[name], letters)
            except StoreError as error:  # the next start tries again
                log.error("%s: it is not wanted any more, and can't be removed: %s", name, error)

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
        found: list[Figure] = []
        for row in await self.control.all_rows():
            found += consumer_figures(row, self._consumers[row.name].delivering.dead, now_ms)
        return found

    async def close(self, within_s: float) -> None:
        """Deliver for at most this time, and end."""
        await self.control.close()
        await asyncio.gather(*(consumer.close(within_s) for consumer in self._consumers.values()))

    def stop(self) -> None:
        """End the thread; after `close`, if it was started."""
        if self._reading is not None:
            self._reading.stop()
