"""Work in small portions: of many coroutines that are ready at the same time, a few go on in each few milliseconds.

The loop that posts callbacks also serves those who send messages. Without this, a receiver that is back after an hour
would get what waits for it as fast as the loop can make it, and everybody else would wait for that.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Pacing:
    """See the module's text. At most `most` calls of `turn` return in `every_s`, in their order."""

    def __init__(self, most: int, every_s: float) -> None:
        self._most = self._left = most
        self._every_s = every_s
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self) -> None:
        """Wait for a place; at once, if there is one."""
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._timer = loop.call_later(self._every_s, self._next)
        if self._left and not self._waiting:
            self._left -= 1
            return
        place = loop.create_future()
        self._waiting.append(place)
        await place

    def _next(self) -> None:
        """There are places again."""
        self._timer, self._left = None, self._most
        while self._left and self._waiting:
            place = self._waiting.popleft()
            if not place.done():  # it may have been cancelled
                place.set_result(None)
                self._left -= 1
        if self._waiting or self._left < self._most:
            self._timer = asyncio.get_running_loop().call_later(self._every_s, self._next)
