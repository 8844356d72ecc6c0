"""Requests that look for something before they make or change it take turns, so that two of them do not both miss it, and
neither takes back what the other has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """A lock for each name that somebody uses; of one process."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> asyncio.Lock:
        """The lock of this name. Whoever waits for it or has it keeps it."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock

    @asynccontextmanager
    async def of_all(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Have the locks of all these names. They are taken in their order, so that nobody waits in a circle."""
        async with AsyncExitStack() as held:
            for name in sorted(set(names)):
                await held.enter_async_context(self.of(name))
            yield
