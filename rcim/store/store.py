"""The store: `claim`, `append`, snapshots for actors, answers to queries, removal in small steps.

All of it blocks; the dispatcher calls `append`, `purge_step` and `trim_step` from its one writing thread, and reads from
its one reading thread.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from rcim.actor.queries import Query
from rcim.actor.records import (
    AppSnapshot,
    GroupChanged,
    GroupDissolved,
    GroupSnapshot,
    Invitation,
    Member,
    Message,
    Profile,
    Record,
    UserListed,
    UserProfile,
    UserRestriction,
    UserSaved,
    UserSnapshot,
)
from rcim.base import clock
from rcim.base.ids import SHARDS
from rcim.base.limits import Limits
from rcim.base.terms import Place, UserList, other_of, pair_of
from rcim.rules.type_table import TypeChange
from rcim.store import keys, name_index
from rcim.store.answers import Answer
from rcim.store.apply import Applier
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, StoreError, WriteView
from rcim.store.change_index import ChangeIndex
from rcim.store.noticing import Noticing
from rcim.store.query_engine import QueryEngine
from rcim.store.retention import ROWS, Ages, Cursor, Removal
from rcim.store.scan import Scan
from rcim.store.tables import groups_of, read_head, read_newest_ms, read_profile, read_stamp, sees
from rcim.store.trail import Trail, begin_history, why_another
from rcim.store.upgrade import SCHEMA_VERSION, upgrade
from rcim.store.values import Head, ListEntry, pack, unpack

log = logging.getLogger("rcim.store")
T = TypeVar("T")
NAMED_MAX = 20
"""So many conversations of a commit that failed are named in the log."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record with its place: the shard it belongs to and its running number there."""

    shard: int
    position: int
    record: Record


