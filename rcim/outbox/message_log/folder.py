"""The files of the message log, and what is done with them at once. Everything here blocks.

| file | what it is |
|---|---|
| `HOUR-KIND.open` | lines of an hour with their places, as they came; each is synced before its event is taken |
| `HOUR-KIND.closing-N` | the same, about to go into the log file |
| `HOUR-KIND.jsonl.gz` | the log file: the lines of an hour, sorted by time, each once |
| `HOUR-KIND.about` | how many messages the log file has, its checksum, and which file that is said of |

A log file is replaced as a whole (`closing.py`): whoever reads one reads all of it, as it was at some time.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from rcim.store.decoders import json_decoder

NAME = re.compile(r"(?P<hour>[0-9]{10})-(?P<kind>[a-z-]+)\.(?P<what>open|closing-[0-9]+|jsonl\.gz|about)\Z")
LOG_FILE, ABOUT = "jsonl.gz", "about"
TAIL_BYTES = 1 << 16
"""Read at a time where the end of a torn file is looked for."""


class Place(NamedTuple):
    """What one log file holds."""

    hour: str
    kind: str

    def file(self, what: str) -> str:
        """The name of one of its files."""
        return f"{self.hour}-{self.kind}.{what}"


class About(msgspec.Struct, frozen=True):
    """What is known of a log file; `inode` and `size` say of which one."""

    messages: int
    sha256: str
    inode: int
    size: int


class LogFile(NamedTuple):
    """A log file. Without `about` nothing is known of it yet."""

    place: Place
    size: int
    about: About | None


class LogFolder:
    """See the module's text."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 0
        """The number of the next file to be closed."""

    def prepare(self) -> None:
        """Make the folder, and cut off what a crash has left half written. Raises OSError."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for place, what in self._files():
            if what == "open":
                _cut_torn(self.path / place.file(what))
            elif what.startswith("closing-"):
                self._next = max(self._next, int(what.partition("-")[2]) + 1)

    def append(self, lines: Mapping[Place, bytes]) -> None:
        """Write these lines to the open files, and sync them. Raises OSError; then none of them counts, though some may
        be there: they come again, and doubles are removed when the hour is closed."""
        made = False
        for place, data in lines.items():
            made |= _append(self.path / place.file("open"), data)
        if made:
            sync_folder(self.path)

    def open_hours(self) -> set[str]:
        """The hours that have lines which are in no log file yet."""
        return {place.hour for place, what in self._files() if what == "open" or what.startswith("closing-")}

    def begin_closing(self, hours: Iterable[str]) -> set[Place]:
        """Set the lines of these hours aside; returns which log files they are to go into. Raises OSError."""
        found = set()
        for place, what in list(self._files()):
            if place.hour in hours and what == "open":
                os.rename(self.path / place.file(what), self.path / place.file(f"closing-{self._next}"))
                self._next += 1
                found.add(place)
            elif place.hour in hours and what.startswith("closing-"):
                found.add(place)
        return found

    def closing_files(self, place: Place) -> list[Path]:
        """What is about to go into this log file."""
        return [
            self.path / one.file(what) for one, what in self._files() if one == place and what.startswith("closing-")
        ]

    def log_files(self) -> list[LogFile]:
        """All log files, by hour and kind."""
        found = []
        for place, what in self._files():
            if what == LOG_FILE:
                with contextlib.suppress(FileNotFoundError):
                    found.append(self.log_file(place))
        return sorted(found)

    def log_file(self, place: Place) -> LogFile:
        """One of them. Raises FileNotFoundError."""
        there = os.stat(self.path / place.file(LOG_FILE))
        about = None
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            said = json_decoder(About).decode((self.path / place.file(ABOUT)).read_bytes())
            about = said if (said.inode, said.size) == (there.st_ino, there.st_size) else None
        return LogFile(place, there.st_size, about)

    def unknown(self) -> set[Place]:
        """The log files of which nothing is known: a crash came between, or they were copied here."""
        return {one.place for one in self.log_files() if one.about is None}

    def remove_before(self, hour: str, *, only: bool = False) -> int:
        """Remove what is older than this hour, or `only` what is of it; returns how many log files went. Lines that are
        in no log file yet stay, with the log file that they belong to. Raises OSError."""
        gone = 0
        files = list(self._files())
        unfinished = {place for place, what in files if what not in (LOG_FILE, ABOUT)}
        for place, what in files:
            wanted = place.hour == hour if only else place.hour < hour
            if wanted and place not in unfinished:
                (self.path / place.file(what)).unlink(missing_ok=True)
                gone += what == LOG_FILE
        if gone:
            sync_folder(self.path)
        return gone

    def _files(self) -> Iterator[tuple[Place, str]]:
        """Before the first message there is no folder yet."""
        for name in os.listdir(self.path) if self.path.is_dir() else ():
            if match := NAME.match(name):
                yield Place(match["hour"], match["kind"]), match["what"]


def sync_folder(path: Path) -> None:
    """What was made, renamed or removed in the folder stays so after a crash. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _append(path: Path, data: bytes) -> bool:
    """True if the file is a new one. What could not be written as a whole is cut off again, as far as possible."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        before = os.fstat(fd).st_size
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(fd, view) :]
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, before)
            raise
        return not before
    finally:
        os.close(fd)


def _cut_torn(path: Path) -> None:
    """Cut off what stands after the last line feed."""
    with open(path, "r+b") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - TAIL_BYTES)
            file.seek(begin)
            at = file.read(end - begin).rfind(b"\n")
            if at >= 0:
                end = begin + at + 1
                break
            end = begin
        file.truncate(end)
