"""The store of one machine: log and view in one set of tables, and what is removed from them in small steps.

All of it blocks; the dispatcher calls `append`, `purge_step` and `trim_step` from its one writing thread, and reads from
its one reading thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rcim.actor.queries import Query
from rcim.actor.records import Member
from rcim.actor.snapshots import AppSnapshot, GroupSnapshot, UserSnapshot
from rcim.base.limited_log import Log
from rcim.base.limits import Limits
from rcim.store import keys, name_index
from rcim.store.answers import Answer
from rcim.store.backend import Backend, StoreError
from rcim.store.event_log import EventLog
from rcim.store.next_append import NextAppend
from rcim.store.noticing import Noticing
from rcim.store.retention import ROWS, Ages, Cursor, Removal
from rcim.store.scan import Scan
from rcim.store.shard_log import Claim, Done, ShardAppend
from rcim.store.table_log import TableLog
from rcim.store.table_view import TableView
from rcim.store.tables import read_stamp
from rcim.store.trail import Trail, begin_history, why_another
from rcim.store.upgrade import SCHEMA_VERSION, schema_of, upgrade

log = Log("rcim.store")


class Store:
    """A ShardLog and a View (shard_log.py). Opening creates the schema or checks it; raises StoreError. `text_of` makes
    of a message's body what is to be read in it (RX-10); by `trail` a backup is recognised that took its place."""

    appends_together = TableLog.appends_together

    def __init__(
        self,
        backend: Backend,
        limits: Limits,
        text_of: Callable[[bytes], str] = bytes.decode,
        trail: Trail | None = None,
    ) -> None:
        self._backend = backend
        self._trail = trail
        self._check_schema()
        self.history_id = self._recognise()
        """Which history it holds: another one after a backup took its place (trail.py)."""
        self.noticing = Noticing()
        self._view = TableView(
            backend=backend, limits=limits, text_of=text_of, history_id=self.history_id, noticing=self.noticing
        )
        along = NextAppend()
        self._log = TableLog(backend, self._view, self.noticing, self._committed, along)
        self._removal = Removal(backend, self.noticing)
        self.events = EventLog(backend, self.noticing, along)

    def _check_schema(self) -> None:
        with self._backend.read() as view:
            found = schema_of(view)
        if found is None:
            with self._backend.write() as writable:
                writable.put("meta", b"schema", keys.U16.pack(SCHEMA_VERSION))
                name_index.note(writable)
        else:
            upgrade(self._backend, found)
            name_index.make_current(self._backend)

    def _recognise(self) -> int:
        """The id of the history that goes on, or begins."""
        place = self._backend.place()
        with self._backend.read() as view:
            why = why_another(view, place, self._trail.read()) if self._trail is not None else ""
            stamp = read_stamp(view)
        found = begin_history(self._backend, place, new=bool(why))
        if why:
            log.warning("the store was restored: clients are told to begin again", reason=why)
        if self._trail is not None:
            self._trail.note(found, stamp)
        return found

    def close(self) -> None:
        """Give back files and memory."""
        if self._trail is not None:
            self._trail.close()
        self._backend.close()

    # -- the log

    def positions(self) -> list[int]:
        """The running number of the next record of each shard, SHARDS of them. Raises StoreError."""
        return self._log.positions()

    def claim(self, shards: Iterable[int]) -> dict[int, Claim]:
        """See ShardLog."""
        return self._log.claim(shards)

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        """See ShardLog."""
        self._log.append(appends, now_ms, doubted_ms, done)

    def _committed(self, stamp: int) -> None:
        if self._trail is not None:
            self._trail.note(self.history_id, stamp)

    # -- removal

    def tidy(self) -> None:
        """Backend.tidy. Raises StoreError."""
        self._backend.tidy()

    def purge_step(self, rows: int = ROWS) -> bool:
        """Remove up to `rows` messages of dissolved groups; True if more are left. Raises StoreError."""
        return self._removal.purge_step(rows)

    def forget_ended(self, now_ms: int) -> int:
        """Remove the last that is kept of temporary conversations that ended long ago; Removal.forget_ended. Raises
        StoreError."""
        return self._removal.forget_ended(now_ms)

    def trim_step(self, cursor: Cursor, ages: Ages) -> tuple[Cursor | None, int]:
        """Remove what is too old, a step from `cursor` on; Removal.trim_step. Raises StoreError."""
        return self._removal.trim_step(cursor, ages)

    # -- the view

    def newest_ms(self) -> int:
        """See View."""
        return self._view.newest_ms()

    def load_group(self, key: str, now_ms: int) -> GroupSnapshot:
        """See View."""
        return self._view.load_group(key, now_ms)

    def load_members(self, key: str, user_ids: Iterable[str]) -> dict[str, Member | None]:
        """See View."""
        return self._view.load_members(key, user_ids)

    def load_member_page(self, key: str, after: str, limit: int) -> list[Member]:
        """See View."""
        return self._view.load_member_page(key, after, limit)

    def load_user(self, key: str, user_id: str) -> UserSnapshot:
        """See View."""
        return self._view.load_user(key, user_id)

    def load_app(self) -> AppSnapshot:
        """See View."""
        return self._view.load_app()

    def answer_some(
        self, queries: Sequence[Query | Scan], for_s: float
    ) -> list[tuple[Answer | Scan | StoreError, float]]:
        """See View."""
        return self._view.answer_some(queries, for_s)

    def answer_all(self, queries: Sequence[Query]) -> list[Answer | StoreError]:
        """The answer to each query, however long it takes, all from one picture of the store; an error in place of an
        answer it concerns."""
        return self._view.answer_all(queries)
