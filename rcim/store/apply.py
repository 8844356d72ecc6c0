"""Applying records to the tables: the one place where a record becomes what is kept (design 1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rcim.actor.records import (
    GroupCreated,
    GroupDissolved,
    Member,
    MemberJoined,
    MemberLeft,
    MessageKept,
    Record,
    UserProfileSet,
)
from rcim.store import keys
from rcim.store.backend import StoreError, WriteView
from rcim.store.values import Head, pack, unpack


class Applier:
    """Applies the records of one commit; heads are read once and written once."""

    def __init__(self, view: WriteView) -> None:
        self._view = view
        self._heads: dict[str, Head] = {}

    def apply(self, record: Record) -> None:
        """Apply one record. Raises StoreError if what is there already is damaged."""
        _APPLY[type(record)](self, record)

    def finish(self) -> None:
        """Write the heads; call once, after the last record."""
        for key, head in self._heads.items():
            self._view.put("heads", key.encode(), pack(head))

    def _head(self, key: str) -> Head:
        head = self._heads.get(key)
        if head is None:
            data = self._view.get("heads", key.encode())
            head = unpack(data, Head) if data else Head()
        return head

    def _change(self, key: str, **fields: int) -> None:
        self._heads[key] = msgspec.structs.replace(self._head(key), **fields)

    def _message_kept(self, record: MessageKept) -> None:
        message = record.message
        head = self._head(record.key)
        if message.seq != head.next_seq:
            raise StoreError(f"{record.key}: SEQ {message.seq} where {head.next_seq} is next")
        self._view.put("messages", keys.message(record.key, message.seq), pack(message))
        self._heads[record.key] = Head(
            message.seq + 1, message.time_ms, head.info_seq, head.last_info_time_ms, head.member_num
        )

    def _group_created(self, record: GroupCreated) -> None:
        self._view.put("profiles", record.key.encode(), pack(record.profile))
        for member in record.members:
            self._put_member(record.key, member)
        head = self._head(record.key)
        self._change(
            record.key,
            member_num=len(record.members),
            info_seq=head.info_seq + 1,
            last_info_time_ms=record.profile.create_time_ms,
        )

    def _group_dissolved(self, record: GroupDissolved) -> None:
        key = record.key.encode()
        self._view.delete("profiles", key)
        rows = self._view.scan("members", key + keys.SEP, key + keys.AFTER_SEP)
        for user in [keys.second(row) for row, _ in rows]:
            self._drop_member(record.key, user)
        newest = self._head(record.key).next_seq - 1
        if newest:
            self._view.put("purge", key, keys.U64.pack(newest))
        self._change(record.key, member_num=0)

    def _member_joined(self, record: MemberJoined) -> None:
        self._put_member(record.key, record.member)
        self._member_num(record.key, +1, record.time_ms)

    def _member_left(self, record: MemberLeft) -> None:
        self._drop_member(record.key, record.user_id)
        self._member_num(record.key, -1, record.time_ms)

    def _user_profile_set(self, record: UserProfileSet) -> None:
        self._view.put("users", record.user_id.encode(), pack(record.profile))

    def _put_member(self, key: str, member: Member) -> None:
        self._view.put("members", keys.pair(key, member.user_id), pack(member))
        self._view.put("memberships", keys.pair(member.user_id, key), b"")

    def _drop_member(self, key: str, user_id: str) -> None:
        self._view.delete("members", keys.pair(key, user_id))
        self._view.delete("memberships", keys.pair(user_id, key))

    def _member_num(self, key: str, by: int, time_ms: int) -> None:
        head = self._head(key)
        self._change(key, member_num=head.member_num + by, info_seq=head.info_seq + 1, last_info_time_ms=time_ms)


_APPLY: dict[type, Callable[[Applier, Any], None]] = {
    MessageKept: Applier._message_kept,
    GroupCreated: Applier._group_created,
    GroupDissolved: Applier._group_dissolved,
    MemberJoined: Applier._member_joined,
    MemberLeft: Applier._member_left,
    UserProfileSet: Applier._user_profile_set,
}
