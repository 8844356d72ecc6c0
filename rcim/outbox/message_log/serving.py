"""Lists, gives out and removes the files of the message log (AB-03), in a thread of its own; writing has another."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from rcim.actor.log_queries import LogChunkQuery, LogFilesQuery, LogQuery
from rcim.actor.outcomes import AnyResult, Refused
from rcim.base.errors import LOG_FILE_CHANGED, NO_SUCH_LOG_FILE, SERVER_ERROR, ErrorCode
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.message_log.folder import LOG_FILE, LogFile, LogFolder, Place
from rcim.store.answers import Answer
from rcim.store.log_answers import LogChunk, LogExpired, LogFileRow, LogFilesPage

log = LimitedLog("rcim.outbox")

UNKNOWN_MS = 20_000
"""Until then it is known what a file holds that was copied here: two looks of the message log."""


class LogServing:
    """See the module's text. Its questions are bounded by those who ask: each connection has a few unanswered ones."""

    def __init__(self, folder: LogFolder, loop: asyncio.AbstractEventLoop) -> None:
        self._folder = folder
        self._worker = Worker(loop, "rcim-message-log-files")

    def ask(self, query: LogQuery, done: Callable[[AnyResult | Answer], None]) -> None:
        """Answer in the loop, later (rcim.dispatch.log_files.LogFiles)."""
        self._do(lambda: self._answer(query), done)

    def expire(self, before: str, done: Callable[[AnyResult | Answer], None], *, only: bool = False) -> None:
        """Remove old files; answer in the loop, later (rcim.dispatch.log_files.LogFiles)."""
        self._do(lambda: LogExpired(self._folder.remove_before(before, only=only)), done)

    def _do(self, job: Callable[[], AnyResult | Answer], done: Callable[[AnyResult | Answer], None]) -> None:
        """Do it in the thread, and answer in the loop."""

        def answered(result: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("the message log can't be read", error=error)
                result = _refused(SERVER_ERROR, "the files of the message log can't be read")
            done(result)

        self._worker.do(job, answered)

    def _answer(self, query: LogQuery) -> AnyResult | Answer:
        """In the thread. Raises OSError."""
        match query:
            case LogFilesQuery():
                return self._list(query)
            case LogChunkQuery():
                return self._chunk(query)

    def _list(self, query: LogFilesQuery) -> LogFilesPage:
        after = Place(query.hour, query.kind)
        rows = [_row(one) for one in self._folder.log_files() if one.place > after]
        return LogFilesPage(rows[: query.limit], len(rows) > query.limit)

    def _chunk(self, query: LogChunkQuery) -> AnyResult | Answer:
        place = Place(query.hour, query.kind)
        try:
            file = self._folder.log_file(place)
            with open(self._folder.path / place.file(LOG_FILE), "rb") as opened:
                there = os.fstat(opened.fileno())
                data = os.pread(opened.fileno(), query.limit, query.offset) if query.offset < there.st_size else b""
        except FileNotFoundError:
            return _refused(NO_SUCH_LOG_FILE, NO_SUCH_LOG_FILE.meaning)
        if file.about is None:
            return _refused(NO_SUCH_LOG_FILE, "nothing is known of the file yet; ask again", UNKNOWN_MS)
        row = _row(file)
        if file.about.inode != there.st_ino or query.sha256 not in (b"", row.sha256):
            return _refused(LOG_FILE_CHANGED, LOG_FILE_CHANGED.meaning)
        return LogChunk(row, data)

    def stop(self) -> None:
        """End the thread. Blocks until what it does is done."""
        self._worker.stop()


def _row(file: LogFile) -> LogFileRow:
    about = file.about
    return LogFileRow(
        hour=file.place.hour,
        kind=file.place.kind,
        size=file.size,
        messages=about.messages if about is not None else 0,
        sha256=bytes.fromhex(about.sha256) if about is not None else b"",
    )


def _refused(code: ErrorCode, detail: str, retry_after_ms: int = 0) -> Refused:
    return Refused(code, detail, retry_after_ms)
