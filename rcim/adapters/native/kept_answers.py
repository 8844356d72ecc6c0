"""Answers that are kept for requests with an `Idempotency-Key` (AB-02), in a file of the data directory.

A row is written before the request is carried out, and the answer into it afterwards. Both are durable, all processes of
the server see them, and a restart changes nothing. A row without an answer belongs to a request that is under way, or was
interrupted: the server died between the two. Rows go after a day.

It is a file of its own, and no part of the store, because it has nothing to do with conversations: losing it loses no
message. It names the history that the store had, and `prepare` forgets all rows when that is another one: a store that
was restored from a backup does not know what was answered.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from rcim.base.errors import STORE_UNAVAILABLE, RcimError
from rcim.base.limited_log import LimitedLog

log = LimitedLog("rcim.native")
T = TypeVar("T")

FILE = "idempotency.sqlite3"
KEPT_MS = 24 * 3600 * 1000
OF_CALLER_MAX, ALL_MAX = 100_000, 500_000
"""Rows of one caller, and of all: some 300 bytes each. Beyond, the oldest go."""
BYTES_MAX = 1 << 30
"""Of all rows: answers have at most some 60 KiB. Beyond, the oldest go."""
AT_ONCE = 1000
"""Rows that are removed with one write at the most: 5 ms. A day's worth takes two seconds, and others would wait."""
CHECKED_EACH = 256
"""After so many rows it is looked how many there are."""
UNDER_WAY_MS = 60_000
"""So long a row without an answer counts as under way: no request takes longer (`CALL_TIMEOUT_S` of the service)."""
BUSY_S = 5.0
"""How long one process waits for another one's write."""
MARK_MAX = 0x7FFF_FFFF
"""What SQLite keeps beside the tables, `user_version`, is a number up to this: of the history's id the low bits."""
TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    caller TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, time_ms INTEGER NOT NULL,
    status INTEGER NOT NULL, content_type TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (caller, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_time ON answers (time_ms);
CREATE INDEX IF NOT EXISTS by_caller ON answers (caller, time_ms);
"""


class Kept(NamedTuple):
    """The row of a key. `status` 0: there is no answer."""

    fingerprint: bytes
    time_ms: int
    status: int
    content_type: str
    body: bytes

    def under_way(self, now_ms: int) -> bool:
        """True if the request may still be answered. The clock may have been set back since."""
        return not self.status and abs(now_ms - self.time_ms) < UNDER_WAY_MS


def prepare(directory: Path, history_id: int) -> None:
    """At the start, before requests come: make the file, and forget its rows if they are of another history (RX-03). If
    it cannot be done, requests with a key will say so."""
    mark = history_id & MARK_MAX
    try:
        with _opened(directory / FILE) as file:
            (found,) = file.execute("PRAGMA user_version").fetchone()
            if found != mark:
                file.execute("DELETE FROM answers")
                file.execute(f"PRAGMA user_version = {mark}")
    except (sqlite3.Error, OSError) as error:
        log.error("answers for repeated requests can't be prepared", file=directory / FILE, error=error)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, in a transaction that is committed if nothing is raised. A connection for each, so that no fault of one
    stays. Raises sqlite3.Error or OSError."""
    if not path.exists():
        path.touch(0o600)
    with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as file:
        file.execute("PRAGMA synchronous = FULL")
        file.execute("BEGIN IMMEDIATE")
        for statement in filter(str.strip, TABLES.split(";")):
            file.execute(statement)
        yield file
        file.execute("COMMIT")


class _Job(NamedTuple):
    """A write that waits for the file."""

    work: Callable[[sqlite3.Connection], Any]
    done: asyncio.Future[Any]


class KeptAnswers:
    """The rows. What waits for the file is written together, with one fsync, so nothing waits longer than two writes.
    Each method raises RcimError(STORE_UNAVAILABLE): nothing was written then."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._waiting: list[_Job] = []
        self._writing: asyncio.Task[None] | None = None
        self._tidied = False
        """Within a write: what is too old was looked for."""
        self._since_check = 0

    async def claim(self, caller: str, key: str, fingerprint: bytes, now_ms: int) -> Kept | None:
        """None: the key is this request's from now on. Else what there is of it."""
        return await self._run(lambda file: self._claim(file, caller, key, fingerprint, now_ms))

    async def keep(self, caller: str, key: str, answer: Kept) -> None:
        """Write the answer into the row of the key."""
        await self._run(lambda file: _keep(file, caller, key, answer))

    async def drop(self, caller: str, key: str) -> None:
        """Nothing was done: the key is free again."""
        await self._run(lambda file: _drop(file, caller, key))

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(work, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        """Write what waits, until nothing does."""
        while self._waiting:
            jobs, self._waiting = self._waiting, []
            try:
                results = await asyncio.to_thread(self._together, jobs)
            except Exception as error:  # whatever it is, nothing was written, and who waits has to know
                log.error("answers for repeated requests can't be stored", file=self._path, error=error)
                for job in jobs:
                    if not job.done.done():
                        job.done.set_exception(RcimError(STORE_UNAVAILABLE, "the Idempotency-Key cannot be stored"))
            else:
                for job, result in zip(jobs, results, strict=True):
                    if not job.done.done():
                        job.done.set_result(result)
        self._writing = None

    def _together(self, jobs: Sequence[_Job]) -> list[Any]:
        """In another thread. Raises sqlite3.Error or OSError."""
        self._tidied = False
        with _opened(self._path) as file:
            return [job.work(file) for job in jobs]

    def _claim(self, file: sqlite3.Connection, caller: str, key: str, fingerprint: bytes, now_ms: int) -> Kept | None:
        oldest_ms = now_ms - KEPT_MS
        if not self._tidied:
            self._tidied = True
            _remove(file, "WHERE time_ms < ?", oldest_ms, most=AT_ONCE)
        found = file.execute(
            "SELECT fingerprint, time_ms, status, content_type, body FROM answers"
            " WHERE caller = ? AND key = ? AND time_ms >= ?",
            (caller, key, oldest_ms),
        ).fetchone()
        if found is not None:
            return Kept(*found)
        if not self._since_check:
            self._make_room(file, caller)
        self._since_check = (self._since_check + 1) % CHECKED_EACH
        file.execute(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, 0, '', x'')",
            (caller, key, fingerprint, now_ms),
        )
        return None

    @staticmethod
    def _make_room(file: sqlite3.Connection, caller: str) -> None:
        """The oldest go, so that there is room for the rows until it is looked again."""
        (of_caller,) = file.execute("SELECT count(*) FROM answers WHERE caller = ?", (caller,)).fetchone()
        _remove(file, "WHERE caller = ?", caller, most=of_caller + CHECKED_EACH - OF_CALLER_MAX)
        (of_all,) = file.execute("SELECT count(*) FROM answers").fetchone()
        _remove(file, most=of_all + CHECKED_EACH - ALL_MAX)
        if _bytes_of(file) > BYTES_MAX:
            _remove(file, most=AT_ONCE)


def _keep(file: sqlite3.Connection, caller: str, key: str, answer: Kept) -> None:
    file.execute(
        "UPDATE answers SET status = ?, content_type = ?, body = ? WHERE caller = ? AND key = ?",
        (answer.status, answer.content_type, answer.body, caller, key),
    )


def _drop(file: sqlite3.Connection, caller: str, key: str) -> None:
    file.execute("DELETE FROM answers WHERE caller = ? AND key = ? AND status = 0", (caller, key))


def _remove(file: sqlite3.Connection, where: str = "", *values: object, most: int) -> None:
    """The `most` oldest rows of these go. They are looked up first: within one statement all rows would be gone over."""
    if most > 0:
        rows = file.execute(f"SELECT caller, key FROM answers {where} ORDER BY time_ms LIMIT ?", (*values, most))
        file.executemany("DELETE FROM answers WHERE caller = ? AND key = ?", rows.fetchall())


def _bytes_of(file: sqlite3.Connection) -> int:
    """How many bytes of the file are in use."""
    pages, free, size = (
        file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
