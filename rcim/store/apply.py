"""Applying records to the tables: the one place where a record becomes what is kept (docs/adr/0022)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from rcim.actor.applications import Application
from rcim.actor.records import (
    ChannelListed,
    GroupChanged,
    GroupCreated,
    GroupDissolved,
    InsidersChanged,
    Member,
    Message,
    MessageAltered,
    MessageKept,
    MessagesHidden,
    Profile,
    Record,
    RoomAttributesChanged,
    SeqReserved,
    UserRestriction,
)
from rcim.actor.user_records import UserProfile
from rcim.base.terms import Role
from rcim.rules.conversation_kinds import SYSTEM, TEMPORARY, channel_key, is_channel, is_paged, kind_of, parent_of
from rcim.rules.folding import words_of
from rcim.store import keys
from rcim.store.apply_users import OF_USERS
from rcim.store.backend import StoreError, WriteView
from rcim.store.channel_listings import is_listed, list_channel, names_of, note_private, unlist_channel
from rcim.store.channel_rows import (
    MEMBERS_AT_ONCE,
    OWN_ROWS_AT_ONCE,
    channel_members,
    drop_index,
    drop_inside,
    forget_in_channels,
    forget_own_rows,
    insiders_of,
    parent_member,
    put_inside,
)
from rcim.store.ended_members import REMAIN
from rcim.store.endings import note_beginning, note_end
from rcim.store.messages import pack_message
from rcim.store.room_rows import remove_room, write_attributes
from rcim.store.system_accounts import put_account
from rcim.store.tables import read_profile
from rcim.store.values import Head, Waiting, pack, unpack


class Applier:
    """Applies the records of one commit, whose number is `stamp`; heads are read once and written once. `now_ms` is the
    wall clock."""

    def __init__(self, view: WriteView, stamp: int, now_ms: int) -> None:
        self._view = view
        self._stamp = stamp
        self._now_ms = now_ms
        self.news: set[str] = set()
        """Conversations of which all in them have something to learn (RX-03)."""
        self._heads: dict[str, Head] = {}
        self._profiles: dict[str, Profile | None] = {}
        self._ended: set[str] = set()
        """Temporary conversations that have ended: not even their counters stay (SY-02)."""

    def apply(self, record: Record) -> None:
        """Apply one record. Raises StoreError if what is there already is damaged."""
        apply = _APPLY.get(type(record))
        if apply is not None:
            apply(self, record)
        else:
            OF_USERS[type(record)](self._view, self._stamp, record)

    def finish(self) -> None:
        """Write the heads; call once, after the last record."""
        for key, head in self._heads.items():
            if key in self._ended:
                self._view.delete("heads", key.encode())
            else:
                self._view.put("heads", key.encode(), pack(head))

    def _head(self, key: str) -> Head:
        head = self._heads.get(key)
        if head is None:
            data = self._view.get("heads", key.encode())
            head = unpack(data, Head) if data else Head()
        return head

    def _changed(self, key: str) -> None:
        """All in the conversation have something to learn."""
        self.news.add(key)
        self._change(key, changed=self._stamp)

    def _changed_for(self, key: str, user_id: str) -> None:
        """Only this user has something to learn of it."""
        if is_channel(key):
            member = channel_members(self._view, key, [user_id])[user_id]
            if member is not None:  # there has to be a row that says so
                self._put_member(key, member)
            return
        row = keys.pair(user_id, key)
        there = self._view.get("memberships", row)
        if there is not None:
            self._view.put("memberships", row, keys.membership(there[0] if there else 0, self._stamp))

    def _change(self, key: str, **fields: int) -> None:
        self._heads[key] = msgspec.structs.replace(self._head(key), **fields)

    # -- messages

    def _message_kept(self, record: MessageKept) -> None:
        self._keep(record.key, record.message)
        if record.profile is not None:
            self._put_profile(record.key, record.profile)
        if record.sender is not None:
            self._put_member(record.key, record.sender)

    def _keep(self, key: str, message: Message) -> None:
        head = self._head(key)
        if message.seq != head.next_seq:
            raise StoreError(f"{key}: SEQ {message.seq} where {head.next_seq} is next")
        self._view.put("messages", keys.message(key, message.seq), pack_message(message))
        self.news.add(key)
        stamp = self._stamp
        self._heads[key] = Head(
            next_seq=message.seq + 1,
            last_msg_time_ms=message.time_ms,
            info_seq=head.info_seq,
            last_info_time_ms=head.last_info_time_ms,
            member_num=head.member_num,
            reserved=False,
            changed=stamp,
            messaged=stamp,
            kept_seq=head.kept_seq,
            cleared_max=head.cleared_max,
            joined_ms=head.joined_ms,
        )

    def _message_altered(self, record: MessageAltered) -> None:
        row = keys.message(record.key, record.message.seq)
        if self._view.get("messages", row) is not None:  # it may have been removed meanwhile
            self._view.put("messages", row, pack_message(record.message))
            self._view.put("altered", keys.altered(record.key, self._stamp, record.message.seq), b"")
            if record.only:
                self._changed_for(record.key, record.only)
            else:
                self._changed(record.key)

    def _messages_hidden(self, record: MessagesHidden) -> None:
        for seq in record.seqs:
            self._view.put("hidden", keys.hidden(record.key, record.user_id, seq), b"")
            self._view.put("altered", keys.altered(record.key, self._stamp, seq), record.user_id.encode())
        self._changed_for(record.key, record.user_id)

    def _seq_reserved(self, record: SeqReserved) -> None:
        if record.next_seq < self._head(record.key).next_seq:
            raise StoreError(f"{record.key}: the counter would fall back to {record.next_seq}")
        self._change(record.key, next_seq=record.next_seq, reserved=True)

    # -- groups

    def _group_created(self, record: GroupCreated) -> None:
        if is_channel(record.key) and not is_listed(self._view, record.key):  # its group has ended meanwhile
            return
        self._put_profile(record.key, record.profile)
        if record.profile.private:  # UG-05
            note_private(self._view, record.key, True)
        for member in record.members:
            self._put_member(record.key, member)
        head = self._head(record.key)
        self._change(
            record.key,
            member_num=len(record.members),
            info_seq=head.info_seq + 1,
            last_info_time_ms=record.time_ms,
            last_msg_time_ms=0,
            reserved=head.reserved and not record.stored,
        )
        self._changed(record.key)
        self._count(record.profile.type, +1)
        if record.profile.ends_ms:
            note_beginning(self._view, record.key, record.profile, record.members)

    def _group_changed(self, record: GroupChanged) -> None:
        key = record.key
        if record.profile is not None:
            self._note_private(record, record.profile)
            self._put_profile(key, record.profile)
            self._changed(key)
        came = sum(self._put_member(key, member) for member in record.put)
        for user_id in record.dropped:
            came -= self._drop_member(key, user_id)
        head = self._head(key)
        if record.info:
            self._change(
                key,
                member_num=head.member_num + came,
                info_seq=head.info_seq + 1,
                last_info_time_ms=record.time_ms,
            )
        elif came:
            self._change(key, member_num=head.member_num + came)
        for mark in record.marks:
            if self._put_mark(key, mark, record.decided):
                self._view.put("altered", keys.altered(key, self._stamp, 0), b"")
                self._changed(key)
        for user_id in record.deciders:  # GR-12
            self._changed_for(key, user_id)
        if record.message is not None:
            self._keep(key, record.message)

    def _note_private(self, record: GroupChanged, profile: Profile) -> None:
        """UG-05: devices that are offline learn of a channel that has become private."""
        if is_channel(record.key):
            before = read_profile(self._view, record.key)
            if before is not None and before.private is not profile.private:
                note_private(self._view, record.key, profile.private, self._stamp, record.time_ms)

    def _group_dissolved(self, record: GroupDissolved, *, with_group: bool = False) -> None:
        """`with_group`: it is a channel whose ultra group ends: who is told of that knows enough."""
        key = record.key.encode()
        before = self._view.get("profiles", key)
        if before is not None:
            profile = unpack(before, Profile)
            self._index(record.key, profile.name, "")
            self._count(profile.type, -1)
            if profile.ends_ms:
                note_end(self._view, record.key, profile, self._now_ms)
            if profile.private and not with_group:  # of others the listing tells
                for user_id in insiders_of(self._view, record.key):
                    self._note_left(user_id, record.key)
        self._view.delete("profiles", key)
        self._profiles.pop(record.key, None)
        members_remain = is_paged(record.key) and self._end_of_paged(record.key, with_group=with_group)
        if not members_remain:
            rows = self._view.scan("members", key + keys.SEP, key + keys.AFTER_SEP)
            for user in [keys.second(row) for row, _ in rows]:
                self._drop_member(record.key, user)
        for row in [row for row, _ in self._view.scan("marks", key + keys.SEP, key + keys.AFTER_SEP)]:
            self._view.delete("marks", row)
        for row in [row for row, _ in self._view.scan("waiting", key + keys.SEP, key + keys.AFTER_SEP)]:
            self._view.delete("waiting", row)
            self._view.delete("applied", keys.pair(keys.second(row), record.key))
        remove_room(self._view, record.key)
        newest = self._head(record.key).next_seq - 1
        temporary = record.key.startswith(TEMPORARY.prefix)
        if temporary:
            self._ended.add(record.key)
        if newest or temporary or members_remain:
            tail = REMAIN if members_remain else b""
            self._view.put("purge", key, keys.U64.pack(newest) + keys.U64.pack(self._stamp) + tail)
        self._change(record.key, member_num=0, cleared_max=0, joined_ms=0)

    def _end_of_paged(self, key: str, *, with_group: bool) -> bool:
        """What a conversation has besides whose members are not all in memory: its channels end with it (UG-02). True if
        its members are too many to be removed at once: they go little by little (retention.py)."""
        for name in list(names_of(self._view, key)):
            self._group_dissolved(GroupDissolved(channel_key(key, name)), with_group=True)
        drop_index(self._view, key)
        if is_channel(key):
            most = OWN_ROWS_AT_ONCE if with_group else MEMBERS_AT_ONCE
            return not forget_own_rows(self._view, key, most)
        return self._head(key).member_num > MEMBERS_AT_ONCE

    # -- channels

    def _channel_listed(self, record: ChannelListed) -> None:
        if record.listed:
            list_channel(self._view, record.key, record.name)
        else:
            unlist_channel(self._view, record.key, record.name, self._stamp)
        self._changed(record.key)

    def _insiders_changed(self, record: InsidersChanged) -> None:
        parent = parent_of(record.key)
        for user_id in record.add:
            if parent_member(self._view, parent, user_id) is None:  # they left while they were being added
                continue
            put_inside(self._view, record.key, user_id)
            self._view.delete("left", keys.pair(user_id, record.key))
            self._changed_for(record.key, user_id)
        profile = read_profile(self._view, record.key)
        for user_id in record.remove:
            if drop_inside(self._view, record.key, user_id) and profile is not None and profile.private:
                self._note_left(user_id, record.key)

    def _note_left(self, user_id: str, key: str) -> None:
        if not self._is_deleted(user_id):
            stamps = keys.U64.pack(self._stamp) + keys.U64.pack(self._now_ms)
            self._view.put("left", keys.pair(user_id, key), stamps)

    def _put_profile(self, key: str, profile: Profile) -> None:
        before = self._view.get("profiles", key.encode())
        self._index(key, unpack(before, Profile).name if before else "", profile.name)
        self._view.put("profiles", key.encode(), pack(profile))
        self._profiles[key] = profile
        if kind_of(key) is SYSTEM:
            put_account(self._view, profile)
        if profile.keep_alive:  # CR-04
            self._view.put("kept_rooms", key.encode(), b"")
        elif before and unpack(before, Profile).keep_alive:
            self._view.delete("kept_rooms", key.encode())

    def _room_attributes_changed(self, record: RoomAttributesChanged) -> None:
        write_attributes(self._view, record)

    def _index(self, key: str, before: str, name: str) -> None:
        """GR-09: the words by which a group is found."""
        if before == name:
            return
        old, new = words_of(before), words_of(name)
        for word in old:
            if word not in new:
                self._view.delete("words", keys.pair(word, key))
        for word in new:
            self._view.put("words", keys.pair(word, key), b"")

    def _put_member(self, key: str, member: Member) -> bool:
        """True if it is a new one. In a channel nobody is one: there is what a member of its group has of their own."""
        row = keys.pair(key, member.user_id)
        if is_channel(key):
            self._view.put("members", row, pack(member))
            own = keys.pair(member.user_id, key)
            self._view.put("own", own, keys.membership(member.msg_flag, self._stamp))
            return False
        new = self._view.get("members", row) is None
        self._view.put("members", row, pack(member))
        hidden = keys.HIDDEN if self._hidden(key) else 0
        own = keys.pair(member.user_id, key)
        self._view.put("memberships", own, keys.membership(member.msg_flag | hidden, self._stamp))
        if new:
            self._view.delete("left", own)
            self._view.delete("invited", own)
        if is_paged(key):
            self._index_member(key, member)
        return new

    def _index_member(self, key: str, member: Member) -> None:
        """What the actor is loaded from where the members are not all in memory: it looks at no other row then."""
        head, row = self._head(key), keys.pair(key, member.user_id)
        if member.role >= Role.ADMIN:
            self._view.put("admins", row, b"")
        else:
            self._view.delete("admins", row)
        if member.cleared_seq > head.cleared_max or member.join_time_ms > head.joined_ms:
            cleared, joined = max(member.cleared_seq, head.cleared_max), max(member.join_time_ms, head.joined_ms)
            self._change(key, cleared_max=cleared, joined_ms=joined)

    def _hidden(self, key: str) -> bool:
        """True if the group is one that its members do not know of yet (GT-16, GR-08)."""
        found = self._profiles.get(key)
        if found is None:
            data = self._view.get("profiles", key.encode())
            found = self._profiles[key] = unpack(data, Profile) if data else None
        return found is not None and (found.importing or not found.active)

    def _drop_member(self, key: str, user_id: str) -> bool:
        """True if it was one."""
        if is_paged(key):
            self._view.delete("admins", keys.pair(key, user_id))
            forget_in_channels(self._view, key, user_id)
        row = keys.pair(key, user_id)
        there = self._view.get("members", row) is not None
        self._view.delete("members", row)
        own = keys.pair(user_id, key)
        self._view.delete("memberships", own)
        self._view.delete("chosen", own)
        if there:
            self._note_left(user_id, key)
        return there

    def _is_deleted(self, user_id: str) -> bool:
        """ID-09: whoever gets the id next learns nothing of where it was."""
        data = self._view.get("users", user_id.encode())
        return data is not None and unpack(data, UserProfile).deleted

    def _put_mark(self, key: str, mark: UserRestriction, decided: Application | None) -> bool:
        """True if all of a sender's messages are deleted that were not before (MS-10)."""
        row = keys.pair(key, mark.user_id)
        data = self._view.get("marks", row)
        before = unpack(data, UserRestriction) if data else UserRestriction(mark.user_id)
        erased = mark.erased_seq not in (0, before.erased_seq)
        self._put_application(key, before, mark, decided)
        if mark == UserRestriction(mark.user_id):
            self._view.delete("marks", row)
        else:
            self._view.put("marks", row, pack(mark))
        return erased

    def _put_application(
        self, key: str, before: UserRestriction, mark: UserRestriction, decided: Application | None
    ) -> None:
        """GR-12: what the applicant finds of it, and what is counted for those who decide."""
        row, own = keys.pair(key, mark.user_id), keys.pair(mark.user_id, key)
        if mark.applied_ms:
            self._view.put("waiting", row, pack(Waiting(mark.applied_ms)))
            self._view.put("applied", own, pack(Application(mark.user_id, key, mark.applied_ms, mark.text)))
        elif before.applied_ms:
            self._view.delete("waiting", row)
            if decided is not None and decided.user_id == mark.user_id:
                self._view.put("applied", own, pack(decided))
            else:
                self._view.delete("applied", own)

    def _count(self, type_: str, by: int) -> None:
        """GT-13: groups of a type."""
        row = b"count:" + type_.encode()
        before = self._view.get("app", row)
        self._view.put("app", row, keys.U64.pack((keys.U64.unpack(before)[0] if before else 0) + by))


_APPLY: dict[type, Callable[[Applier, Any], None]] = {
    MessageKept: Applier._message_kept,
    MessageAltered: Applier._message_altered,
    MessagesHidden: Applier._messages_hidden,
    SeqReserved: Applier._seq_reserved,
    GroupCreated: Applier._group_created,
    GroupChanged: Applier._group_changed,
    GroupDissolved: Applier._group_dissolved,
    RoomAttributesChanged: Applier._room_attributes_changed,
    ChannelListed: Applier._channel_listed,
    InsidersChanged: Applier._insiders_changed,
}
