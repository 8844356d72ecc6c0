"""How far a consumer has come in each shard, in memory and, some time after, in the store.

1. It never goes beyond an event that waits: after a start, what comes after that comes again, though it was taken.
2. It is kept `commit_s` after a change at the latest, for all shards at once. A third of that time after the first change
   it is offered to the next commit of messages, and as long after that it is committed by itself, if there was none: that
   has senders wait for one more sync of the disk. What can't be kept (a full disk) is kept later, with more.
3. A replay sets it back; until the shard's reader has gone back too, nothing beyond is kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence

from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.retry_queue import RetryQueue
from rcim.store.event_log import EventLog
from rcim.store.faults import StoreError
from rcim.store.next_append import SmallChange

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
        self._offered: tuple[SmallChange, dict[int, int]] | None = None
        """What the next commit of messages is to keep: by shard, how far it has come."""
        self._committing: asyncio.Task[None] | None = None
        self._more = False
        """Something has changed since the last offer."""
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
            await self._finish()  # a later append would undo the rewinding
            await self._writing.run(lambda: self._events.rewind(self._name, numbers))
        except StoreError:
            self.back = before
            raise

    def soon(self) -> None:
        """Note that a position has changed: it is stored within `commit_s`."""
        self._more = True
        if self._committing is None and not self._closed:
            self._committing = asyncio.get_running_loop().create_task(self._commit_later())

    async def _commit_later(self) -> None:
        """What changes after it was offered has the time until the next offer, and a third more."""
        await asyncio.sleep(self._commit_s / 3)
        if not self._registered:
            self._committing = None
            await self.commit()
            return
        if self._offer():
            await asyncio.sleep(self._commit_s / 3)
        self._committing = None
        await self._finish()
        if self._more:
            self.soon()

    def _unkept(self) -> dict[int, int]:
        """By shard, how far it has come, if that is not kept yet."""
        return {shard: at for shard in range(SHARDS) if (at := self.come(shard)) != self._kept[shard]}

    def _offer(self) -> bool:
        """Have the next commit of messages keep how far it has come. False: there is nothing to keep."""
        self._more = False
        if self._offered is None and (changed := self._unkept()):
            self._note(changed)
            self._offered = self._events.commit_along(self._name, changed), changed
        return self._offered is not None

    def _note(self, changed: Mapping[int, int]) -> None:
        """This is about to be kept."""
        for shard, at in changed.items():
            self._kept[shard] = at

    async def _finish(self) -> None:
        """If no commit of messages has kept what was offered, keep it now."""
        offered, self._offered = self._offered, None
        if offered is None:
            return
        change, changed = offered

        def finish() -> None:
            if not change.finish():
                self._events.commit(self._name, changed)

        await self._keep(finish, changed)

    async def commit(self) -> None:
        """Keep how far it has come, now. What can't be kept is kept later, with more."""
        await self._finish()
        come, changed = [self.come(shard) for shard in range(SHARDS)], self._unkept()
        if changed or not self._registered:
            self._note(changed)
            await self._keep(lambda: self._commit(come, changed), changed)

    async def _keep(self, keep: Callable[[], None], changed: Collection[int]) -> None:
        try:
            await self._writing.run(keep)
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
