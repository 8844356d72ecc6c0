"""What is to be done later in the dispatcher: one list, so that nothing is left running at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """Calls of the loop to come; none after `stop`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timers: list[asyncio.TimerHandle] = []
        self._stopped = False

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Do it in so many seconds."""
        if self._stopped:
            return
        self._timers = [t for t in self._timers if not t.cancelled() and t.when() > self._loop.time()]
        self._timers.append(self._loop.call_later(delay_s, call))

    def stop(self) -> None:
        """Nothing more is done."""
        self._stopped = True
        for timer in self._timers:
            timer.cancel()
