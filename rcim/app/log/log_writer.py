"""Writes the lines of the log to a file descriptor, from a thread of its own: whoever reads them slowly, or has stopped,
holds up nothing (OP-02).

1. A line waits in memory, at most LINES_MAX of them with BYTES_MAX bytes. Lines below WARNING use half of that at most,
   so that there is room for what matters.
2. What finds no room is dropped and counted. The next line that is written is followed by one that says how many.
3. At the end what waits is written, if that takes no longer than FLUSH_S.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections import deque
from typing import Protocol

from rcim.base.limited_log import Event

LINES_MAX = 10_000
BYTES_MAX = 4 * 1024 * 1024
AT_ONCE_BYTES = 16 * 1024
"""That one call writes."""
FLUSH_S = 1.0
NO_ROOM, NOT_WRITTEN = REASONS = "no_room", "not_written"
"""Why a line is dropped: too many wait; the descriptor takes no more."""
WAIT_MS = 1_000
"""How long one look for room takes, where the descriptor does not wait by itself."""


class _Write(Protocol):
    def __call__(self, fd: int, data: bytes, /) -> int: ...


class LogWriter(logging.Handler):
    """See the module's text. `write` is os.write. It never raises and never waits, except in `flush` and `close`."""

    def __init__(self, fd: int, write: _Write = os.write) -> None:
        super().__init__()
        self._fd = fd
        self._write = write
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._room = threading.Condition()
        """Guards what is below, and what waits."""
        self._writing = False
        self._closed = False
        self._unsaid = 0
        self.dropped = dict.fromkeys(REASONS, 0)
        """Lines that were not written, since the start, by reason."""
        self._thread = threading.Thread(target=self._run, name="rcim-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Let a line wait for being written."""
        try:
            line = self.format(record)
        except Exception as error:  # of a library's arguments that don't fit its text
            line = self.format(_unreadable(record, error))
        data = line.encode(errors="backslashreplace") + b"\n"
        part = 1 if record.levelno >= logging.WARNING else 2
        with self._room:
            if self._closed or len(self._lines) >= LINES_MAX // part or self._bytes + len(data) > BYTES_MAX // part:
                self._drop(1, NO_ROOM)
                return
            self._lines.append(data)
            self._bytes += len(data)
            self._room.notify_all()

    def _drop(self, count: int, reason: str) -> None:
        self.dropped[reason] += count
        self._unsaid += count

    def _run(self) -> None:
        while True:
            with self._room:
                self._writing = False
                self._room.notify_all()
                while not self._lines and not self._closed:
                    self._room.wait()
                if not self._lines:
                    return
                self._writing = True
                taken, count = self._take()
            written = self._put(taken)
            with self._room:
                if not written:
                    self._drop(count, NOT_WRITTEN)
                    continue
                unsaid, self._unsaid = self._unsaid, 0
            if unsaid:
                self._say_dropped(unsaid)

    def _take(self) -> tuple[bytes, int]:
        lines, size = [], 0
        while self._lines and size < AT_ONCE_BYTES:
            lines.append(self._lines.popleft())
            size += len(lines[-1])
        self._bytes -= size
        return b"".join(lines), len(lines)

    def _put(self, data: bytes) -> bool:
        """Write all of it, however long it takes; False: it can't be written."""
        while data:
            try:
                data = data[self._write(self._fd, data) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._fd, select.POLLOUT)
                poll.poll(WAIT_MS)
            except OSError:
                return False
        return True

    def _say_dropped(self, count: int) -> None:
        said = Event("lines of the log were dropped: it is read too slowly", {"dropped": count})
        record = logging.LogRecord("rcim.log", logging.WARNING, "", 0, said, (), None)
        self._put(self.format(record).encode(errors="backslashreplace") + b"\n")

    def flush(self) -> None:
        """Wait until all lines are written, at most FLUSH_S."""
        with self._room:
            self._room.wait_for(lambda: self._closed or not (self._lines or self._writing), FLUSH_S)

    def close(self) -> None:
        """Take no more lines. What waits is written as long as the process lives."""
        with self._room:
            self._closed = True
            self._room.notify_all()
        super().close()

    def join(self) -> None:
        """After `close`: wait until all that waits is written, however long it takes."""
        self._thread.join()


def _unreadable(record: logging.LogRecord, error: Exception) -> logging.LogRecord:
    text = f"a line of {record.name} can't be written: {type(error).__name__}"
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, (), None)
