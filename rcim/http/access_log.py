"""The access log: a line for each request, written by a thread of its own.

A line never has a body, a query (Tencent's has the UserSig) or a header other than the request id. The thread is there so
that whoever reads the log slowly holds up no request; if it is too slow, lines are dropped and counted.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
from typing import NamedTuple

from rcim.base.limited_log import Event, LimitedLog
from rcim.base.terminal import printable

log = LimitedLog("rcim.http")
access = logging.getLogger("rcim.http.access")

ACCESS = "request"
"""The event of a line."""
LINES_MAX = 10_000
"""Lines that wait for the thread."""
PATH_CHARS_MAX = 200
"""Of a path in a line."""
_QUERY = re.compile("[?;&]|%(?:25)*(?:26|3b|3f)|(?:sig|signature|key|token|secret|password)=", re.I)
STOP_S = 1.0
"""How long what waits may take to be written when the server stops."""


def shown_path(path: str) -> str:
    """The path as a log may have it: short, and without what looks like a query whose `?` was escaped (even twice) or
    forgotten."""
    plain = _QUERY.split(path, maxsplit=1)[0]
    shown = plain if len(plain) <= PATH_CHARS_MAX else f"{plain[:PATH_CHARS_MAX]}..."
    return printable(shown.replace(" ", "%20"))


class Line(NamedTuple):
    """What is said of one request."""

    peer: str
    method: str
    path: str
    status: int
    body_bytes: int
    """Of the response."""
    took_ms: float
    request_id: str
    note: str

    def fields(self) -> dict[str, object]:
        """The fields of the line in the log. All that a caller has chosen is bounded and printable."""
        return {
            "address": self.peer,
            "method": printable(self.method),
            "path": shown_path(self.path),
            "status": self.status,
            "bytes": self.body_bytes,
            "took_ms": round(self.took_ms),
            "request_id": printable(self.request_id),
            "note": printable(self.note),
        }


class AccessLog:
    """Writes lines, if it is `on`. `tell` in the loop's thread; `stop` at the end."""

    def __init__(self, on: bool) -> None:
        self._on = on
        self._lines: queue.Queue[Line | None] = queue.Queue(LINES_MAX)
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Lines that found no room, since the start."""

    def switch(self, on: bool) -> None:
        """Write lines from now on, or no more."""
        self._on = on

    def tell(self, line: Line) -> None:
        """A request was answered."""
        if not self._on or not access.isEnabledFor(logging.INFO):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._write, name="rcim-access-log", daemon=True)
            self._thread.start()
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            self.dropped += 1
            log.warning("the access log is read too slowly: lines are dropped")

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            access.info(Event(ACCESS, line.fields()))

    def stop(self) -> None:
        """No more lines; what waits is written, if that takes no longer than STOP_S."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self._lines.put(None, timeout=STOP_S)
            thread.join(STOP_S)
        except queue.Full:
            log.warning("the access log is read too slowly: its end is lost")
