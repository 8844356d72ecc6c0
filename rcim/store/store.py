"""The store: `claim`, `append`, snapshots for actors, answers to queries, removal in small steps.

All of it blocks; the dispatcher calls `append` and `purge_step` from its one writing thread, and reads from its one
reading thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from rcim.actor.outcomes import (
    AllGroupsQuery,
    HeadsQuery,
    JoinedGroupsQuery,
    LoginQuery,
    MembersQuery,
    MessagesQuery,
    Query,
    UserQuery,
)
from rcim.actor.records import (
    GroupDissolved,
    GroupSnapshot,
    Member,
    MemberLeft,
    Message,
    Profile,
    Record,
    UserProfile,
    UserSnapshot,
)
from rcim.base.ids import SHARDS
from rcim.base.limits import Limits
from rcim.store import keys
from rcim.store.answers import Answer, GroupRow, GroupsPage, Heads, LoginFacts, MembersPage, MessagesPage, UserFacts
from rcim.store.apply import Applier
from rcim.store.backend import Backend, NoRoom, ReadView, StoreError, WriteView
from rcim.store.values import Head, pack, unpack

SCHEMA_VERSION = 1
REMOVING = (GroupDissolved, MemberLeft)
"""Records that make room: they go through where others find none."""
ROW_OVERHEAD = 64
"""What a row can be longer in a frame than in the store."""
FRAME_RESERVE = 2048
"""What a page's frame holds besides its rows."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record with its place: the shard it belongs to and its running number there."""

    shard: int
    position: int
    record: Record


