"""What this process uses, as the operating system says (OP-02)."""

from __future__ import annotations

import os
import resource
import threading
from typing import NamedTuple

from rcim.base import clock

PAGE_BYTES = resource.getpagesize()
FILES = "/proc/self/fd"
COUNT_FILES_MS = 10_000
"""How often open files are counted one by one, where the kernel doesn't say how many there are: with 100,000 of them it
takes 30 ms, in a thread."""


class ProcessUse(NamedTuple):
    """CPU time of all threads since the start, in and outside the kernel; memory in RAM; open file descriptors, and how
    many there may be (None: any number)."""

    user_s: float
    system_s: float
    memory_bytes: int
    open_files: int
    open_files_max: int | None

    @property
    def cpu_ms(self) -> int:
        """All CPU time."""
        return int((self.user_s + self.system_s) * 1000)


class ProcessMeter:
    """Asks for what this process uses. There is one in a process."""

    def __init__(self) -> None:
        self._counted_files = 0
        self._next_count_ms = 0

    def use(self) -> ProcessUse:
        """What it uses now; it takes 20 µs. Where there is no /proc, memory is the most that there has been, and no file
        is counted."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return ProcessUse(
            used.ru_utime,
            used.ru_stime,
            _resident_bytes() or used.ru_maxrss * 1024,
            self._open_files(),
            most if most != resource.RLIM_INFINITY else None,
        )

    def _open_files(self) -> int:
        """Linux says since 6.2 how many there are; before, they are counted now and then, beside the loop."""
        try:
            said = os.stat(FILES).st_size
        except OSError:
            return 0
        if said:
            return said
        now_ms = clock.steady_ms()
        if now_ms >= self._next_count_ms:
            self._next_count_ms = now_ms + COUNT_FILES_MS
            threading.Thread(target=self._count_files, name="rcim-files", daemon=True).start()
        return self._counted_files

    def _count_files(self) -> None:
        self._counted_files = len(os.listdir(FILES))


def _resident_bytes() -> int:
    """0: the system doesn't say."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
