"""How late the event loop is: a timer that is due ten times a second, and by how much it came later (OP-02). There is one
in a process; metrics, health and the live view read it."""

from __future__ import annotations

import asyncio
from collections import deque

from rcim.base.histogram import Histogram

PERIOD_S = 0.1
WINDOW_S = 10.0


class LoopLag:
    """See the module's text. `histogram`: where it is counted too. `start` once, `stop` at the end."""

    def __init__(self, histogram: Histogram | None = None) -> None:
        self._histogram = histogram
        self._timer: asyncio.TimerHandle | None = None
        self._latest: deque[tuple[float, float]] = deque()
        """When something came, and by how much it was late, both in seconds: of the last WINDOW_S."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to measure this loop: once the server has started, since a start blocks the loop and harms nobody."""
        self._arm(loop, loop.time() + PERIOD_S)

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self._timer = loop.call_at(due_s, self._came, loop, due_s)

    def _came(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        now_s = loop.time()
        self.note(max(0.0, now_s - due_s), now_s)
        self._arm(loop, now_s + PERIOD_S)

    def note(self, late_s: float, now_s: float) -> None:
        """Something that came now was late by so much."""
        latest = self._latest
        latest.append((now_s, late_s))
        while now_s - latest[0][0] > WINDOW_S:
            latest.popleft()
        if self._histogram is not None:
            self._histogram.observe(late_s)

    @property
    def longest_us(self) -> int:
        """The longest in the last 10 s."""
        return round(max((late_s for _, late_s in self._latest), default=0.0) * 1e6)
