"""Closing hours of the message log: a program of its own, so that sorting millions of lines slows nothing in the server.

    python -m rcim.outbox.message_log.closing FOLDER HOUR-KIND...

1. The lines of the log file, if there is one, and those that were set aside are sorted by their places in pieces of
   CHUNK_BYTES, and merged. Of lines with the same place one stays. Whatever cannot be read as a line is left out and
   counted: a crash can tear one.
2. The new log file is written beside the old one, synced, and put in its place. Only then what was set aside goes. So it
   may be interrupted anywhere, and run again.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import heapq
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from rcim.outbox.message_log.folder import ABOUT, LOG_FILE, About, LogFolder, Place, sync_folder
from rcim.outbox.message_log.sorting import TAB, place_of

CHUNK_BYTES = 32 << 20
"""Sorted in memory at a time; with what Python needs beside, about twice as much."""
RUNS_MAX = 64
"""Sorted pieces that are merged at a time: as many files are open."""
READ_BYTES = 1 << 20
WORK = ".closing"
"""Beginning of the folders for sorted pieces; one that a crash has left goes with the next run."""
LEVEL = 6


def close_hours(folder: LogFolder, places: Iterable[Place]) -> int:
    """Close these hours, and return how many lines could not be read. Raises OSError."""
    for left in folder.path.glob(f"{WORK}*"):
        shutil.rmtree(left, ignore_errors=True)
    return sum(_close(folder, place) for place in places)


def _close(folder: LogFolder, place: Place) -> int:
    """Make the log file of one place, or, if nothing was set aside for it, say again what there is to know of it."""
    target = folder.path / place.file(LOG_FILE)
    aside = folder.closing_files(place)
    reading = _Reading()
    with tempfile.TemporaryDirectory(prefix=WORK, dir=folder.path) as work:
        runs = _sorted_runs(reading.all(target, aside), Path(work))
        made = Path(work) / "whole"
        about = _write(made, _once(heapq.merge(*map(_lines, runs))))
        os.rename(made, target)
        sync_folder(folder.path)
        _write_whole(folder.path / place.file(ABOUT), msgspec.json.encode(about), Path(work))
    for path in aside:
        path.unlink()
    sync_folder(folder.path)
    return reading.torn


class _Reading:
    """Reads lines with their places, and counts those that cannot be read."""

    def __init__(self) -> None:
        self.torn = 0

    def all(self, target: Path, aside: Iterable[Path]) -> Iterator[bytes]:
        for path in aside:
            for line in _lines(path):
                if TAB in line and line.endswith(b"}\n"):
                    yield line
                else:
                    self.torn += 1
        if target.exists():
            yield from self._of_log_file(target)

    def _of_log_file(self, path: Path) -> Iterator[bytes]:
        """A log file that is damaged gives what can be read of it."""
        with gzip.open(path, "rb") as file, contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile):
            for line in file:
                try:
                    place = place_of(msgspec.json.decode(line))
                except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
                    self.torn += 1
                    continue
                yield place + TAB + line
            return
        self.torn += 1


def _lines(path: Path) -> Iterator[bytes]:
    with open(path, "rb", READ_BYTES) as file:
        yield from file


def _sorted_runs(lines: Iterable[bytes], work: Path) -> list[Path]:
    """The lines in sorted pieces, at most RUNS_MAX."""
    runs: list[Path] = []
    chunk: list[bytes] = []
    size = made = 0

    def put(found: Iterable[bytes]) -> Path:
        nonlocal made
        made += 1
        path = work / f"run-{made}"
        with open(path, "wb", READ_BYTES) as file:
            file.writelines(found)
        return path

    for line in lines:
        chunk.append(line)
        size += len(line)
        if size < CHUNK_BYTES:
            continue
        chunk.sort()
        runs.append(put(chunk))
        chunk, size = [], 0
        if len(runs) == RUNS_MAX:
            whole = put(_once(heapq.merge(*map(_lines, runs))))
            for path in runs:
                path.unlink()
            runs = [whole]
    chunk.sort()
    return [*runs, put(chunk)]


def _once(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The sorted lines without doubles: of several with the same place, only the first."""
    last = b""
    for line in lines:
        place = line[: line.index(TAB)]
        if place != last:
            yield line
        last = place


class _Hashing:
    """A file that hashes what is written to it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _write(path: Path, lines: Iterable[bytes]) -> About:
    """Write a log file of these lines, without their places, and sync it."""
    messages = 0
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", READ_BYTES) as file:
        hashing = _Hashing(file)
        with gzip.GzipFile("", "wb", LEVEL, hashing, mtime=0) as packed:
            for line in lines:
                packed.write(line[line.index(TAB) + 1 :])
                messages += 1
        file.flush()
        os.fsync(file.fileno())
        there = os.fstat(file.fileno())
    return About(messages, hashing.sha256.hexdigest(), there.st_ino, there.st_size)


def _write_whole(path: Path, data: bytes, work: Path) -> None:
    made = work / "about"
    with open(os.open(made, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(made, path)


def main() -> None:
    """Entry point; prints how many lines could not be read."""
    os.nice(10)
    folder = LogFolder(Path(sys.argv[1]))
    places = [Place(*name.split("-", 1)) for name in sys.argv[2:]]
    try:
        print(close_hours(folder, places))
    except OSError as error:
        sys.exit(f"{error.filename or folder.path}: {error.strerror}")


if __name__ == "__main__":
    main()
