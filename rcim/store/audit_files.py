"""The files of the audit log: a file for each day in UTC, a line of JSON for what is begun and one for its result.

Each process appends to the same files. A line goes out in one write, so lines of several processes never mix. Lines are
in the kernel when `append` returns: they survive the death of the process, but the last of them not that of the machine.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from rcim.actor.log_queries import AuditQuery
from rcim.base.limited_log import LimitedLog
from rcim.store.decoders import json_decoder
from rcim.store.log_answers import AuditPage, AuditRow

log = LimitedLog("rcim.audit")

DAY_MS = 86_400_000
DAY_BYTES_MAX = 256 << 20
"""Of one day's file. What would go beyond is counted and logged instead."""
LINE_BYTES_MAX = 16 << 10
WINDOW = 512 << 10
"""Bytes that one page looks at: some 2,000 changes, 10 ms of a thread of its own."""
LOOKED_AHEAD = 128 << 10
"""Bytes after it in which results of its last changes are looked for."""
UNKNOWN = 0xFFFFFFFF
"""In place of a result that is not written: it is under way, or its process has died."""
LINE_BEGIN = b'{"time_ms":'
"""What each line begins with, and nothing within a line: there a quote has a backslash before it."""
NAME = re.compile(r"\d{4}-\d\d-\d\d\.jsonl", re.ASCII)


class Line(msgspec.Struct):
    """A line as it is read: what was begun, or, without an `operation`, a result."""

    time_ms: Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
    id: str
    user_id: str = ""
    key_id: str = ""
    api: str = ""
    address: str = ""
    request_id: str = ""
    operation: str = ""
    about: Any = msgspec.field(default_factory=dict)
    code: Annotated[int, msgspec.Meta(ge=0, le=0xFFFFFFFF)] = UNKNOWN


def day_of(time_ms: int) -> str:
    """The day in UTC, as in the names of files."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")


def _nothing(lost: int) -> None:
    """Nobody counts."""


class AuditFiles:
    """Appends lines, in one process. `note_loss` is called with how many lines could not be written so far."""

    def __init__(self, folder: Path, note_loss: Callable[[int], None] = _nothing) -> None:
        self._note_loss = note_loss
        self._folder = folder
        self._day = ""
        self._fd = -1
        self._closed = False
        self.lost = 0
        """Lines that could not be written."""

    def append(self, line: dict[str, Any], now_ms: int) -> None:
        """Write a line. If that fails it is counted in `lost`, and the log says why: a full disk stops no server."""
        if self._closed:
            return
        data = msgspec.json.encode(line) + b"\n"
        if len(data) > LINE_BYTES_MAX:
            data = msgspec.json.encode(line | {"about": "too long for a line"}) + b"\n"
        try:
            self._open(day_of(now_ms))
            if os.fstat(self._fd).st_size > DAY_BYTES_MAX:
                raise OSError(f"the file of {self._day} has {DAY_BYTES_MAX} bytes already")
            if os.write(self._fd, data) < len(data):
                raise OSError("no space is left")
        except OSError as error:
            self.lost += 1
            self._note_loss(self.lost)
            log.error("a line of the audit log is lost", lost=self.lost, error=error)

    def _open(self, day: str) -> None:
        """Raises OSError."""
        if day == self._day:
            return
        self._folder.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        fd = os.open(self._folder / f"{day}.jsonl", flags, 0o600)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self._day = fd, day

    def close(self) -> None:
        """Write no more."""
        self._closed = True
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def names_of(folder: Path) -> list[str]:
    """The names of the files, by day. Raises OSError."""
    return sorted(name for name in os.listdir(folder) if NAME.fullmatch(name)) if folder.is_dir() else []


def remove_before(folder: Path, day: str) -> None:
    """Remove the files of the days before this one. Raises OSError."""
    for name in names_of(folder):
        if name.removesuffix(".jsonl") < day:
            (folder / name).unlink(missing_ok=True)


def read_page(folder: Path, query: AuditQuery) -> AuditPage:
    """A page of changes, the oldest first; it may be empty and have a `next`. Raises OSError."""
    day, _, at = query.cursor.partition(":")
    first = day or day_of(query.from_ms)
    days = [name.removesuffix(".jsonl") for name in names_of(folder) if name >= f"{first}.jsonl"]
    if not days or (query.to_ms and days[0] > day_of(query.to_ms)):
        return AuditPage([], "")
    offset = int(at) if days[0] == day and at.isdecimal() else 0
    rows, end = _window([folder / f"{one}.jsonl" for one in days[:2]], offset, query)
    if end is not None:
        return AuditPage(rows, f"{days[0]}:{end}")
    more = len(days) > 1 and not (query.to_ms and days[1] > day_of(query.to_ms))
    return AuditPage(rows, f"{days[1]}:0" if more else "")


def _read(file: Path, offset: int, size: int) -> bytes:
    """Raises OSError."""
    try:
        with open(file, "rb") as opened:
            opened.seek(offset)
            return opened.read(size)
    except FileNotFoundError:
        return b""


def _window(files: list[Path], offset: int, query: AuditQuery) -> tuple[list[AuditRow], int | None]:
    """The wanted changes that begin in this window of the first file, and where the next begins; None: there is no more
    of it. A change that was under way at midnight has its result in the second one. Raises OSError."""
    data = _read(files[0], offset, WINDOW + LOOKED_AHEAD)
    begun: dict[str, Line] = {}
    codes: dict[str, int] = {}
    whole, next_at = data.rfind(b"\n") + 1, 0
    for at, line in _lines(data[:whole]):
        if not line.operation:
            codes.setdefault(line.id, line.code)
        elif next_at:
            continue  # it is for the next page
        elif at >= WINDOW or len(begun) == query.limit:
            next_at = at
        elif _wanted(line, query):
            begun[line.id] = line
    if not next_at and len(data) == WINDOW + LOOKED_AHEAD:
        next_at = whole
    elif len(data) < WINDOW + LOOKED_AHEAD and len(files) > 1 and begun.keys() - codes.keys():
        later = _lines(_read(files[1], 0, LOOKED_AHEAD))
        codes = {line.id: line.code for _, line in later if not line.operation} | codes
    rows = [_row(line, codes.get(name, UNKNOWN)) for name, line in begun.items()]
    return rows, offset + next_at if next_at else None


def _lines(data: bytes) -> Iterator[tuple[int, Line]]:
    """Each line that is one, with where it begins."""
    at = 0
    for raw in data.splitlines(keepends=True):
        line = _line(raw)
        if line is not None:
            yield at, line
        at += len(raw)


_decoder = json_decoder(Line)


def _line(raw: bytes) -> Line | None:
    """The line. One that was cut short has no end: the next one, of whichever process, stands behind it and is read."""
    try:
        return _decoder.decode(raw[max(0, raw.rfind(LINE_BEGIN)) :])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _wanted(line: Line, query: AuditQuery) -> bool:
    if line.time_ms < query.from_ms or (query.to_ms and line.time_ms > query.to_ms):
        return False
    if query.who and query.who not in (line.user_id, line.key_id):
        return False
    return not query.operation or query.operation == line.operation


def _row(line: Line, code: int) -> AuditRow:
    return AuditRow(
        time_ms=line.time_ms,
        id=line.id,
        user_id=line.user_id,
        key_id=line.key_id,
        api=line.api,
        address=line.address,
        request_id=line.request_id,
        operation=line.operation,
        about=msgspec.json.encode(line.about).decode(),
        code=code,
    )
