"""Requests that look for something before they make or change it take turns, so that two of them do not both miss it, and
neither takes back what the other has changed; in all processes of a server.

Who has a turn holds a lock on one byte of a file in the data directory. The kernel frees it when the file is closed, also
if the process dies. Only Linux has locks of open files; elsewhere turns are those of one process.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from rcim.base.errors import OVERLOADED, RcimError

FILE = "turns.lock"
PAUSE_S, PAUSE_MAX_S = 0.001, 0.008
"""Between two looks at whether another process is done: the time doubles up to the second."""
WAIT_S = 20.0
"""For so long a turn is waited for: the caller is answered after 30 s at the latest."""
RETRY_MS = 1000
SET_LOCK: int | None = getattr(fcntl, "F_OFD_SETLK", None)


class Turns:
    """The turns of the processes that have this file; without one, of whoever has this object."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def of(self, name: str) -> AbstractAsyncContextManager[None]:
        """Have the turn of this name. Raises RcimError(OVERLOADED) if it has not come after WAIT_S."""
        return self.of_all([name])

    @asynccontextmanager
    async def of_all(self, names: Iterable[str]) -> AsyncIterator[None]:
        """Have the turns of all these names. They are taken in one order, so that nobody waits in a circle. Raises
        RcimError(OVERLOADED) as `of`."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(WAIT_S):
                    await self._take(sorted(map(_place, set(names))), held)
            except TimeoutError:
                raise RcimError(OVERLOADED, "other requests have been changing the same for long", RETRY_MS) from None
            yield

    async def _take(self, places: Sequence[int], held: AsyncExitStack) -> None:
        file = -1
        for place in places:
            await held.enter_async_context(self._lock(place))
            if self._file is not None and SET_LOCK is not None:
                if file < 0:
                    file = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                    held.callback(os.close, file)
                await _locked(file, place, SET_LOCK)

    def _lock(self, place: int) -> asyncio.Lock:
        """The lock of this place in this process. Whoever waits for it or has it keeps it."""
        lock = self._locks.get(place)
        if lock is None:
            lock = self._locks[place] = asyncio.Lock()
        return lock


def _place(name: str) -> int:
    """The byte of the file that stands for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode(errors="replace"), digest_size=7).digest())


async def _locked(file: int, place: int, set_lock: int) -> None:
    """Returns when this open file has the lock of the byte."""
    wanted = struct.pack("@hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
    pause_s = PAUSE_S
    while True:
        try:
            fcntl.fcntl(file, set_lock, wanted)
        except BlockingIOError:
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)
        else:
            return
