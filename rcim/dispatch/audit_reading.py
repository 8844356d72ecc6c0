"""Reads the audit log for app administrators and removes its old files, in its own thread. Each process writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim.actor.log_queries import AuditQuery
from rcim.actor.outcomes import AnyResult, Refused
from rcim.base.errors import SERVER_ERROR
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.trusted_time import TrustedTime
from rcim.dispatch.worker import Worker
from rcim.store.answers import Answer
from rcim.store.audit_files import DAY_MS, day_of, read_page, remove_before

log = LimitedLog("rcim.audit")

TRIM_EVERY_S = 3600.0
"""Between two looks for files that are too old."""


class AuditReading:
    """See the module's text. Each page reads a bounded part of one file. Files of more than `keep_days` days before today
    are removed, while the clock can be believed; 0: none is."""

    def __init__(self, folder: Path, keep_days: int, time: TrustedTime, loop: asyncio.AbstractEventLoop) -> None:
        self._folder = folder
        self._keep_days = keep_days
        self._time = time
        self._loop = loop
        self._worker = Worker(loop, "rcim-audit-log")
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Remove what is too old, now and from time to time."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._keep_days:
            return
        self._timer = self._loop.call_later(TRIM_EVERY_S, self.start)
        if self._time.may_delete():
            oldest = day_of(self._time.now_ms() - self._keep_days * DAY_MS)
            self._worker.do(lambda: remove_before(self._folder, oldest), _removed)

    def keep_for(self, keep_days: int) -> None:
        """OP-03: remove files after so many days from now on."""
        if keep_days != self._keep_days:
            self._keep_days = keep_days
            self.start()

    def ask(self, query: AuditQuery, done: Callable[[AnyResult | Answer], None]) -> None:
        """Answer in the loop, later."""

        def answered(result: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("the audit log can't be read", error=error)
                result = Refused(SERVER_ERROR, "the audit log can't be read")
            done(result)

        self._worker.do(lambda: read_page(self._folder, query), answered)

    def stop(self) -> None:
        """End the thread. Blocks until what it does is done."""
        if self._timer is not None:
            self._timer.cancel()
        self._worker.stop()


def _removed(_: None, error: BaseException | None) -> None:
    if error is not None:
        log.error("old files of the audit log can't be removed", error=error)


class NoAuditReading:
    """There is no audit log."""

    def ask(self, query: AuditQuery, done: Callable[[AnyResult | Answer], None]) -> None:
        """Nothing is found."""
        done(Refused(SERVER_ERROR, "the server keeps no audit log"))
