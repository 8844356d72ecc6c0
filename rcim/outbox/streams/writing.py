"""Writing events to a stream, as a destination of a consumer (CB-04).

1. Of one key one call is under way at a time: what comes next is written when the stream has what was before. So a record
   that has to be written again is never overtaken, whatever the client does inside. Of different keys AT_ONCE are under
   way. What one call writes it writes as a whole: NATS one record, Kafka a batch, which is taken whole or not at all.
2. A record that was not confirmed is written again, later. It may have been written all the same: readers take a record
   whose id they have seen for a repetition.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

from rcim.actor.events import key_of
from rcim.base.limited_log import LimitedLog
from rcim.hooks.event_json import encoded, event_id, type_of
from rcim.outbox.destination import UNKNOWN, Untaken
from rcim.outbox.event_ids import ids_of
from rcim.outbox.streams.publisher import NotTaken, Publisher, Record
from rcim.store.event_log import KeptEvent

log = LimitedLog("rcim.outbox")

AT_ONCE = 100
"""Keys of one stream: enough to fill a batch of Kafka's, and at most 5 MB of records in memory."""

TOGETHER = 100
"""Records of a key that a publisher is offered at a time."""


class StreamDestination:
    """See the module's text. `name` is the consumer's, for the log; `history_id` that of the store."""

    def __init__(self, name: str, publisher: Publisher, history_id: int) -> None:
        self._name = name
        self._publisher = publisher
        self._history_id = history_id
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._counts: Counter[str] = Counter()

    async def deliver(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        """Write these, which are in their order; returns those that the stream has not confirmed (Destination)."""
        by_key: dict[str, list[KeptEvent]] = {}
        for one in events:
            by_key.setdefault(key_of(one.event), []).append(one)
        left = await asyncio.gather(*(self._write_all(of_key) for of_key in by_key.values()))
        return sorted((one for of_key in left for one in of_key), key=lambda one: one.event.number)

    async def _write_all(self, events: Sequence[KeptEvent]) -> list[Untaken]:
        """Write what has one key; returns what is left. One that would never be taken holds up nothing."""
        refused: list[Untaken] = []
        at = 0
        while at < len(events):
            try:
                count = await self._write(events[at : at + TOGETHER])
            except NotTaken as error:
                self._counts["refused" if error.for_good else "failed"] += 1
                log.warning(
                    "an event was not written to a stream", consumer=self._name, **ids_of(events[at]), error=error
                )
                refused.append(Untaken(events[at], str(error), for_good=error.for_good))
                if not error.for_good:
                    return [*refused, *map(Untaken, events[at + 1 :])]
                at += 1
            else:
                self._counts["written"] += count
                at += count
        return refused

    async def _write(self, events: Sequence[KeptEvent]) -> int:
        """Write the first ones of these, which have one key; returns how many. Raises NotTaken, also for a fault of ours
        or of a library: it must not hold up other keys."""
        records: list[Record] = []
        for one in events:
            try:
                records.append(self._record(one))
            except Exception:
                if records:
                    break  # it comes first the next time
                log.exception("an event can't be written to a stream", consumer=self._name, **ids_of(one))
                raise NotTaken(UNKNOWN, for_good=True) from None
        try:
            async with self._at_once:
                return await self._publisher.publish(records)
        except NotTaken:
            raise
        except Exception:
            log.exception("writing to a stream failed", consumer=self._name, **ids_of(events[0]))
            raise NotTaken(UNKNOWN) from None

    def _record(self, one: KeptEvent) -> Record:
        id_ = event_id(self._history_id, one)
        return Record(id_, type_of(one.event), key_of(one.event), encoded(one.event, id_))

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """Nothing is kept of events that were not taken (Destination)."""

    def counted(self) -> dict[str, int]:
        """Events that were written, that can never be, and how many times one was not confirmed, since the start."""
        return {name: self._counts[name] for name in ("written", "failed", "refused")}

    async def close(self) -> None:
        """Give back the connection."""
        await self._publisher.close()
