"""How late the event loop is: a timer that is due four times a second, and by how much it came later (OP-02)."""

from __future__ import annotations

import asyncio

PERIOD_S = 0.25
WINDOW_S = 10.0


class LoopLag:
    """See the module's text. `start` once, `stop` at the end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._began = loop.time()
        self._now = self._before = 0.0
        """The longest in the window under way, and in the one before it."""

    def start(self) -> None:
        """Begin to measure."""
        self._arm(self._loop.time() + PERIOD_S)

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, due: float) -> None:
        self._timer = self._loop.call_at(due, self._came, due)

    def _came(self, due: float) -> None:
        now = self._loop.time()
        self.note(now - due, now)
        self._arm(now + PERIOD_S)

    def note(self, late_s: float, now: float) -> None:
        """Something was late by so much."""
        if now - self._began >= WINDOW_S:
            self._before = self._now if now - self._began < 2 * WINDOW_S else 0.0
            self._now, self._began = 0.0, now
        self._now = max(self._now, late_s)

    @property
    def longest_us(self) -> int:
        """The longest in the last 10 to 20 s."""
        return round(max(self._now, self._before) * 1e6)
