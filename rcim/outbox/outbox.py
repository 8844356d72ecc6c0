"""All consumers of the event log of one process: started together, woken together, ended together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping, Sequence

from rcim.actor.events import EventKind
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.consumer import Consumer
from rcim.outbox.destination import Subscription
from rcim.store.event_log import EventLog
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")


class Outbox:
    """See the module's text. Registered consumers that are not in `subscriptions` are removed. `writing`
    is the one thread that writes the store. Opening blocks; raises StoreError."""

    def __init__(
        self,
        events: EventLog,
        subscriptions: Mapping[str, Subscription],
        writing: Worker,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._events = events
        for name in events.consumers().keys() - subscriptions.keys():
            try:
                events.unregister(name)
            except StoreError as error:  # the next start tries again
                log.error("%s: it is not wanted any more, and can't be removed: %s", name, error)
        self._reading = Worker(loop, "rcim-outbox") if subscriptions else None
        self._consumers: list[Consumer] = []
        for name, subscription in subscriptions.items():
            assert self._reading is not None
            consumer = Consumer(events, name, subscription, reading=self._reading, writing=writing)
            consumer.open()
            self._consumers.append(consumer)

    @property
    def wanted(self) -> frozenset[EventKind]:
        """All kinds that any consumer subscribes to."""
        return frozenset().union(*(consumer.kinds for consumer in self._consumers))

    def start(self) -> None:
        """Deliver the events that the previous process left."""
        for consumer in self._consumers:
            consumer.start()

    def wake(self, shards: Sequence[int] | Iterable[int]) -> None:
        """These shards have new events."""
        for consumer in self._consumers:
            consumer.wake(shards)

    def counted(self) -> dict[str, int]:
        """For the operator, by consumer: how many events were taken, dropped and are waiting; 0 if the store can't
        say."""
        lag: dict[str, int] = {}
        if self._consumers:
            with contextlib.suppress(StoreError):
                lag = self._events.lag()
        found: dict[str, int] = {}
        for consumer in self._consumers:
            found[f"events_delivered.{consumer.name}"] = consumer.delivered
            found[f"events_dropped.{consumer.name}"] = self._events.dropped[consumer.name]
            found[f"events_waiting.{consumer.name}"] = lag.get(consumer.name, 0)
        return found

    async def close(self, within_s: float) -> None:
        """Deliver for at most this time, and end."""
        await asyncio.gather(*(consumer.close(within_s) for consumer in self._consumers))

    def stop(self) -> None:
        """End the thread; after `close`, if it was started."""
        if self._reading is not None:
            self._reading.stop()
