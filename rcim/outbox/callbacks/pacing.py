"""Work in small portions: of many coroutines that are ready at the same time, one goes on in each turn of the loop, and a
few in each few milliseconds.

The loop that posts callbacks also serves those who send messages. Without this, a receiver that is back after an hour
would get what waits for it as fast as the loop can make it, and everybody else would wait for that.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Pacing:
    """See the module's text. At most `most` calls of `turn` return in `every_s`, in their order, no two of them in the
    same turn of the loop."""

    def __init__(self, most: int, every_s: float) -> None:
        self._most = self._left = most
        self._every_s = every_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._taken = False
        """Somebody has gone on in this turn of the loop, or is about to in the next one."""

    async def turn(self) -> None:
        """Wait for a place; at once, if there is one."""
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._timer = loop.call_later(self._every_s, self._next_period)
        if self._left and not self._waiting and not self._taken:
            self._take(loop)
            return
        place = loop.create_future()
        self._waiting.append(place)
        await place

    def _take(self, loop: asyncio.AbstractEventLoop) -> None:
        """One place of this period, and this turn of the loop."""
        self._left -= 1
        self._taken = True
        loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        """Another turn of the loop."""
        self._taken = False
        self._pass()

    def _next_period(self) -> None:
        """There are places again."""
        self._timer = None
        if self._waiting or self._left < self._most:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._next_period)
        self._left = self._most
        self._pass()

    def _pass(self) -> None:
        """Let the first one that waits go on, if one may."""
        while self._left and self._waiting and not self._taken:
            place = self._waiting.popleft()
            if not place.done():  # it may have been cancelled
                place.set_result(None)
                self._take(asyncio.get_running_loop())
