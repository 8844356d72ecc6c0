"""What a process uses, as metrics (OP-02)."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator

from rcim.app.log.logs import lines_dropped
from rcim.base import metrics as m
from rcim.base.limited_log import lines_suppressed
from rcim.base.meters import Figure, Meters, figure
from rcim.version import __version__


def process_figures(meters: Meters) -> Callable[[], Iterator[Figure]]:
    """A source for `meters` (Meters.add) of this process, which has just started."""
    process, started_s = meters.process, time.time()

    def figures() -> Iterator[Figure]:
        used = meters.process_meter.use()
        yield figure(m.BUILD_INFO, 1, __version__, platform.python_version())
        yield figure(m.STARTED, started_s, process)
        yield figure(m.CPU, used.user_s, process, "user")
        yield figure(m.CPU, used.system_s, process, "system")
        yield figure(m.MEMORY, used.memory_bytes, process)
        yield figure(m.OPEN_FILES, used.open_files, process)
        for reason, count in lines_dropped().items():
            yield figure(m.LOG_LINES_DROPPED, count, process, reason)
        for level, count in lines_suppressed().items():
            yield figure(m.LOG_LINES_SUPPRESSED, count, process, level)
        if used.open_files_max is not None:
            yield figure(m.OPEN_FILES_MAX, used.open_files_max, process)

    return figures
