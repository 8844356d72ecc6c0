"""What was read a moment ago, and is read again when it is too old."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

from rcim.base import clock

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key, of at most `most` keys. Each counts for `age_ms` from when its reading began; whoever wants it
    while it is being read, for no longer than that, waits for the same answer. So many callers at once read it once."""

    def __init__(self, age_ms: int, most: int) -> None:
        self._age_ms = age_ms
        self._most = most
        self._known: dict[K, tuple[int, V]] = {}
        self._reading: dict[K, tuple[int, asyncio.Task[V]]] = {}

    def __contains__(self, key: K) -> bool:
        """True if the key was read before, however long ago, and is remembered."""
        return key in self._known

    async def get(self, key: K, read: Callable[[K], Coroutine[Any, Any, V]]) -> V:
        """The value; `read` reads it. Raises what that raises; then nothing is remembered of the key."""
        now_ms = clock.steady_ms()
        known = self._known.get(key)
        if known is not None and now_ms - known[0] < self._age_ms:
            return known[1]
        reading = self._reading.get(key)
        if reading is None or now_ms - reading[0] >= self._age_ms:
            reading = self._reading[key] = now_ms, asyncio.create_task(read(key))
            reading[1].add_done_callback(lambda done: self._over(key, now_ms, done))
        return await asyncio.shield(reading[1])  # others wait for it too

    def _over(self, key: K, began_ms: int, done: asyncio.Task[V]) -> None:
        reading = self._reading.get(key)
        if reading is not None and reading[1] is done:
            del self._reading[key]
        known = self._known.get(key)
        if known is not None and known[0] > began_ms:
            return
        self._known.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[key] = began_ms, done.result()
