"""Queries about what the server does now (OP-02), put together from the conversations here and who holds connections."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Container
from typing import Any

from rcim.actor.live_queries import ActivityQuery, HotQuery, ProcessesQuery, SlowQuery
from rcim.actor.outcomes import Refused
from rcim.actor.queries import Look
from rcim.base import clock
from rcim.base.errors import OVERLOADED
from rcim.base.meters import Meters
from rcim.dispatch.actor_registry import ActorRegistry
from rcim.dispatch.hot_conversations import HotConversations
from rcim.flow.activity import Activity
from rcim.store.live_answers import SERVER, LiveAnswer, ProcessesPage, ProcessRow, SlowPage

OWNER = "owner"
"""The name of the process with the conversations, where others have the connections."""
WAITING_MAX = 32
"""Queries that look through all conversations or connections, and wait for their turn; a further one is refused with
OVERLOADED."""
ANSWER_S = 10.0
"""How long one of them may take; then it is refused in the same way, and the next one begins."""

Done = Callable[[LiveAnswer | Refused], None]


class LiveQueries:
    """See the module's text. `look` asks who holds connections, `now_ms` is the trusted time, `meters` say what this
    process uses. `start` once, `stop` at the end. In the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        registry: ActorRegistry,
        look: Callable[[Look, Callable[[Any], None]], None],
        now_ms: Callable[[], int],
        open_channels: Container[str],
        meters: Meters,
    ) -> None:
        self.activity = Activity(clock.steady_ms())
        self._loop = loop
        self._look = look
        self._hot = HotConversations(loop, registry.mailboxes, self.activity, look, now_ms, open_channels)
        self._meters = meters
        self._timer: asyncio.TimerHandle | None = None
        self._started_ms = clock.steady_ms()
        self._waiting: deque[tuple[Callable[[Done], None], Done]] = deque()
        self._busy = False

    def start(self) -> None:
        """Begin to count."""
        self._turn()

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()

    def _turn(self) -> None:
        self._timer = self._loop.call_later(self.activity.turn(clock.steady_ms()) / 1000 + 0.001, self._turn)

    def ask(self, query: HotQuery | ActivityQuery | SlowQuery | ProcessesQuery, done: Done) -> None:
        """Call `done` with the answer. What looks through everything waits until the one before it is answered."""
        if isinstance(query, HotQuery):
            self._in_turn(lambda over: self._hot.page(query, over), done)
        elif isinstance(query, SlowQuery):
            self._in_turn(
                lambda over: self._look(query, lambda found: over(SlowPage(found[1], found[0]))),
                done,
            )
        elif isinstance(query, ActivityQuery):
            self._hot.one(query, done)
        else:
            self._look(query, lambda found: done(ProcessesPage(self._processes(found))))

    def _in_turn(self, begin: Callable[[Done], None], done: Done) -> None:
        if len(self._waiting) >= WAITING_MAX:
            done(Refused(OVERLOADED, OVERLOADED.meaning))
            return
        self._waiting.append((begin, done))
        self._next()

    def _next(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        begin, done = self._waiting.popleft()

        def over(found: LiveAnswer | Refused) -> None:
            if deadline.cancelled():
                return  # it came too late
            deadline.cancel()
            self._busy = False
            self._loop.call_soon(self._next)
            done(found)

        deadline = self._loop.call_later(ANSWER_S, over, Refused(OVERLOADED, OVERLOADED.meaning))
        begin(over)

    def _processes(self, found: list[tuple[int, ProcessRow]]) -> list[ProcessRow]:
        """With the process itself, unless it has connections too and has answered for itself."""
        others = [row for _, row in found]
        if any(row.name == SERVER for row in others):
            return others
        used = self._meters.process_meter.use()
        own = ProcessRow(
            name=OWNER,
            pid=os.getpid(),
            cpu_ms=used.cpu_ms,
            memory_bytes=used.memory_bytes,
            open_files=used.open_files,
            lag_us=self._meters.lag.longest_us,
            connections=0,
            users=0,
            uptime_ms=clock.steady_ms() - self._started_ms,
        )
        return [own, *others]