class Store:
    """See the module's text. Opening creates the schema or checks it; raises StoreError."""

    def __init__(self, backend: Backend, limits: Limits) -> None:
        self._backend = backend
        self._limits = limits
        self._page_bytes = limits.frame_bytes_max - FRAME_RESERVE
        self._check_schema()

    def _check_schema(self) -> None:
        with self._backend.read() as view:
            found = view.get("meta", b"schema")
        if found is None:
            with self._backend.write() as writable:
                writable.put("meta", b"schema", keys.U16.pack(SCHEMA_VERSION))
        elif keys.U16.unpack(found)[0] != SCHEMA_VERSION:
            raise StoreError(
                f"the store has schema version {keys.U16.unpack(found)[0]}; this program knows {SCHEMA_VERSION}"
            )

    def close(self) -> None:
        """Give back files and memory."""
        self._backend.close()

    # -- writing

    def claim(self) -> list[int]:
        """The running number of the next record of each shard, SHARDS of them."""
        with self._backend.read() as view:
            found = (view.get("shards", keys.U16.pack(shard)) for shard in range(SHARDS))
            return [keys.U64.unpack(data)[0] if data else 1 for data in found]

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep records, all or none, durable when it returns (ST-01). Their positions must go on from the shard's.

        Raises StoreError: nothing was kept.
        """
        while True:
            try:
                with self._backend.write() as view:
                    self._append(view, entries)
                return
            except NoRoom:
                self._backend.grow(reserve=all(isinstance(e.record, REMOVING) for e in entries))

    def _append(self, view: WriteView, entries: Sequence[Entry]) -> None:
        applier = Applier(view)
        next_position: dict[int, int] = {}
        for entry in entries:
            expected = next_position.get(entry.shard) or self._position(view, entry.shard)
            if entry.position != expected:
                raise StoreError(f"shard {entry.shard}: record {entry.position} where {expected} is next")
            next_position[entry.shard] = entry.position + 1
            applier.apply(entry.record)
        applier.finish()
        for shard, position in next_position.items():
            view.put("shards", keys.U16.pack(shard), keys.U64.pack(position))

    @staticmethod
    def _position(view: ReadView, shard: int) -> int:
        data = view.get("shards", keys.U16.pack(shard))
        return int(keys.U64.unpack(data)[0]) if data else 1

    def purge_step(self, rows: int = 500) -> bool:
        """Remove up to `rows` messages of dissolved groups; True if more are left. Raises StoreError."""
        with self._backend.read() as view:
            todo = next(iter(view.scan("purge", b"", keys.LAST)), None)
            if todo is None:
                return False
            key, newest = todo[0].decode(), keys.U64.unpack(todo[1])[0]
            span = view.scan("messages", keys.message(key, 0), keys.message(key, newest + 1))
            gone = [row for row, _ in _first(span, rows)]
        while True:
            try:
                with self._backend.write() as writable:
                    for row in gone:
                        writable.delete("messages", row)
                    if len(gone) < rows:
                        writable.delete("purge", todo[0])
                return True
            except NoRoom:
                self._backend.grow(reserve=True)

    # -- snapshots for actors

    def load_group(self, key: str, now_ms: int) -> GroupSnapshot:
        """All that the group's actor needs; with `profile` None if there is no such group. Raises StoreError."""
        with self._backend.read() as view:
            head = _head(view, key)
            profile = _profile(view, key)
            if profile is None:
                members, recent = [], []
            else:
                rows = view.scan("members", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP)
                members = [unpack(data, Member) for _, data in rows]
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
        )

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
        """All that the user's actor needs. Raises StoreError."""
        with self._backend.read() as view:
            return UserSnapshot(key, user_id, _user(view, user_id))

    # -- queries

    def answer_all(self, queries: Sequence[Query]) -> list[Answer | StoreError]:
        """The answer to each query, all from one picture of the store; an error in place of an answer it concerns."""
        answers: list[Answer | StoreError] = []
        with self._backend.read() as view:
            for query in queries:
                try:
                    answers.append(_ANSWER[type(query)](self, view, query))
                except StoreError as error:
                    answers.append(error)
        return answers

    def _messages(self, view: ReadView, query: MessagesQuery) -> MessagesPage:
        low, high = query.from_seq, query.to_seq
        if query.from_time_ms:
            low = max(low, self._seq_at(view, query, query.from_time_ms))
        if query.to_time_ms:
            high = min(high, self._seq_at(view, query, query.to_time_ms + 1) - 1)
        found: list[Message] = []
        more = False
        room = self._page_bytes
        span = view.scan(
            "messages", keys.message(query.key, low), keys.message(query.key, high + 1), reverse=query.backwards
        )
        for _, data in span if low <= high else ():
            room -= len(data) + ROW_OVERHEAD
            if len(found) == query.limit or (room < 0 and found):
                more = True
                break
            found.append(unpack(data, Message))
        return MessagesPage(query.newest_seq, query.first_seq, more, found)

    @staticmethod
    def _seq_at(view: ReadView, query: MessagesQuery, time_ms: int) -> int:
        """The least SEQ whose message is of `time_ms` or later. Times never fall within a conversation, so it is a
        search by halves: about 20 reads in a million messages."""
        low, high = query.first_seq, query.newest_seq + 1
        while low < high:
            middle = (low + high) // 2
            data = next(
                iter(view.scan("messages", keys.message(query.key, middle), keys.message(query.key, high))), None
            )
            if data is None or unpack(data[1], Message).time_ms >= time_ms:
                high = middle
            else:
                low = unpack(data[1], Message).seq + 1
        return low

    def _members(self, view: ReadView, query: MembersQuery) -> MembersPage:
        rows = view.scan("members", keys.after(query.key, query.cursor), query.key.encode() + keys.AFTER_SEP)
        found, more = self._page(rows, query.limit)
        members = [unpack(data, Member) for _, data in found]
        return MembersPage(members, members[-1].user_id if more else "")

    def _joined_groups(self, view: ReadView, query: JoinedGroupsQuery) -> GroupsPage:
        low, high = keys.after(query.user_id, query.cursor), query.user_id.encode() + keys.AFTER_SEP
        found, more = self._page(view.scan("memberships", low, high), query.limit, 400)
        names = [keys.second(row) for row, _ in found]
        groups = [_group_row(view, key, query.user_id) for key in names]
        return GroupsPage([g for g in groups if g is not None], names[-1] if more else "")

    def _all_groups(self, view: ReadView, query: AllGroupsQuery) -> GroupsPage:
        low = query.cursor.encode() + (keys.SEP if query.cursor else b"")
        found, more = self._page(view.scan("profiles", low, keys.LAST), query.limit, 400)
        names = [row.decode() for row, _ in found]
        groups = [_group_row(view, key, "") for key in names]
        return GroupsPage([g for g in groups if g is not None], names[-1] if more else "")

    def _user_facts(self, view: ReadView, query: UserQuery) -> UserFacts:
        return UserFacts(_user(view, query.user_id))

    def _login_facts(self, view: ReadView, query: LoginQuery) -> LoginFacts:
        user = query.user_id.encode()
        rows = view.scan("memberships", user + keys.SEP, user + keys.AFTER_SEP)
        return LoginFacts(_user(view, query.user_id), [keys.second(row) for row, _ in rows])

    def _heads(self, view: ReadView, query: HeadsQuery) -> Heads:
        return Heads({key: _head(view, key).next_seq - 1 for key in query.keys})

    def _page(
        self, rows: Iterator[tuple[bytes, bytes]], limit: int, row_bytes: int = 0
    ) -> tuple[list[tuple[bytes, bytes]], bool]:
        """Up to `limit` rows, fewer if they would not fit a frame, and whether there are more."""
        found: list[tuple[bytes, bytes]] = []
        room = self._page_bytes
        for row in rows:
            room -= (row_bytes or len(row[1])) + ROW_OVERHEAD
            if len(found) == limit or room < 0:
                return found, True
            found.append(row)
        return found, False


def _first(rows: Iterator[tuple[bytes, bytes]], count: int) -> Iterator[tuple[bytes, bytes]]:
    for _, row in zip(range(count), rows, strict=False):
        yield row


def _head(view: ReadView, key: str) -> Head:
    data = view.get("heads", key.encode())
    return unpack(data, Head) if data else Head()


def _profile(view: ReadView, key: str) -> Profile | None:
    data = view.get("profiles", key.encode())
    return unpack(data, Profile) if data else None


def _user(view: ReadView, user_id: str) -> UserProfile:
    data = view.get("users", user_id.encode())
    return unpack(data, UserProfile) if data else UserProfile()


def _group_row(view: ReadView, key: str, user_id: str) -> GroupRow | None:
    profile = _profile(view, key)
    if profile is None:
        return None
    head = _head(view, key)
    data = view.get("members", keys.pair(key, user_id)) if user_id else None
    return GroupRow(profile, head.member_num, head.next_seq - 1, unpack(data, Member) if data else None)


_ANSWER: dict[type, Callable[[Store, ReadView, Any], Answer]] = {
    MessagesQuery: Store._messages,
    MembersQuery: Store._members,
    JoinedGroupsQuery: Store._joined_groups,
    AllGroupsQuery: Store._all_groups,
    UserQuery: Store._user_facts,
    LoginQuery: Store._login_facts,
    HeadsQuery: Store._heads,
}

__all__ = ["SCHEMA_VERSION", "Entry", "Store", "StoreError", "pack"]
