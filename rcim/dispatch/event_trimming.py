"""Trimming the event log while it grows: as fast as it is written, in steps that hold up no commit for long.

1. A commit with events makes a step due, GATHER_S later. Half of that time before, ROWS_ALONG are offered to the next
   append, which needs no sync of the disk more for them; the step does what is left. After a step that has removed all
   that it may, the next one comes PAUSE_S later.
2. A step that was full makes the next one twice as large, one that took longer than STEP_S half as large.

What is left when nothing is written any more goes with the other removing (retention.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.store.event_log import ROWS, Bounds, EventLog, TrimmingAlong

log = LimitedLog("rcim.dispatch")

GATHER_S = 0.5
"""As late as consumers keep how far they have come."""
PAUSE_S = 0.05
"""Between two full steps: with STEP_S at most a third of the committing thread; 25,000 events in a second, measured."""
STEP_S = 0.02
"""What a step may take: a commit waits for so long at the most."""
ROWS_ALONG = 400
"""Removed with an append: 1 ms of the writing thread. In GATHER_S, that is for 800 events in a second."""
ROWS_MIN, ROWS_MAX = 100, 4000
"""Of one step; a disk that is slow makes no step so small that the trimming stands still."""


class StepSize:
    """How many rows the next step may remove."""

    def __init__(self) -> None:
        self.rows = ROWS

    def took(self, removed: int, seconds: float) -> bool:
        """A step has removed so many, in so long. Returns True if it was full: there may be more."""
        full = removed >= self.rows
        if seconds > STEP_S:
            self.rows = max(ROWS_MIN, self.rows // 2)
        elif full:
            self.rows = min(ROWS_MAX, 2 * self.rows)
        return full


class EventTrimming:
    """See the module's text. `later(seconds, call)` calls once, unless the server has stopped by then; `bounds` says what
    the log may hold now."""

    def __init__(
        self,
        events: EventLog,
        writer: Worker,
        bounds: Callable[[], Bounds],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._events = events
        self._writer = writer
        self._bounds = bounds
        self._later = later
        self._size = StepSize()
        self._armed = False

    def written(self) -> None:
        """Events were committed."""
        if not self._armed:
            self._armed = True
            self._later(GATHER_S / 2, self._offer)

    def _offer(self) -> None:
        offered = self._events.trim_along(self._bounds(), ROWS_ALONG)
        self._later(GATHER_S / 2, lambda: self._step(offered))

    def _step(self, offered: TrimmingAlong | None = None) -> None:
        bounds, rows = self._bounds(), self._size.rows

        def trim() -> tuple[int, float]:
            gone = offered.finish() if offered is not None else None
            if gone is not None and gone < ROWS_ALONG:
                return min(gone, rows - 1), 0.0  # there are no more
            began_s = time.perf_counter()
            return self._events.trim_step(bounds, rows), time.perf_counter() - began_s

        self._writer.do(trim, self._done)

    def _done(self, result: tuple[int, float] | None, error: BaseException | None) -> None:
        self._armed = False
        if result is None:
            log.error("removing events failed", error=error)
        elif self._size.took(*result):
            self._armed = True
            self._later(PAUSE_S, self._step)
        elif result[0]:
            self.written()
