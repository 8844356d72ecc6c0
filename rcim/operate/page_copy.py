"""Copying the pages of a store that a server may be writing to, as of one commit, at a bounded speed (ST-03).

1. A read transaction of LMDB is held open meanwhile: the writer then leaves the pages of its commit as they are. They are
   read with `pread` and not through LMDB's map, so a page that the disk can't read is an error and not a signal.
2. The head pages go last: a copy that was broken off is no store.
3. What is written is synced in steps. A disk that has gigabytes to write back all at once makes the server's own syncs
   wait for seconds.
4. As long as the transaction is open, the store reuses no page that its commit needs: it grows. Hence the deadline.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import lmdb

from rcim.operate.faults import BackupError
from rcim.store import pages
from rcim.store.disk import NO_ROOM

STEP_BYTES = 1 << 18
"""Written and synced at a time: what the server wants of the disk or of the processor waits for one of them at most."""
SPARE_BYTES = 64 << 20
"""What a backup leaves free on the disk that the store is on: four times what the store keeps in reserve."""
TRIES = 20
"""The head of a store that is being written may change while it is read."""
CATCH_UP_S = 0.2
"""What a step has taken longer than its share is made up for, up to so much."""
WRITE_NOW = 1 | 2 | 4
"""Of sync_file_range: wait for what is being written, write the rest, wait for that."""


class Copied(NamedTuple):
    """What was copied."""

    txn_id: int
    """LMDB's number of the commit."""
    bytes: int
    sha256: str
    grown_bytes: int
    """By how much the store's file has come into use further meanwhile."""


class Pace:
    """Bounds on writing: how fast, until when, and how much room has to stay free."""

    def __init__(self, mib_per_s: float, within_s: float, spared: Path) -> None:
        """`mib_per_s`: 0 for any speed. `spared`: what is on the disk where SPARE_BYTES stay free."""
        self._bytes_per_s = mib_per_s * (1 << 20)
        self._within_s = within_s
        self._spared = spared
        self._began = time.monotonic()
        self._due = self._began

    def wait(self, size: int) -> None:
        """Wait until `size` more bytes may be written. Raises BackupError if the whole takes too long."""
        now = time.monotonic()
        if self._bytes_per_s:
            self._due = max(self._due, now - CATCH_UP_S) + size / self._bytes_per_s
        if max(now, self._due) - self._began > self._within_s:
            raise BackupError(
                f"it takes longer than {self._within_s:g} s (--within): as long as it goes on, the store can only grow"
            )
        if self._due > now:
            time.sleep(self._due - now)

    def check_room(self, folder: Path, more: int) -> None:
        """Raises BackupError if `more` bytes have no room in `folder`, or leave too little to the store."""
        found = os.statvfs(folder)
        free = found.f_bavail * found.f_frsize
        shared = folder.stat().st_dev == self._spared.stat().st_dev
        spare = SPARE_BYTES if shared else 0
        if free < more + spare:
            kept = f", of which {spare >> 20} MiB are left to the store" if spare else ""
            raise BackupError(f"{folder}: the disk is full: {more} bytes are needed, {free} are free{kept}")


class PacedFile:
    """A file that is written at a pace, synced in steps, and not kept in the page cache. A context manager; at its end
    all of it is durable. Raises BackupError."""

    def __init__(self, path: Path, pace: Pace) -> None:
        self._path = path
        self._pace = pace
        self.written = 0
        self._synced = 0

    def __enter__(self) -> PacedFile:
        try:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _wrong(self._path, error) from None
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                os.fsync(self._fd)
                os.posix_fadvise(self._fd, 0, 0, os.POSIX_FADV_DONTNEED)
        except OSError as error:
            raise _wrong(self._path, error) from None
        finally:
            os.close(self._fd)

    def skip(self, size: int) -> None:
        """Leave room for what `fill` writes."""
        self.written = self._synced = size

    def write(self, data: bytes) -> None:
        """Add `data`, at most STEP_BYTES."""
        self._pace.wait(len(data))
        self._pace.check_room(self._path.parent, len(data))
        try:
            self._put(data, self.written)
            self.written += len(data)
            if self.written - self._synced >= STEP_BYTES:
                _write_back(self._fd, self._synced, self.written - self._synced)
                os.posix_fadvise(self._fd, self._synced, self.written - self._synced, os.POSIX_FADV_DONTNEED)
                self._synced = self.written
        except OSError as error:
            raise _wrong(self._path, error) from None

    def fill(self, data: bytes) -> None:
        """Write the beginning, and make the file as long as it is to be."""
        try:
            os.ftruncate(self._fd, self.written)
            os.fdatasync(self._fd)
            self._put(data, 0)
        except OSError as error:
            raise _wrong(self._path, error) from None

    def _put(self, data: bytes, at: int) -> None:
        view = memoryview(data)
        while view:  # a system may write less than it was asked to
            done = os.pwrite(self._fd, view, at)
            view, at = view[done:], at + done


