"""Ordered tables of bytes: the little that the store needs of LMDB, and a twin in memory."""

from __future__ import annotations

import bisect
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import lmdb

from rcim.base.histogram import Histogram
from rcim.store.damage import Damage, GuardedView, by_table
from rcim.store.disk import NO_ROOM, DiskReserve
from rcim.store.faults import DamagedError as DamagedError
from rcim.store.faults import FullError as FullError
from rcim.store.faults import NoRoom as NoRoom
from rcim.store.faults import StoreError as StoreError
from rcim.store.long_keys import kept, packed, value_of, whole
from rcim.store.readers import Readers
from rcim.store.views import LmdbView

RESERVE_BYTES = 16 << 20
"""What removing may use beyond the bound and beyond a full disk: pages are copied when they change, so removing needs
room too. No other commit may use it."""
TABLES = (
    "meta",
    "shards",
    "profiles",
    "heads",
    "members",
    "memberships",
    "messages",
    "users",
    "purge",
    "marks",
    "words",
    "app",
    "hidden",
    "lists",
    "left",
    "altered",
    "chosen",
    "invited",
    "applied",
    "waiting",
    "events",
    "consumers",
    "endings",
    "seen",
    "room_attributes",
    "kept_rooms",
    "admins",
    "channels",
    "insiders",
    "inside",
    "own",
    "push_tokens",
    "push_users",
    "push_owners",
    "dead_letters",
    "dead_places",
    "consumer_states",
)


