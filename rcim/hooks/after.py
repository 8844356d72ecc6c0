"""Telling the app what has happened (CB-02, ID-07): by HTTP, in process, or both. What it answers does not matter.

1. What has the same key (a user, say) is told in its order; of different keys AT_ONCE are under way.
2. What is not taken (HTTP status 200) is told again after each of PAUSES_S, then given up. Hooks are called once.
3. QUEUED_MAX wait, QUEUED_OF_KEY_MAX of them with one key; more is lost, and counted. All of it is in memory, and goes
   with the process.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence

import aiohttp

from rcim.base.limited_log import LimitedLog
from rcim.hooks.events import STATE_CHANGE, BadAnswer, Json, fields_of_state
from rcim.hooks.http import WebhookClient
from rcim.hooks.inprocess import Hook, call
from rcim.rules.devices import StateChange

log = LimitedLog("rcim.hooks")

QUEUED_MAX, QUEUED_OF_KEY_MAX, AT_ONCE = 10_000, 1000, 100
PAUSES_S = (1.0, 2.0, 4.0)
CLOSE_S = 2.0
"""How long the end of the server waits for what is still to be told."""


class Telling:
    """See the module's text. `client` None: nobody is called. `timeout_ms` is a hook's time for one event; the caller has
    its own. It is used from the loop."""

    def __init__(self, client: WebhookClient | None, hooks: Sequence[Hook], timeout_ms: int) -> None:
        self._client = client
        self._hooks = list(hooks)
        self._timeout_s = timeout_ms / 1000
        self._waiting: dict[str, deque[tuple[str, Json]]] = {}
        self._keys: deque[str] = deque()
        """Those of which nothing is under way."""
        self._queued = 0
        self._workers = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False
        self.counts: Counter[str] = Counter()
        """How many were told, failed after all tries, and lost because too many waited or it was closed."""

    def state_changed(self, change: StateChange) -> None:
        """ID-07: a device has logged in or is gone."""
        self.tell(STATE_CHANGE, change.user_id, fields_of_state(change))

    def tell(self, name: str, key: str, fields: Json) -> None:
        """Tell of the event `name`, behind what waits under the same `key`."""
        waiting = self._waiting.get(key)
        if self._closing or self._queued >= QUEUED_MAX or len(waiting or ()) >= QUEUED_OF_KEY_MAX:
            self._lost()
            return
        self._queued += 1
        if waiting is not None:
            waiting.append((name, fields))
            return
        self._waiting[key] = deque([(name, fields)])
        self._keys.append(key)
        if self._workers < AT_ONCE:
            self._workers += 1
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _lost(self) -> None:
        self.counts["lost"] += 1
        if not self._closing:
            log.error("%d events wait for the app's back end: events are lost", self._queued)

    async def _work(self) -> None:
        try:
            while self._keys:
                key = self._keys.popleft()
                waiting = self._waiting[key]
                await self._tell(*waiting.popleft())
                self._queued -= 1
                if waiting:
                    self._keys.append(key)
                else:
                    del self._waiting[key]
        finally:
            self._workers -= 1

    async def _tell(self, name: str, fields: Json) -> None:
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
        if self._client is not None:
            for pause in (*PAUSES_S, None):
                if await self._posted(self._client, name, fields, last=pause is None):
                    break
                if pause is None:
                    self.counts["failed"] += 1
                    return
                await asyncio.sleep(pause)
        self.counts["told"] += 1

    async def _posted(self, client: WebhookClient, name: str, fields: Json, *, last: bool) -> bool:
        try:
            await client.post(name, fields, answered=False)
        except (BadAnswer, OSError, TimeoutError, aiohttp.ClientError) as error:
            if last:
                log.warning("%s: given up: %s", name, error or type(error).__name__)
            return False
        except Exception:  # a fault of ours: what waits behind it goes on
            log.exception("%s: it can't be told", name)
            return False
        return True

    async def close(self) -> None:
        """Take no more, and tell what waits for as long as CLOSE_S; the rest is lost."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSE_S)
        if self._queued:
            log.warning("%d events were not told", self._queued)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _is_cancelled() -> bool:
    """True if it is this task that is to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
