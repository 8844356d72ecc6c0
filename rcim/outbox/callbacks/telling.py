"""Telling the app what has happened (CB-02, CB-04, ID-07): by HTTP, in process, or both. What it answers does not matter.

1. `deliver` takes events as a consumer of the event log gives them (destination.py). What has the same key is told in
   its order; of different keys AT_ONCE are under way.
2. What is not taken (HTTP status 200) is handed back, and with it what comes after it with the same key: the consumer
   gives it again, or says that it was dropped (`forget`). Hooks are called once for each event in a process.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple

from rcim.actor.events import key_of
from rcim.base.limited_log import LimitedLog
from rcim.hooks.event_json import event_id
from rcim.hooks.inprocess import Hook, call
from rcim.hooks.profile import Callback, Facts, Json, Profile
from rcim.hooks.profiles import tencent
from rcim.hooks.receiver import ReceiverSpec
from rcim.outbox.destination import Untaken
from rcim.store.event_log import KeptEvent
from rcim.web.client import FAULTS, WebClient

log = LimitedLog("rcim.outbox")

AT_ONCE = 100


class ToldReceiver(NamedTuple):
    """A receiver, as far as it is told what has happened."""

    spec: ReceiverSpec
    profile: Profile
    client: WebClient


class Telling:
    """See the module's text. `receiver` None: nobody is called. `timeout_ms` is a hook's time for one event; the
    receiver's client has its own. `history_id` is that of the store. It is used from the loop."""

    def __init__(
        self,
        receiver: ToldReceiver | None,
        hooks: Sequence[Hook],
        timeout_ms: int,
        facts: Facts,
        *,
        history_id: int = 0,
    ) -> None:
        self._receiver = receiver
        self._history_id = history_id
        self._facts = facts
        self._hooks = list(hooks)
        self._timeout_s = timeout_ms / 1000
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._hooked: set[tuple[int, int]] = set()
        """Events that the hooks have had, and the back end has not: one for each key whose events wait."""
        self.counts: Counter[str] = Counter()
        """How many were told, and how many times one was not taken."""

    def counted(self) -> dict[str, int]:
        """How many were told, and how many times one was not taken, since the start."""
        return {"told": self.counts["told"], "failed": self.counts["failed"]}

    async def close(self) -> None:
        """Give back the connections."""
        if self._receiver is not None:
            await self._receiver.client.close()

    async def deliver(self, events: Sequence[KeptEvent]) -> list[Untaken]:
        """Tell these, which are in their order; returns those that were not taken (outbox.Destination)."""
        by_key: dict[str, list[KeptEvent]] = {}
        for one in events:
            by_key.setdefault(key_of(one.event), []).append(one)
        left = await asyncio.gather(*(self._tell_all(of_key) for of_key in by_key.values()))
        return sorted((one for of_key in left for one in of_key), key=lambda one: one.event.number)

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """These events never come again (outbox.Destination)."""
        self._hooked.difference_update((shard, number) for number in numbers)

    async def _tell_all(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        """What has one key; returns what is left from the first one on that was not taken."""
        for at, one in enumerate(events):
            async with self._at_once:
                reason = await self._tell(one)
            if reason:
                return [Untaken(one, reason), *map(Untaken, events[at + 1 :])]
        return ()

    async def _tell(self, one: KeptEvent) -> str:
        """Why it was not taken; empty: it was."""
        place = one.shard, one.number
        if self._hooks and place not in self._hooked:
            for callback in await tencent.notices(one.event, self._facts):
                await self._call_hooks(callback.command, callback.fields)
        if self._receiver is not None and (reason := await self._told(self._receiver, one)):
            self._hooked.add(place)
            self.counts["failed"] += 1
            return reason
        self._hooked.discard(place)
        self.counts["told"] += 1
        return ""

    async def _told(self, receiver: ToldReceiver, one: KeptEvent) -> str:
        """Post all that the receiver wants of the event; why one was not taken, or empty."""
        id_ = event_id(self._history_id, one)
        for at, callback in enumerate(await receiver.profile.notices(one.event, self._facts)):
            named = callback._replace(id=f"{id_}-{at}" if at else id_)
            if callback.command in receiver.spec.commands and (reason := await self._posted(receiver, named)):
                return reason
        return ""

    async def _call_hooks(self, name: str, fields: Json) -> None:
        for hook in self._hooks:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await call(hook, name, fields)
            except asyncio.CancelledError:
                if _is_cancelled():
                    raise
                log.warning("%s: a hook was cancelled", name)  # something that it waited for
            except Exception:  # it is the app's
                log.exception("%s: a hook failed", name)

    async def _posted(self, receiver: ToldReceiver, callback: Callback) -> str:
        """Why it was not taken; empty: it was."""
        url = receiver.spec.url_of(callback.command)
        try:
            answer = await receiver.client.post(receiver.profile.request(url, [callback]))
        except FAULTS as error:
            reason = str(error) or type(error).__name__
        except Exception:  # a fault of ours: what waits behind it goes on
            log.exception("%s: it can't be told", callback.command)
            return ""
        else:
            reason = "" if answer.status == 200 else f"HTTP status {answer.status}"
        if reason:
            log.warning("%s: not taken, it is told again: %s", callback.command, reason)
        return reason


def _is_cancelled() -> bool:
    """True if it is this task that is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
