"""What a process uses, and how late its loop is, as metrics (OP-02). `start` in the loop, `stop` at the end."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from rcim.base import metrics as m
from rcim.base.meters import Figure, Meters, figure
from rcim.version import __version__

LAG_S = 0.1
"""How often it is measured how late the loop calls a timer."""
COUNT_FILES_S = 10.0
"""How often open files are counted one by one, where the kernel does not say how many there are: with 100,000 of them it
takes 30 ms, in a thread."""
FILES = "/proc/self/fd"
PAGE_BYTES = resource.getpagesize()


class ProcessFigures:
    """See the module's text. It adds itself to `meters`, which says the name of the process."""

    def __init__(self, meters: Meters, loop: asyncio.AbstractEventLoop) -> None:
        self._process = meters.process
        self._loop = loop
        self._lag = meters.histogram(m.LOOP_LAG, meters.process)
        self._timer: asyncio.TimerHandle | None = None
        self._started_s = time.time()
        self._counted_files = 0
        self._next_count_s = 0.0
        meters.add(self._figures)

    def start(self) -> None:
        """Begin to measure, if that is on."""
        if self._lag is not None:
            self._look(self._loop.time())

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self, due_s: float) -> None:
        now_s = self._loop.time()
        assert self._lag is not None
        self._lag.observe(max(0.0, now_s - due_s))
        due_s = now_s + LAG_S
        self._timer = self._loop.call_at(due_s, self._look, due_s)

    def _figures(self) -> Iterator[Figure]:
        process = self._process
        used = resource.getrusage(resource.RUSAGE_SELF)
        yield figure(m.BUILD_INFO, 1, __version__, platform.python_version())
        yield figure(m.STARTED, self._started_s, process)
        yield figure(m.CPU, used.ru_utime, process, "user")
        yield figure(m.CPU, used.ru_stime, process, "system")
        yield figure(m.MEMORY, _resident_bytes(), process)
        yield figure(m.OPEN_FILES, self._open_files(), process)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if most != resource.RLIM_INFINITY:
            yield figure(m.OPEN_FILES_MAX, most, process)

    def _open_files(self) -> int:
        """Linux says since 6.2 how many there are; before, they are counted now and then, beside the loop."""
        said = os.stat(FILES).st_size
        if said:
            return said
        now_s = self._loop.time()
        if now_s >= self._next_count_s:
            self._next_count_s = now_s + COUNT_FILES_S
            self._loop.run_in_executor(None, self._count_files)
        return self._counted_files

    def _count_files(self) -> None:
        self._counted_files = len(os.listdir(FILES))


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