def _wrong(path: Path, error: OSError) -> BackupError:
    return BackupError(f"{path}: {'the disk is full: ' if error.errno in NO_ROOM else ''}{error.strerror}")


def _write_back(fd: int, at: int, size: int) -> None:
    """Write this part of the file to the disk, and wait for it. Where the system has a call for that, this leaves alone
    the journal of the file system, for which the server's own syncs wait."""
    if _SYNC_RANGE is None or _SYNC_RANGE(fd, at, size, WRITE_NOW) != 0:
        os.fdatasync(fd)


def _sync_range() -> Callable[..., int] | None:
    try:
        found = ctypes.CDLL(None).sync_file_range
    except (OSError, AttributeError):
        return None
    found.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    call: Callable[..., int] = found
    return call


_SYNC_RANGE = _sync_range()


def copy_pages(store: Path, target: Path, pace: Pace) -> Copied:
    """Copy the store in this directory to the file `target`. Raises BackupError."""
    file = store / "data.mdb"
    try:
        fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror}") from None
    try:
        pages.heads(fd)  # it says more than LMDB of what is wrong with it
        size = max(1 << 30, 2 * os.fstat(fd).st_size)  # a server may go on writing
        with lmdb.open(str(store), readonly=True, create=False, max_dbs=0, map_size=size) as env:
            for _ in range(TRIES):
                with env.begin() as txn:
                    head = next((one for one in pages.heads(fd) if one.txn_id == txn.id()), None)
                    page = _head_page(fd, head) if head is not None else None
                    if head is not None and page is not None:
                        return _copy(fd=fd, head=head, page=page, target=target, pace=pace, env=env)
    except pages.Unreadable as error:
        raise BackupError(f"{file}: {error}") from None
    except (lmdb.Error, OSError) as error:
        raise BackupError(f"{file}: {error}") from None
    finally:
        os.close(fd)
    raise BackupError(f"{file}: it changes faster than it can be read")


def _head_page(fd: int, head: pages.Head) -> bytes | None:
    """The page that `head` stands on; None if it has been written over meanwhile."""
    for number in (0, 1):
        page = os.pread(fd, head.page_bytes, number * head.page_bytes)
        try:
            if pages.head_of(page, number, head.page_bytes) == head:
                return page
        except pages.Unreadable:
            continue
    return None


def _copy(*, fd: int, head: pages.Head, page: bytes, target: Path, pace: Pace, env: lmdb.Environment) -> Copied:
    total, first = (head.last_page + 1) * head.page_bytes, 2 * head.page_bytes
    pace.check_room(target.parent, total)
    start = b"".join(struct.pack("<Q", number) + page[8:] for number in (0, 1))
    digest = hashlib.sha256(start)
    with PacedFile(target, pace) as file:
        file.skip(first)
        at = first
        while at < total:
            data = os.pread(fd, min(STEP_BYTES, total - at), at)
            # Pages at the end that were never in use may be missing from the file.
            data = data or bytes(min(STEP_BYTES, total - at))
            digest.update(data)
            file.write(data)
            at += len(data)
        file.fill(start)
        size = file.written
    grown = (int(env.info()["last_pgno"]) - head.last_page) * head.page_bytes
    return Copied(head.txn_id, size, digest.hexdigest(), max(0, grown))


def copy_file(source: Path, target: Path, pace: Pace) -> tuple[int, str]:
    """Copy a file as long as it is now; it may be written on. Returns its size and SHA-256. Raises BackupError."""
    digest = hashlib.sha256()
    try:
        fd = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise _wrong(source, error) from None
    try:
        left = os.fstat(fd).st_size
        with PacedFile(target, pace) as file:
            while left > 0:
                try:
                    data = os.read(fd, min(STEP_BYTES, left))
                except OSError as error:
                    raise _wrong(source, error) from None
                if not data:
                    break
                digest.update(data)
                file.write(data)
                left -= len(data)
        return file.written, digest.hexdigest()
    finally:
        os.close(fd)
