"""What this process uses, as the operating system says."""

from __future__ import annotations

import os
import resource
import time
from typing import NamedTuple

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class ProcessFigures(NamedTuple):
    """CPU time of all threads since the start, memory in RAM, open file descriptors."""

    cpu_ms: int
    memory_bytes: int
    open_files: int


def process_figures() -> ProcessFigures:
    """Of this process; it takes 20 µs. Where there is no /proc, memory is the most that there has been. Open files are 0
    where the kernel doesn't say their number, before Linux 6.2."""
    try:
        with open("/proc/self/statm", "rb") as file:
            memory = int(file.read().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return ProcessFigures(time.process_time_ns() // 1_000_000, memory, _open_files())


def _open_files() -> int:
    try:
        return os.stat("/proc/self/fd").st_size  # since Linux 6.2 it is their number; to count them could take 10 ms
    except OSError:
        return 0
