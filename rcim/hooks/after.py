"""Notifies the app of events (CB-02, CB-04, ID-07): over HTTP, in process, or both. Its answer does not matter.

1. `deliver` takes events from a consumer of the event log (rcim/outbox). Events of one user are sent in order; events
   of up to AT_ONCE users at the same time.
2. An event is taken if the answer has HTTP status 200. An event that is not taken is handed back, with the later ones
   of the same user: the consumer delivers them again. Hooks are called once for each event in the life of the process.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

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
        """Events that the hooks have taken, and the back end has not."""
        self.counts: Counter[str] = Counter()
        """How many events were delivered, and how often one was not taken."""

    async def deliver(self, events: Sequence[KeptEvent]) -> list[KeptEvent]:
        """Deliver these events, which are in order; returns those that were not taken (outbox.Deliver)."""
        by_user: dict[str, list[KeptEvent]] = {}
        for one in events:
            if isinstance(one.event, SessionChanged):
                by_user.setdefault(one.event.user_id, []).append(one)
        left = await asyncio.gather(*(self._tell_all(of_user) for of_user in by_user.values()))
        return sorted((one for of_user in left for one in of_user), key=lambda one: one.number)

    async def _tell_all(self, events: Sequence[KeptEvent]) -> Sequence[KeptEvent]:
        """Deliver the events of one user; returns the first one that was not taken, and the later ones."""
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
