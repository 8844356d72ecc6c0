"""Which history the store holds, and how a restored store is recognised (RX-03).

A position that a client keeps - a SEQ, a cursor - belongs to one history. When a backup takes the place of the store,
another history begins at it, in which the same SEQ may name another message. It is recognised at the start by either:

1. The data file is another one than the store was written to last (its device and inode stand in the store): a copy.
2. The store is older than the server knew, or has another id: a backup was written over the file in place. What the
   server knew stands in a small file beside the store, the trail: id and number of a commit that is durable.

Neither is needed to start: a trail that is missing, damaged or can't be written says nothing. What nothing here can see -
a volume that is set back as a whole - the operator says (`rcim new-history`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from rcim.base import clock
from rcim.base.limited_log import Log
from rcim.store import keys
from rcim.store.backend import Backend, NoRoom, ReadView, StoreError
from rcim.store.tables import read_stamp, read_store_id

log = Log("rcim.store")

TRAIL = struct.Struct(">8sQQ")
MAGIC = b"rcimtrl1"
CRC = struct.Struct(">I")
WRITE_MS = 1000
PLACE = struct.Struct(">QQ")
Place = tuple[int, int]
"""Device and inode of the data file."""


class Seen(NamedTuple):
    """What the server knew of the store."""

    store_id: int
    stamp: int


class Trail:
    """The small file beside the store. It may lag, so nothing is synced, and it is written once in WRITE_MS: a file that
    changes with each commit makes the store's own sync slower. The first commit after a pause is written at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._failed = False
        self._waiting: Seen | None = None
        """What is to be written."""
        self._written_ms = -WRITE_MS

    def read(self) -> Seen | None:
        """What it says; None if it says nothing that can be relied on."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        if (
            len(data) != TRAIL.size + CRC.size
            or zlib.crc32(data[: TRAIL.size]) != CRC.unpack_from(data, TRAIL.size)[0]
        ):
            return None
        magic, store_id, stamp = TRAIL.unpack_from(data)
        return Seen(store_id, stamp) if magic == MAGIC else None

    def note(self, store_id: int, stamp: int) -> None:
        """The commit of this number is durable. An error is logged once, and nothing more is written."""
        self._waiting = Seen(store_id, stamp)
        now_ms = clock.steady_ms()
        if now_ms - self._written_ms >= WRITE_MS:
            self._written_ms = now_ms
            self._write()

    def _write(self) -> None:
        seen, self._waiting = self._waiting, None
        if self._failed or seen is None:
            return
        try:
            if self._fd < 0:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                os.ftruncate(self._fd, min(os.fstat(self._fd).st_size, TRAIL.size + CRC.size))
            data = TRAIL.pack(MAGIC, seen.store_id, seen.stamp)
            os.pwrite(self._fd, data + CRC.pack(zlib.crc32(data)), 0)
        except OSError as error:
            log.error(
                "the trail can't be written: a backup written over the store may not be recognised",
                file=self._path,
                error=error,
            )
            self._failed = True

    def close(self) -> None:
        """Write what is to be written, and give back the file."""
        self._write()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def why_another(view: ReadView, place: Place | None, seen: Seen | None) -> str:
    """Why the store is not the one that the server wrote to last, in words; empty if it is, as far as can be seen."""
    data = view.get("meta", b"place")
    if data is not None and place is not None and PLACE.unpack(data) != place:
        return "its file is another one than before"
    if seen is not None and seen.store_id != read_store_id(view):
        return "another store stood here before"
    if seen is not None and seen.stamp > read_stamp(view):
        return f"it ends at commit {read_stamp(view)}, and {seen.stamp} was durable"
    return ""


def begin_history(backend: Backend, place: Place | None, *, new: bool) -> int:
    """The id of the history from now on, with `new` another one; noted in the store with the place of its file. If it
    can't be written, as on a full disk, it holds until the end of this process, and the next start begins another one."""
    with backend.read() as view:
        there = read_store_id(view)
        noted = view.get("meta", b"place")
    wanted = 1 + secrets.randbelow(1 << 32) if new or not there else there
    if wanted == there and (place is None or noted == PLACE.pack(*place)):
        return there
    try:
        while True:
            with contextlib.suppress(NoRoom):
                with backend.write() as writable:
                    writable.put("meta", b"id", keys.U64.pack(wanted))
                    if place is not None:
                        writable.put("meta", b"place", PLACE.pack(*place))
                return wanted
            backend.grow(reserve=True)
    except StoreError as error:
        log.error("the store's history can't be noted", error=error)
    return wanted
