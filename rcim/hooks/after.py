"""Telling the app what has happened (CB-02, ID-07): by HTTP, in process, or both. What it answers does not matter.

1. What has the same key (a user, say) is told in its order; of different keys AT_ONCE are under way.
2. What is not taken (HTTP status 200) is told again after each of PAUSES_S, then given up. Hooks are called once.
3. QUEUED_MAX wait; more is lost, and counted. All of it is in memory, and goes with the process.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence

import aiohttp

from rcim.hooks.events import STATE_CHANGE, BadAnswer, Json, fields_of_state
from rcim.hooks.http import Caller
from rcim.hooks.inprocess import Hook, call
from rcim.rules.devices import StateChange

log = logging.getLogger("rcim.hooks")

QUEUED_MAX, AT_ONCE = 10_000, 100
PAUSES_S = (1.0, 2.0, 4.0)
CLOSE_S = 2.0
"""How long the end of the server waits for what is still to be told."""


class Telling:
    """See the module's text. `caller` None: nobody is called. It is used from the loop."""

    def __init__(self, caller: Caller | None, hooks: Sequence[Hook]) -> None:
        self._caller = caller
        self._hooks = list(hooks)
        self._waiting: dict[str, deque[tuple[str, Json]]] = {}
        self._keys: deque[str] = deque()
        """Those of which nothing is under way."""
        self._queued = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts: Counter[str] = Counter()
        """How many were told, failed after all tries, and lost because too many waited."""

    def state_changed(self, change: StateChange) -> None:
        """ID-07: a device has logged in or is gone."""
        self.tell(STATE_CHANGE, change.user_id, fields_of_state(change))

    def tell(self, name: str, key: str, fields: Json) -> None:
        """Tell of the event `name`, behind what waits under the same `key`."""
        if self._queued >= QUEUED_MAX:
            self.counts["lost"] += 1
            if self.counts["lost"] == 1:
                log.error("more than %d events wait for the app's back end: events are lost from here on", QUEUED_MAX)
            return
        self._queued += 1
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append((name, fields))
            return
        self._waiting[key] = deque([(name, fields)])
        self._keys.append(key)
        if len(self._tasks) < AT_ONCE:
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        while self._keys:
            key = self._keys.popleft()
            waiting = self._waiting[key]
            await self._tell(*waiting[0])
            waiting.popleft()
            self._queued -= 1
            if waiting:
                self._keys.append(key)
            else:
                del self._waiting[key]

    async def _tell(self, name: str, fields: Json) -> None:
        for hook in self._hooks:
            try:
                await call(hook, name, fields)
            except Exception:  # it is the app's
                log.exception("%s: a hook failed", name)
        if self._caller is None:
            self.counts["told"] += 1
            return
        for pause in (*PAUSES_S, None):
            try:
                await self._caller.post(name, fields, answered=False)
                self.counts["told"] += 1
                return
            except (BadAnswer, OSError, TimeoutError, aiohttp.ClientError) as error:
                if pause is None:
                    self.counts["failed"] += 1
                    log.warning("%s: given up: %s", name, error or type(error).__name__)
                else:
                    await asyncio.sleep(pause)

    async def close(self) -> None:
        """Tell what waits, for as long as CLOSE_S; the rest is lost."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        if self._queued:
            log.warning("%d events were not told", self._queued)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