class Store:
    """See the module's text. Opening creates the schema or checks it; raises StoreError. `text_of` makes of a message's
    body what is to be read in it (RX-10); by `trail` a backup is recognised that took the store's place."""

    def __init__(
        self,
        backend: Backend,
        limits: Limits,
        text_of: Callable[[bytes], str] = bytes.decode,
        trail: Trail | None = None,
    ) -> None:
        self._backend = backend
        self._limits = limits
        self._trail = trail
        self._check_schema()
        self.history_id = self._recognise()
        """Which history it holds: another one after a backup took its place (trail.py)."""
        with backend.read() as view:
            self._changes = ChangeIndex(read_stamp(view))
        self.noticing = Noticing()
        self._engine = QueryEngine(limits, self._changes, text_of, self.history_id, self.noticing)
        self._removal = Removal(backend, self.noticing)

    def _check_schema(self) -> None:
        with self._backend.read() as view:
            found = view.get("meta", b"schema")
        if found is None:
            with self._backend.write() as writable:
                writable.put("meta", b"schema", keys.U16.pack(SCHEMA_VERSION))
                name_index.note(writable)
        else:
            upgrade(self._backend, keys.U16.unpack(found)[0])
            name_index.make_current(self._backend)

    def _recognise(self) -> int:
        """The id of the history that goes on, or begins."""
        place = self._backend.place()
        with self._backend.read() as view:
            why = why_another(view, place, self._trail.read()) if self._trail is not None else ""
            stamp = read_stamp(view)
        found = begin_history(self._backend, place, new=bool(why))
        if why:
            log.warning("the store was restored (%s): clients are told to begin anew", why)
        if self._trail is not None:
            self._trail.note(found, stamp)
        return found

    def close(self) -> None:
        """Give back files and memory."""
        if self._trail is not None:
            self._trail.close()
        self._backend.close()

    # -- writing

    def claim(self) -> list[int]:
        """The running number of the next record of each shard, SHARDS of them."""
        with self._backend.read() as view:
            found = (view.get("shards", keys.U16.pack(shard)) for shard in range(SHARDS))
            return [keys.U64.unpack(data)[0] if data else 1 for data in found]

    def newest_ms(self) -> int:
        """The newest time that the store knows; 0 if nothing has happened yet. Raises StoreError."""
        with self._backend.read() as view:
            return read_newest_ms(view)

    def append(self, entries: Sequence[Entry], now_ms: int = 0, doubted_ms: int = 0) -> None:
        """Keep records, all or none, durable when it returns (ST-01). Their positions must go on from the shard's.

        `now_ms` is the time in force; 0: the wall clock, and the store does not note how late it is. `doubted_ms` is
        since when the clock is in doubt, 0 if it is not (mending.py).

        Raises StoreError: nothing was kept; FullError: there is room only for what makes room.
        """
        room = all(makes_room(entry.record) for entry in entries)
        while True:
            try:
                with self._backend.write(makes_room=room) as view:
                    stamp = self._append(view, entries, now_ms, doubted_ms)
                if self._trail is not None:
                    self._trail.note(self.history_id, stamp)
                return
            except NoRoom:
                self._backend.grow(reserve=room)
            except DamagedError as error:
                self.noticing.note(", ".join(sorted({_key_of(entry.record) for entry in entries})[:NAMED_MAX]), error)
                raise

    def _append(self, view: WriteView, entries: Sequence[Entry], now_ms: int, doubted_ms: int) -> int:
        """The number of the commit."""
        stamp = read_stamp(view) + 1
        applier = Applier(view, stamp, now_ms or clock.wall_ms())
        next_position: dict[int, int] = {}
        for entry in entries:
            expected = next_position.get(entry.shard) or self._position(view, entry.shard)
            if entry.position != expected:
                raise StoreError(f"shard {entry.shard}: record {entry.position} where {expected} is next")
            next_position[entry.shard] = entry.position + 1
            applier.apply(entry.record)
        applier.finish()
        self._changes.note(applier.news, stamp)  # before anybody can read what is new
        view.put("meta", b"stamp", keys.U64.pack(stamp))
        if now_ms:
            view.put("meta", b"time", keys.U64.pack(now_ms))
        if doubted_ms and view.get("meta", b"doubt") is None:
            view.put("meta", b"doubt", keys.U64.pack(doubted_ms))
        for shard, position in next_position.items():
            view.put("shards", keys.U16.pack(shard), keys.U64.pack(position))
        return stamp

    @staticmethod
    def _position(view: ReadView, shard: int) -> int:
        data = view.get("shards", keys.U16.pack(shard))
        return int(keys.U64.unpack(data)[0]) if data else 1

    def tidy(self) -> None:
        """Backend.tidy. Raises StoreError."""
        self._backend.tidy()

    def purge_step(self, rows: int = ROWS) -> bool:
        """Remove up to `rows` messages of dissolved groups; True if more are left. Raises StoreError."""
        return self._removal.purge_step(rows)

    def trim_step(self, cursor: Cursor, ages: Ages) -> tuple[Cursor | None, int]:
        """Remove what is too old, a step from `cursor` on; Removal.trim_step. Raises StoreError."""
        return self._removal.trim_step(cursor, ages)

    # -- snapshots for actors

    @contextmanager
    def _reading(self, what: str) -> Iterator[ReadView]:
        """A picture; what is found damaged while it is read is noticed."""
        try:
            with self._backend.read() as view:
                yield view
        except DamagedError as error:
            self.noticing.note(what, error)
            raise

    def load_group(self, key: str, now_ms: int) -> GroupSnapshot:
        """All that the group's actor needs; with `profile` None if there is no such group. Raises StoreError."""
        with self._reading(key) as view:
            head = read_head(view, key)
            profile = read_profile(view, key)
            members: list[Member] = []
            marks: list[UserRestriction] = []
            recent: list[Message] = []
            listed = self._listed(view, key)
            if profile is not None:
                low, high = key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP
                members = [unpack(data, Member) for _, data in view.scan("members", low, high)]
                members.sort(key=lambda m: m.join_time_ms)
                marks = [unpack(data, UserRestriction) for _, data in view.scan("marks", low, high)]
                recent = self._recent(view, key, profile, head, now_ms - self._limits.dedupe_window_ms)
        return GroupSnapshot(
            key,
            profile,
            head.next_seq,
            head.last_msg_time_ms,
            head.info_seq,
            head.last_info_time_ms,
            members,
            recent,
            marks,
            head.reserved,
            listed,
        )

    @staticmethod
    def _listed(view: ReadView, key: str) -> list[tuple[str, UserList]]:
        """SC-07: who of a one-to-one conversation has the other on which list."""
        pair = pair_of(key)
        if pair is None:
            return []
        return [
            (user, which)
            for user in pair
            for which in UserList
            if view.get("lists", keys.listed(user, which, other_of(pair, user))) is not None
        ]

    def _recent(self, view: ReadView, key: str, profile: Profile, head: Head, since_ms: int) -> list[Message]:
        low, high = keys.message(key, profile.first_seq), keys.message(key, head.next_seq)
        found: list[Message] = []
        for _, data in view.scan("messages", low, high, reverse=True):
            message = unpack(data, Message)
            if message.time_ms <= since_ms or len(found) >= self._limits.dedupe_entries_max:
                break
            found.append(message)
        found.reverse()
        return found

    def load_user(self, key: str, user_id: str) -> UserSnapshot:
        """All that the user's actor needs. What the user has said of a conversation, and an invitation, is left out where
        it is damaged. Raises StoreError."""
        with self._reading(f"user {user_id}") as view:
            data = view.get("users", user_id.encode())
            low, high = user_id.encode() + keys.SEP, user_id.encode() + keys.AFTER_SEP
            lists = [
                (UserList(row[len(low)]), row[len(low) + 1 :].decode()) for row, _ in view.scan("lists", low, high)
            ]
            chosen = self._readable(view.scan("chosen", low, high), ListEntry, user_id)
            pinned = {conversation: said.pinned_ms for conversation, said in chosen.items() if said.pinned_ms}
            places = {
                keys.second(row): self._place(view, row, value, user_id) for row, value in groups_of(view, user_id)
            }
            invited = list(self._readable(view.scan("invited", low, high), Invitation, user_id).values())
        profile = unpack(data, UserProfile) if data else UserProfile()
        return UserSnapshot(key, user_id, profile, data is not None, lists, pinned, places, invited)

    def _readable(self, rows: Iterator[tuple[bytes, bytes]], type_: type[T], user_id: str) -> dict[str, T]:
        """Rows of the user by conversation, without those that are damaged."""
        found: dict[str, T] = {}
        for row, data in rows:
            try:
                found[keys.second(row)] = unpack(data, type_)
            except DamagedError as error:
                self.noticing.note(f"{type_.__name__} {keys.second(row)}, of {user_id}", error)
        return found

    def _place(self, view: ReadView, row: bytes, value: bytes, user_id: str) -> Place:
        """The user's in a group, of whose memberships this is a row; a group that is damaged is not seen."""
        try:
            return Place.MEMBER if sees(view, row, value, user_id) else Place.HIDDEN
        except DamagedError as error:
            self.noticing.note(f"{keys.second(row)}, of {user_id}", error)
            return Place.HIDDEN

    def load_app(self) -> AppSnapshot:
        """What belongs to the whole app. Raises StoreError."""
        with self._reading("the app") as view:
            types: dict[str, TypeChange] = {}
            counts: dict[str, int] = {}
            muted: dict[str, int] = {}
            lists: dict[int, list[str]] = {}
            for row, data in view.scan("app", b"", keys.LAST):
                kind, _, name = row.decode().partition(":")
                if kind == "type":
                    types[name] = unpack(data, TypeChange)
                elif kind == "list":
                    which, _, entry = name.partition(":")
                    lists.setdefault(int(which), []).append(entry)
                else:
                    (counts if kind == "count" else muted)[name] = keys.U64.unpack(data)[0]
        return AppSnapshot(types, counts, muted, lists)

    # -- queries

    def answer_some(
        self, queries: Sequence[Query | Scan], for_s: float
    ) -> list[tuple[Answer | Scan | StoreError, float]]:
        """The answers to the first of these queries, one at least, as many as take about `for_s` seconds, all from one
        picture of the store, and how many seconds each took. An error stands in place of an answer it concerns, and a
        Scan in place of a query that is to go on with it."""
        began = last = time.perf_counter()
        found: list[tuple[Answer | Scan | StoreError, float]] = []
        with self._backend.read() as view:
            for query in queries:
                answer = self._engine.answer(view, query)
                now = time.perf_counter()
                found.append((answer, now - last))
                last = now
                if now - began > for_s:
                    break
        return found

    def answer_all(self, queries: Sequence[Query]) -> list[Answer | StoreError]:
        """The answer to each query, however long it takes, all from one picture of the store; an error in place of an
        answer it concerns."""
        found: list[Answer | StoreError] = []
        with self._backend.read() as view:
            for query in queries:
                answer = self._engine.answer(view, query)
                while isinstance(answer, Scan):
                    answer = self._engine.answer(view, answer)
                found.append(answer)
        return found


def _key_of(record: Record) -> str:
    return str(getattr(record, "key", "the app"))


def makes_room(record: Record) -> bool:
    """True for records that go through where others find no room (ST-04): somebody or something goes for good. What
    such a record adds, as a tip that a member has left, is less than what went."""
    if isinstance(record, GroupChanged):
        return bool(record.dropped) and not record.put
    if isinstance(record, UserSaved):
        return record.profile.deleted
    if isinstance(record, UserListed):
        return not record.add
    return isinstance(record, GroupDissolved)


__all__ = ["SCHEMA_VERSION", "Entry", "Store", "StoreError", "makes_room", "pack"]
