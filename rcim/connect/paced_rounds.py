"""Rounds over the connections of paced conversations (rules/conversation_kinds.py): one portion after the other, as the
pacer says (flow/pacing.py), and after the rounds of others.

All paced conversations of a process share one pace. They take turns, so that a small one does not wait for a large one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from rcim.base import clock
from rcim.flow.pacing import TICK_MS, Pacer

DEFERRED_MS_MAX = 100
"""For so long at a time they wait for rounds of others; then they have a portion all the same."""
SHARE = 16
"""Connections of one conversation before it is another's turn."""

Step = Callable[[int], tuple[int, bool]]
"""Visits up to so many connections; returns how many, and whether there are more."""


class PacedRounds:
    """See the module's text. `others_go_on` says whether rounds of other conversations are under way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, per_s: int, others_go_on: Callable[[], bool]) -> None:
        self._loop = loop
        self._pacer = Pacer(per_s)
        self._others_go_on = others_go_on
        self._waiting: deque[Step] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._last_ms = 0
        """When the last portion was visited (steady time)."""

    def set_rate(self, per_s: int) -> None:
        """So many connections a second from now on."""
        self._pacer.set_rate(per_s)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, step: Step) -> None:
        """Carry `step` out, again and again until it says that there are no more."""
        if not self._waiting:
            self._last_ms = clock.steady_ms()
        self._waiting.append(step)
        if self._timer is None:
            self._timer = self._loop.call_later(0, self._turn)

    def _turn(self) -> None:
        """The timer is set until the end: what is added meanwhile needs no other."""
        now_ms = clock.steady_ms()
        wait_ms = TICK_MS
        try:
            if not self._others_go_on() or now_ms - self._last_ms >= DEFERRED_MS_MAX:
                self._last_ms = now_ms
                self._visit(self._pacer.room(now_ms))
                wait_ms = self._pacer.wait_ms()
        finally:
            self._timer = self._loop.call_later(wait_ms / 1000, self._turn) if self._waiting else None

    def _visit(self, room: int) -> None:
        """Visit up to `room` connections, at most TURN_MAX."""
        while room > 0 and self._waiting:
            size = min(room, SHARE)
            step = self._waiting.popleft()
            visited, more = step(size)
            self._pacer.take(visited)
            room -= max(visited, 1)
            if more:
                self._waiting.append(step)
