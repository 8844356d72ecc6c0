"""Telling the app what has happened (CB-02, CB-04, ID-07): by HTTP, in process, or both. What it answers does not matter.

1. `deliver` takes events as a consumer of the event log gives them (rcim/outbox). What concerns the same user is told in
   its order; of different users AT_ONCE are under way.
2. What is not taken (HTTP status 200) is handed back, and with it what comes after it for the same user: the consumer
   gives it again, or says that it was dropped (`forget`). Hooks are called once for each event in a process.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence

import aiohttp

from rcim.actor.events import SessionChanged
from rcim.base.limited_log import LimitedLog
from rcim.hooks.events import STATE_CHANGE, BadAnswer, Json, fields_of_state
from rcim.hooks.http import WebhookClient
from rcim.hooks.inprocess import Hook, call
from rcim.store.event_log import KeptEvent

log = LimitedLog("rcim.hooks")

AT_ONCE = 100


class Telling:
    """See the module's text. `client` None: nobody is called. `timeout_ms` is a hook's time for one event; the client has
    its own. It is used from the loop."""

    def __init__(self, client: WebhookClient | None, hooks: Sequence[Hook], timeout_ms: int) -> None:
        self._client = client
        self._hooks = list(hooks)
        self._timeout_s = timeout_ms / 1000
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._hooked: set[tuple[int, int]] = set()
        """Events that the hooks have had, and the back end has not: one for each user whose events wait."""
        self.counts: Counter[str] = Counter()
        """How many were told, and how many times one was not taken."""

    async def deliver(self, events: Sequence[KeptEvent]) -> list[KeptEvent]:
        """Tell these, which are in their order; returns those that were not taken (outbox.Deliver)."""
        by_user: dict[str, list[KeptEvent]] = {}
        for one in events:
            if isinstance(one.event, SessionChanged):
                by_user.setdefault(one.event.user_id, []).append(one)
        left = await asyncio.gather(*(self._tell_all(of_user) for of_user in by_user.values()))
        return sorted((one for of_user in left for one in of_user), key=lambda one: one.number)

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """These events never come again (outbox.Forget)."""
        self._hooked.difference_update((shard, number) for number in numbers)

    async def _tell_all(self, events: Sequence[KeptEvent]) -> Sequence[KeptEvent]:
        """What concerns one user; returns what is left from the first one on that was not taken."""
        for at, one in enumerate(events):
            assert isinstance(one.event, SessionChanged)
            async with self._at_once:
                if not await self._tell(STATE_CHANGE, fields_of_state(one.event), (one.shard, one.number)):
                    return events[at:]
        return ()

    async def _tell(self, name: str, fields: Json, place: tuple[int, int]) -> bool:
        """False: it was not taken."""
        if place not in self._hooked:
            await self._call_hooks(name, fields)
        if self._client is not None and not await self._posted(self._client, name, fields):
            self._hooked.add(place)
            self.counts["failed"] += 1
            return False
        self._hooked.discard(place)
        self.counts["told"] += 1
        return True

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

    async def _posted(self, client: WebhookClient, name: str, fields: Json) -> bool:
        try:
            await client.post(name, fields, answered=False)
        except (BadAnswer, OSError, TimeoutError, aiohttp.ClientError) as error:
            log.warning("%s: not taken, it is told again: %s", name, error or type(error).__name__)
            return False
        except Exception:  # a fault of ours: what waits behind it goes on
            log.exception("%s: it can't be told", name)
        return True


def _is_cancelled() -> bool:
    """True if it is this task that is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
