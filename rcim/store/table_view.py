"""The view in tables: the state that results from the records, for actors that load it and queries that read it.

Records are applied in the transaction of the append (table_log.py); `Applying` is one such commit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from rcim.actor.api_keys import ApiKey
from rcim.actor.events import AnyEvent
from rcim.actor.queries import Query
from rcim.actor.records import Member, Message, Profile, Record, UserRestriction
from rcim.actor.snapshots import AppSnapshot, GroupSnapshot, ParentFacts, UserSnapshot
from rcim.actor.user_records import Invitation, UserProfile
from rcim.base import clock
from rcim.base.limits import Limits
from rcim.base.terms import BROADCAST_ALL, Place, UserList, other_of, pair_of
from rcim.rules.conversation_kinds import is_channel, is_paged, parent_of
from rcim.rules.type_table import TypeChange
from rcim.store import keys
from rcim.store.answers import Answer
from rcim.store.apply import Applier
from rcim.store.backend import Backend, DamagedError, ReadView, StoreError, WriteView
from rcim.store.broadcasts import read_seen, read_times
from rcim.store.change_index import ChangeIndex
from rcim.store.channel_listings import is_listed, names_of
from rcim.store.channel_rows import channel_members, insiders_of, member_ids
from rcim.store.ended_members import members_remain
from rcim.store.event_log import write_events
from rcim.store.noticing import Noticing
from rcim.store.query_engine import QueryEngine
from rcim.store.room_rows import read_attributes
from rcim.store.scan import Scan
from rcim.store.tables import groups_of, read_head, read_newest_ms, read_profile, read_stamp, sees
from rcim.store.values import Head, ListEntry, unpack

T = TypeVar("T")


class Applying:
    """One commit of the view: `apply` for each shard that has records, then `finish`."""

    def __init__(
        self, view: WriteView, changes: ChangeIndex, noticing: Noticing, *, now_ms: int, doubted_ms: int
    ) -> None:
        self._view = view
        self._changes = changes
        self._noticing = noticing
        self._now_ms = now_ms
        self._doubted_ms = doubted_ms
        self.stamp = read_stamp(view) + 1
        """The number of this commit."""
        self._events: list[tuple[int, Sequence[AnyEvent]]] = []
        self._applier = Applier(view, self.stamp, now_ms or clock.wall_ms())

    def apply(self, shard: int, position: int, records: Sequence[Record], events: Sequence[AnyEvent] = ()) -> int:
        """Apply the records of a shard, the first of which has the running number `position`; returns that of the next.
        `events` are the events of these records. Raises StoreError: then the whole commit must be abandoned."""
        if events:
            self._events.append((shard, events))
        if not records:
            return position
        for record in records:
            self._applier.apply(record)
        following = position + len(records)
        self._view.put("shards", keys.U16.pack(shard), keys.U64.pack(following))
        return following

    def finish(self) -> None:
        """Write what is written once for the whole commit."""
        view = self._view
        self._applier.finish()
        if self._events:
            write_events(view, self._events, self._noticing)
        self._changes.note(self._applier.news, self.stamp)  # before anybody can read what is new
        view.put("meta", b"stamp", keys.U64.pack(self.stamp))
        if self._now_ms:
            view.put("meta", b"time", keys.U64.pack(self._now_ms))
        if self._doubted_ms and view.get("meta", b"doubt") is None:
            view.put("meta", b"doubt", keys.U64.pack(self._doubted_ms))


class TableView:
    """See the module's text. `history_id` names the history that the tables hold; damage is reported
    to `noticing`. `text_of` returns the searchable text of a message's body (RX-10)."""

    def __init__(
        self,
        backend: Backend,
        limits: Limits,
        text_of: Callable[[bytes], str],
        history_id: int,
        noticing: Noticing,
    ) -> None:
        self._backend = backend
        self._limits = limits
        self._noticing = noticing
        with backend.read() as view:
            self._changes = ChangeIndex(read_stamp(view))
        self._engine = QueryEngine(
            limits=limits, news=self._changes, text_of=text_of, history_id=history_id, noticing=noticing
        )

    def begin(self, view: WriteView, now_ms: int, doubted_ms: int) -> Applying:
        """Apply records in the transaction of `view`; the times as in `ShardLog.append`, and 0 as `now_ms`: the wall
        clock, and how late it is is not noted."""
        return Applying(view, self._changes, self._noticing, now_ms=now_ms, doubted_ms=doubted_ms)

    def newest_ms(self) -> int:
        """See View."""
        with self._backend.read() as view:
            return read_newest_ms(view)

    # -- snapshots for actors

    @contextmanager
    def _reading(self, what: str) -> Iterator[ReadView]:
        """A read transaction; damage found while reading is reported."""
        try:
            with self._backend.read() as view:
                yield view
        except DamagedError as error:
            self._noticing.note(what, error)
            raise

    def load_group(self, key: str, now_ms: int) -> GroupSnapshot:
        """Everything that the group's actor needs; with `profile` None if there is no such group. Raises StoreError."""
        with self._reading(key) as view:
            head = read_head(view, key)
            shared = is_channel(key)
            parent = self._parent(view, key) if shared and is_listed(view, key) else None
            profile = read_profile(view, key) if parent is not None or not shared else None
            paged = is_paged(key)
            members: list[Member] = []
            marks: list[UserRestriction] = []
            recent: list[Message] = []
            listed = self._listed(view, key)
            times: list[int] = []
            room = None
            if profile is not None:
                room = read_attributes(view, key)
                low, high = key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP
                if key == BROADCAST_ALL:
                    times = read_times(view, now_ms)
                elif paged:
                    members = self._admins(view, key, low, high)
                else:
                    members = [unpack(data, Member) for _, data in view.scan("members", low, high)]
                members.sort(key=lambda m: m.join_time_ms)
                marks = [unpack(data, UserRestriction) for _, data in view.scan("marks", low, high)]
                recent = self._recent(
                    view=view, key=key, profile=profile, head=head, since_ms=now_ms - self._limits.dedupe_window_ms
                )
            channels = list(names_of(view, key)) if paged and profile is not None else []
            insiders = list(insiders_of(view, key)) if shared and profile is not None else []
            ending = paged and profile is None and members_remain(view.get("purge", key.encode()))
        return GroupSnapshot(
            key=key,
            profile=profile,
            next_seq=head.next_seq,
            last_msg_time_ms=head.last_msg_time_ms,
            info_seq=head.info_seq,
            last_info_time_ms=head.last_info_time_ms,
            members=members,
            recent=recent,
            marks=marks,
            reserved=head.reserved,
            listed=listed,
            member_num=head.member_num,
            cleared_max=head.cleared_max,
            times=times,
            room=room,
            joined_ms=head.joined_ms,
            channels=channels,
            ending=ending,
            parent=parent,
            channel_listed=parent is not None,
            insiders=insiders,
        )

    @staticmethod
    def _parent(view: ReadView, key: str) -> ParentFacts | None:
        """What a channel's actor has to know of its group; None: the group has ended."""
        parent = parent_of(key)
        profile, head = read_profile(view, parent), read_head(view, parent)
        if profile is None:
            return None
        rows = view.scan("marks", parent.encode() + keys.SEP, parent.encode() + keys.AFTER_SEP)
        marks = [unpack(data, UserRestriction) for _, data in rows]
        muted = {mark.user_id: mark.muted_until_ms for mark in marks if mark.muted_until_ms}
        blocked = {mark.user_id: mark.blocked_until_ms for mark in marks if mark.blocked_until_ms}
        return ParentFacts(profile, muted, blocked, head.member_num, head.joined_ms)

    @staticmethod
    def _admins(view: ReadView, key: str, low: bytes, high: bytes) -> list[Member]:
        """The owner and the admins of a conversation whose members are not all in memory, from their index: no other
        row is looked at."""
        rows = (view.get("members", row) for row, _ in view.scan("admins", low, high))
        return [unpack(data, Member) for data in rows if data is not None]

    def load_members(self, key: str, user_ids: Iterable[str]) -> dict[str, Member | None]:
        """See View."""
        with self._reading(key) as view:
            if is_channel(key):
                return channel_members(view, key, list(user_ids))
            rows = {user_id: view.get("members", keys.pair(key, user_id)) for user_id in user_ids}
            return {user_id: unpack(data, Member) if data is not None else None for user_id, data in rows.items()}

    def load_member_page(self, key: str, after: str, limit: int) -> list[Member]:
        """See View."""
        with self._reading(key) as view:
            rows = view.scan("members", keys.after(key, after), key.encode() + keys.AFTER_SEP)
            if is_channel(key):
                found = channel_members(view, key, list(islice(member_ids(view, key, after), limit)))
                return [member for member in found.values() if member is not None]
            return [unpack(data, Member) for _, data in islice(rows, limit)]

    @staticmethod
    def _listed(view: ReadView, key: str) -> list[tuple[str, UserList]]:
        """SC-07: which of the two users has the other on which list."""
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
        """Everything that the user's actor needs, without damaged list entries and invitations. Raises StoreError."""
        with self._reading(f"user {user_id}") as view:
            data = view.get("users", user_id.encode())
            low, high = user_id.encode() + keys.SEP, user_id.encode() + keys.AFTER_SEP
            lists = [
                (UserList(row[len(low)]), row[len(low) + 1 :].decode()) for row, _ in view.scan("lists", low, high)
            ]
            chosen = self._readable(view.scan("chosen", low, high), ListEntry, user_id)
            pinned = {conversation: said.pinned_ms for conversation, said in chosen.items() if said.pinned_ms}
            places = {
                keys.second(row): self._place(view, row, value, user_id)
                for row, value in groups_of(view, user_id)
                if not self._has_ended(view, row, user_id)
            }
            invited = list(self._readable(view.scan("invited", low, high), Invitation, user_id).values())
            seen_ms = read_seen(view, user_id)
        profile = unpack(data, UserProfile) if data else UserProfile()
        return UserSnapshot(
            key=key,
            user_id=user_id,
            profile=profile,
            known=data is not None,
            lists=lists,
            pinned=pinned,
            places=places,
            invitations=invited,
            seen_ms=seen_ms,
        )

    def _readable(self, rows: Iterator[tuple[bytes, bytes]], type_: type[T], user_id: str) -> dict[str, T]:
        """Rows of the user by conversation, without those that are damaged."""
        found: dict[str, T] = {}
        for row, data in rows:
            try:
                found[keys.second(row)] = unpack(data, type_)
            except DamagedError as error:
                self._noticing.note(f"{type_.__name__} {keys.second(row)}, of {user_id}", error)
        return found

    @staticmethod
    def _has_ended(view: ReadView, row: bytes, user_id: str) -> bool:
        """True for the membership of a group that is gone, and whose members are still being removed."""
        key = row[len(user_id.encode() + keys.SEP) :]
        return is_paged(key.decode()) and view.get("profiles", key) is None

    def _place(self, view: ReadView, row: bytes, value: bytes, user_id: str) -> Place:
        """The user's place in a group, from this row of a membership; a damaged group counts as hidden."""
        try:
            return Place.MEMBER if sees(view, row, value, user_id) else Place.HIDDEN
        except DamagedError as error:
            self._noticing.note(f"{keys.second(row)}, of {user_id}", error)
            return Place.HIDDEN

    def load_app(self) -> AppSnapshot:
        """The data of the whole app. Raises StoreError."""
        with self._reading("the app") as view:
            types: dict[str, TypeChange] = {}
            counts: dict[str, int] = {}
            muted: dict[str, int] = {}
            blocked: dict[str, int] = {}
            lists: dict[int, list[str]] = {}
            attributes: dict[int, str] = {}
            api_keys: dict[str, ApiKey] = {}
            for row, data in view.scan("app", b"", keys.LAST):
                kind, _, name = row.decode().partition(":")
                if kind == "type":
                    types[name] = unpack(data, TypeChange)
                elif kind == "attributes":
                    attributes = unpack(data, dict[int, str])
                elif kind == "key":
                    api_keys[name] = unpack(data, ApiKey)
                elif kind == "list":
                    which, _, entry = name.partition(":")
                    lists.setdefault(int(which), []).append(entry)
                elif kind == "blocked":
                    blocked[name] = keys.U64.unpack(data)[0]
                else:
                    (counts if kind == "count" else muted)[name] = keys.U64.unpack(data)[0]
        return AppSnapshot(types, counts, muted, lists, attributes, api_keys, blocked)

    # -- queries

    def answer_some(
        self, queries: Sequence[Query | Scan], for_s: float
    ) -> list[tuple[Answer | Scan | StoreError, float]]:
        """The answers to the first of these queries, one at least, as many as take about `for_s` seconds, all from one
        snapshot of the store, and how many seconds each took. An error takes the place of the answer to its query, and
        a Scan that of a query that continues with it."""
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
        """The answer to each query, however long it takes, all from one snapshot of the store; an error takes the place
        of the answer to its query."""
        found: list[Answer | StoreError] = []
        with self._backend.read() as view:
            for query in queries:
                answer = self._engine.answer(view, query)
                while isinstance(answer, Scan):
                    answer = self._engine.answer(view, answer)
                found.append(answer)
        return found
