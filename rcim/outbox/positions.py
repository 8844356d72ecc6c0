"""How far a consumer has come in each shard, in memory and, some time after, in the store.

1. It never goes beyond an event that waits: after a start, what comes after that comes again, though it was taken.
2. It is kept `commit_s` after a change, in one small commit for all shards, so that no sender waits for it. What can't be
   kept (a full disk) is kept later, with more.
3. A replay sets it back; until the shard's reader has gone back too, nothing beyond is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence

from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.retry_queue import RetryQueue
from rcim.store.event_log import EventLog
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")


class Positions:
    """See the module's text. `queues`: by shard, what waits. `writing` is the thread that writes the store. It is used
    from the loop; `open` blocks."""

    def __init__(
        self, events: EventLog, name: str, writing: Worker, queues: Sequence[RetryQueue], commit_s: float
    ) -> None:
        self._events = events
        self._name = name
        self._writing = writing
        self._queues = queues
        self._commit_s = commit_s
        self.next: list[int] = []
        """By shard: the number of the next event to read."""
        self.back: dict[int, int] = {}
        """By shard that is to be read again: from which number on."""
        self._kept: list[int] = []
        """By shard: how far it has come, as the store has it or is about to."""
        self._committing: asyncio.Task[None] | None = None
        self._closed = self._registered = False

    def open(self) -> None:
        """Register; blocks, once, before the first event. In a store that can't be written it begins with the next event,
        and registers when it has had some. Raises StoreError if the store can't be read."""
        try:
            self._events.register(self._name)
        except StoreError as error:
            log.error("a consumer can't be registered yet", consumer=self._name, error=error)
        there = self._events.consumers().get(self._name)
        self._registered = there is not None
        self.next = list(there if there is not None else self._events.following())
        self._kept = list(self.next)

    def come(self, shard: int, without: Collection[int] = ()) -> int:
        """The number of the first event that was not taken, besides those of `without`."""
        retries = self._queues[shard]
        waits = retries.first_without(without) if without else retries.first
        found = (
            self.next[shard] if waits is None else min(waits, self.next[shard])
        )  # what is under way is not read yet
        return min(found, self.back.get(shard, found))

    def go_back(self, shard: int) -> None:
        """Begin to read the shard again, if `rewind` has asked for it."""
        number = self.back.pop(shard, None)
        if number is not None and number < self.next[shard]:
            self._queues[shard].leave_from(number)
            self.next[shard] = number

    async def rewind(self, numbers: Mapping[int, int]) -> None:
        """These shards are to be read again from these numbers on. Raises StoreError; nothing is changed then."""
        before = dict(self.back)
        self.back.update((shard, min(number, self.back.get(shard, number))) for shard, number in numbers.items())
        for shard, number in numbers.items():
            self._kept[shard] = min(number, self._kept[shard])
        try:
            await self._writing.run(lambda: self._events.rewind(self._name, numbers))
        except StoreError:
            self.back = before
            raise

    def soon(self) -> None:
        """Note that a position has changed: it is stored within `commit_s`."""
        if self._committing is None and not self._closed:
            self._committing = asyncio.get_running_loop().create_task(self._commit_later())

    async def _commit_later(self) -> None:
        await asyncio.sleep(self._commit_s)
        self._committing = None
        await self.commit()

    async def commit(self) -> None:
        """Keep how far it has come, now. What can't be kept is kept later, with more."""
        come = [self.come(shard) for shard in range(SHARDS)]
        changed = {shard: at for shard, at in enumerate(come) if at != self._kept[shard]}
        if not changed and self._registered:
            return
        for shard, at in changed.items():
            self._kept[shard] = at
        try:
            await self._writing.run(lambda: self._commit(come, changed))
        except StoreError as error:
            log.error("the position of a consumer can't be stored", consumer=self._name, error=error)
            for shard in changed:
                self._kept[shard] = 0
            self.soon()

    def _commit(self, come: Sequence[int], changed: dict[int, int]) -> None:
        """In the writing thread. Who registers late has had no more than that: what waits is kept."""
        if not self._registered:
            self._events.register(self._name, come)
            self._registered = True
        if changed:
            self._events.commit(self._name, changed)

    async def close(self) -> None:
        """Store the positions for the last time."""
        self._closed = True
        if self._committing is not None:
            self._committing.cancel()
            await asyncio.gather(self._committing, return_exceptions=True)
        await self.commit()
