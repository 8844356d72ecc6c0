"""Reads the audit log for app administrators, in a thread of its own; every process writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim.actor.log_queries import AuditQuery
from rcim.actor.outcomes import AnyResult, Refused
from rcim.base.errors import SERVER_ERROR
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.store.answers import Answer
from rcim.store.audit_files import read_page

log = LimitedLog("rcim.audit")


class AuditReading:
    """See the module's text. Each page reads a bounded part of one file."""

    def __init__(self, folder: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._folder = folder
        self._worker = Worker(loop, "rcim-audit-log")

    def ask(self, query: AuditQuery, done: Callable[[AnyResult | Answer], None]) -> None:
        """Answer in the loop, later."""

        def answered(result: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("the audit log can't be read: %s", error)
                result = Refused(SERVER_ERROR, "the audit log can't be read")
            done(result)

        self._worker.do(lambda: read_page(self._folder, query), answered)

    def stop(self) -> None:
        """End the thread. Blocks until what it does is done."""
        self._worker.stop()


class NoAuditReading:
    """There is no audit log."""

    def ask(self, query: AuditQuery, done: Callable[[AnyResult | Answer], None]) -> None:
        """Nothing is found."""
        done(Refused(SERVER_ERROR, "the server keeps no audit log"))