class ReadView(Protocol):
    """One consistent picture of all tables."""

    def get(self, table: str, key: bytes) -> bytes | None: ...

    def scan(self, table: str, low: bytes, high: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Rows with low <= key < high, in the order of keys."""


class WriteView(ReadView, Protocol):
    """A picture with changes of its own, that become everyone's all at once or not at all."""

    def put(self, table: str, key: bytes, value: bytes) -> None: ...

    def delete(self, table: str, key: bytes) -> None: ...


class Space(NamedTuple):
    """How large a store is, and what room there is for it."""

    used_bytes: int
    """Up to the last page that was ever used."""
    file_bytes: int
    map_bytes: int
    map_bytes_max: int
    readers: int
    """Slots of LMDB's table of readers that have been used."""
    readers_max: int
    disk_free_bytes: int
    """For who is not root."""
    disk_bytes: int


class Backend(Protocol):
    """Where tables live. One writer at a time, from one thread."""

    def read(self, *, around: bool = False) -> AbstractContextManager[ReadView]:
        """One picture. Reading what is damaged raises DamagedError; with `around`, scans go on behind it."""

    def write(self, *, makes_room: bool = False) -> AbstractContextManager[WriteView]:
        """Durable when the block ends; without a trace if it raises. What `makes_room` may use the reserve. Raises
        StoreError (FullError if only the reserve is left), or NoRoom."""

    def grow(self, *, reserve: bool = False) -> None:
        """Make room after NoRoom; with `reserve` a little beyond the bound, for removing. Raises FullError if it may
        not grow further."""

    def place(self) -> tuple[int, int] | None:
        """Device and inode of the file that it is in; None if it is in none."""

    def tidy(self) -> None:
        """Give free what processes have left behind that read and were killed; to be called now and then."""

    def close(self) -> None: ...


# --------------------------------------------------------------------------------------------------- memory


class _MemoryView:
    def __init__(self, tables: dict[str, dict[bytes, bytes]], order: dict[str, list[bytes]]) -> None:
        self._tables = tables
        self._order = order
        self._undo: list[tuple[str, bytes, bytes | None]] = []

    def get(self, table: str, key: bytes) -> bytes | None:
        short = kept(key)
        return value_of(short, self._tables[table].get(short))

    def scan(self, table: str, low: bytes, high: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        order = self._order[table]
        keys = order[bisect.bisect_left(order, kept(low)) : bisect.bisect_left(order, kept(high))]
        for key in reversed(keys) if reverse else keys:
            yield whole((key, self._tables[table][key]))

    def put(self, table: str, key: bytes, value: bytes) -> None:
        short = kept(key)
        self._change(table, short, value if short == key else packed(key, value))

    def delete(self, table: str, key: bytes) -> None:
        self._change(table, kept(key), None)

    def _change(self, table: str, key: bytes, value: bytes | None) -> None:
        self._undo.append((table, key, self._tables[table].get(key)))
        self._set(table, key, value)

    def _set(self, table: str, key: bytes, value: bytes | None) -> None:
        rows, order = self._tables[table], self._order[table]
        at = bisect.bisect_left(order, key)
        there = key in rows
        if value is None:
            if there:
                del rows[key]
                del order[at]
            return
        if not there:
            order.insert(at, key)
        rows[key] = value

    def roll_back(self) -> None:
        for table, key, before in reversed(self._undo):
            self._set(table, key, before)


class MemoryBackend:
    """Tables in memory. For tests: it passes the same ones as LMDB and forgets everything."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[bytes, bytes]] = {t: {} for t in TABLES}
        self._order: dict[str, list[bytes]] = {t: [] for t in TABLES}
        self._lock = threading.RLock()

    @contextmanager
    def read(self, *, around: bool = False) -> Iterator[ReadView]:
        with self._lock:
            yield _MemoryView(self._tables, self._order)

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        with self._lock:
            view = _MemoryView(self._tables, self._order)
            try:
                yield view
            except BaseException:
                view.roll_back()
                raise

    def grow(self, *, reserve: bool = False) -> None:
        """There is always room."""

    def place(self) -> None:
        """It is in no file."""

    def tidy(self) -> None:
        """Nobody else reads it."""

    def close(self) -> None:
        """Nothing to give back."""


# ----------------------------------------------------------------------------------------------------- LMDB


class LmdbBackend:
    """Tables in LMDB, synced to disk at each commit (no writemap; the map grows as it fills).

    `map_bytes` is the first size of the map and `map_bytes_max` what it may grow to; the file itself is only as
    large as what is in it, and the reserve. LMDB is kept away from `damages`; with `unwritable`, a reason, from all
    writing. `readonly`: the files stay as they are, and only `read` and `close` may be called. Raises StoreError if the
    directory can't be used.
    """

    def __init__(
        self,
        path: Path,
        map_bytes: int = 1 << 30,
        map_bytes_max: int = 1 << 40,
        *,
        damages: Sequence[Damage] = (),
        unwritable: str = "",
        readonly: bool = False,
    ) -> None:
        self._path = path
        self._damages = by_table(damages)
        self._unwritable = unwritable
        self._readonly = readonly
        self._map_bytes = map_bytes
        self._map_bytes_max = map_bytes_max
        self._readers = Readers()
        self._broken = False
        """LMDB has refused everything, and could not be opened anew."""
        self.commit_times: Histogram | None = None
        """Counts how long LMDB's own commit takes, which writes and syncs, in seconds (OP-02)."""
        self._open()

    def _open(self) -> None:
        try:
            if not self._readonly:
                self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._env = lmdb.open(
                str(self._path),
                map_size=self._map_bytes,
                max_dbs=len(TABLES),
                max_readers=64,
                mode=0o600,
                readonly=self._readonly,
                create=not self._readonly,
            )
            self._dbs = dict(self._tables())
            self._map_bytes = max(self._map_bytes, self._env.info()["map_size"])
            self._page_bytes = self._env.stat()["psize"]
            self._disk = DiskReserve(self._path / "data.mdb", RESERVE_BYTES)
            self.tidy()
        except (lmdb.Error, OSError) as error:
            if (env := getattr(self, "_env", None)) is not None:
                env.close()  # LMDB opens nothing twice
            raise StoreError(f"{self._path}: {error}") from None

    def _tables(self) -> Iterator[tuple[str, Any]]:
        """Those that there are; all, unless it is only read."""
        for table in TABLES:
            try:
                yield table, self._env.open_db(table.encode(), create=not self._readonly)
            except lmdb.NotFoundError:  # an earlier program has made the store
                continue

    def _view(self, txn: Any, around: bool = False) -> LmdbView:
        return GuardedView(txn, self._dbs, self._damages, around) if self._damages else LmdbView(txn, self._dbs)

    def _begin(self) -> Any:
        try:
            return self._env.begin(buffers=False)
        except lmdb.MapResizedError:
            if not self._readonly:
                raise
            self._env.set_mapsize(0)  # a server beside it has made it larger
            return self._env.begin(buffers=False)

    @contextmanager
    def read(self, *, around: bool = False) -> Iterator[ReadView]:
        with self._readers.reading():
            try:
                txn = self._begin()
            except lmdb.Error as error:
                raise StoreError(str(error)) from None
            try:
                yield self._view(txn, around)
            finally:
                txn.abort()

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        if self._unwritable:
            raise DamagedError(self._unwritable)
        if self._broken:
            self._open_anew()
        self._disk.keep(self.used_bytes, self._map_bytes_max + RESERVE_BYTES)
        try:
            with self._env.begin(write=True) as txn:
                yield self._view(txn)
                if not makes_room:
                    self._check_room(txn)
                began_s = perf_counter()
            if self.commit_times is not None:
                self.commit_times.observe(perf_counter() - began_s)
        except (NoRoom, lmdb.MapFullError):
            raise NoRoom from None
        except (lmdb.Error, OSError) as error:
            self._reopen_if_broken(error)
            if self._disk.short or isinstance(error, lmdb.DiskError) or getattr(error, "errno", 0) in NO_ROOM:
                raise FullError(f"the disk is full: {error}") from None
            raise StoreError(str(error)) from None

    @property
    def disk_full(self) -> bool:
        """True as long as the disk gives no more room."""
        return self._disk.short

    @property
    def unwritable(self) -> str:
        """Why nothing can be written, because the list of free pages is damaged; empty: it can."""
        return self._unwritable

    @property
    def used_bytes(self) -> int:
        """Up to where the file has ever been used; what is free between is used again."""
        return int(self._env.info()["last_pgno"] + 1) * self._page_bytes

    def _check_room(self, txn: Any) -> None:
        """ST-04: the reserve is not for this. Below the bound, and with room on the disk, it costs nothing. Raises
        FullError."""
        most = min(
            self._map_bytes_max if self._map_bytes > self._map_bytes_max else 1 << 62,
            self._disk.capacity if self._disk.short else 1 << 62,
        )
        if most == 1 << 62:
            return
        stats = [self._env.stat(), *(txn.stat(db) for db in self._dbs.values())]
        pages = sum(s["branch_pages"] + s["leaf_pages"] + s["overflow_pages"] for s in stats)
        if pages * self._page_bytes > most:
            full = "the disk is full" if self._disk.short else "store.map_bytes_max is reached"
            raise FullError(f"{full}: {pages * self._page_bytes} bytes are in use, and the rest is kept for removing")

    def _reopen_if_broken(self, error: Exception) -> None:
        """After a failed write of its own head page LMDB refuses everything until it is opened anew (ST-04). Raises
        StoreError if that fails; the next write tries again."""
        if isinstance(error, lmdb.PanicError):
            self._broken = True
            self._open_anew()

    def _open_anew(self) -> None:
        with self._readers.nobody():
            self._env.close()
            self._open()
            self._broken = False

    def grow(self, *, reserve: bool = False) -> None:
        bound = self._map_bytes_max + (RESERVE_BYTES if reserve else 0)
        if self._map_bytes >= bound:
            raise FullError(f"the store is at its bound of {bound} bytes")
        try:
            with self._readers.nobody():
                self._map_bytes = min(self._map_bytes * 2, bound)
                self._env.set_mapsize(self._map_bytes)
        except lmdb.Error as error:
            raise StoreError(str(error)) from None

    def space(self) -> Space:
        """How large it is, and what room there is. Raises StoreError."""
        try:
            with self._readers.reading():
                info = self._env.info()
            file_bytes = (self._path / "data.mdb").stat().st_size
            disk = os.statvfs(self._path)
        except (lmdb.Error, OSError) as error:
            raise StoreError(str(error)) from None
        return Space(
            used_bytes=(info["last_pgno"] + 1) * self._page_bytes,
            file_bytes=file_bytes,
            map_bytes=info["map_size"],
            map_bytes_max=self._map_bytes_max,
            readers=info["num_readers"],
            readers_max=info["max_readers"],
            disk_free_bytes=disk.f_bavail * disk.f_frsize,
            disk_bytes=disk.f_blocks * disk.f_frsize,
        )

    def place(self) -> tuple[int, int] | None:
        try:
            found = (self._path / "data.mdb").stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def tidy(self) -> None:
        try:
            self._env.reader_check()
        except lmdb.Error as error:
            raise StoreError(str(error)) from None

    def close(self) -> None:
        with self._readers.nobody():
            self._env.close()
