"""Time for which this process did not run: it was stopped, or its machine was. What the others have said meanwhile waits
to be read, and timers come before it: so nobody may be called silent for that time."""

from __future__ import annotations

import asyncio


class Lateness:
    """Of a timer that comes every `every_s` seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, every_s: float) -> None:
        self._loop = loop
        self._every_s = every_s
        self._due_s = loop.time() + every_s

    def came(self) -> float:
        """To be called each time it comes: by how many seconds it was late; 0 if that is less than `every_s`."""
        now_s = self._loop.time()
        late_s = now_s - self._due_s
        self._due_s = now_s + self._every_s
        return late_s if late_s >= self._every_s else 0.0
