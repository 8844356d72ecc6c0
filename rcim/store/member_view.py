"""Looking at a conversation's messages with the eyes of one of its members: what is unread, what is last (RX-03, RX-08).

Unread is derived, and written nowhere: the messages behind the read position that are others', count, and may be seen.
The read position is the kept one, or the member's own newest message, if that is newer (RX-11): it is met on the way.
UNREAD_MAX of them at most: older ones stay in history and no longer count (RX-04). Messages are not decoded for it
(messages.py), and how many are looked at for one query is bounded (Effort).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from rcim.actor.queries import TypeFacts
from rcim.actor.records import Member, Message, Profile, UserRestriction
from rcim.base.terms import Role
from rcim.rules.visibility import DAY_MS, Sight, first_for_member, is_erased, oldest_ms, sight, unread_from
from rcim.store import keys
from rcim.store.backend import DamagedError, ReadView
from rcim.store.messages import AS_USUAL, DIRECTED, Facts, facts_of
from rcim.store.values import Head, ListEntry, Waiting, unpack

UNREAD_MAX = 100
"""RX-04: messages of a conversation that count as unread."""
WAITING_MAX = 100
"""GR-12: applications of a group that are counted."""
LOOKED_AT_MAX = 1000
"""Rows looked at for one conversation, whatever comes of it: a millisecond."""
LAST_LOOKED_AT = 20
"""Messages looked at to find the last that the user may see."""
MESSAGE_BYTES = 160
"""What a message has of fixed length in a frame, and the lengths of what has not."""
NO_TYPE = TypeFacts(True, False, False, 1)
"""Of a type that is gone from the settings."""
EFFORT = 2000
"""Rows looked at for one query, over all its conversations: 2.5 ms of the reading thread. The page ends there, and its
cursor goes on."""


_SEQ = keys.U64.unpack


class Effort:
    """What is left of it for one query."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


def waiting_in(view: ReadView, key: str, member: Member, after_ms: int, effort: Effort) -> int:
    """GR-12: how many applications to join the group wait since after `after_ms`, WAITING_MAX at the most; 0 for a member
    who does not decide."""
    if member.role < Role.ADMIN:
        return 0
    found = 0
    for _, data in view.scan("waiting", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP):
        effort.left -= 1
        try:
            found += unpack(data, Waiting).time_ms > after_ms
        except DamagedError:  # the conversation is told all the same
            continue
        if found == WAITING_MAX:
            break
    return found


class Unread(NamedTuple):
    """How many messages of a conversation are unread, and how many of them mention the user (RX-08)."""

    number: int
    mentions: int
    mention_seq: int
    newest: list[Message]
    """The newest of them, oldest first."""


class MemberView:
    """Looks at the newest messages of a conversation with the eyes of one of its members."""

    def __init__(
        self,
        view: ReadView,
        key: str,
        profile: Profile,
        head: Head,
        member: Member,
        type_: TypeFacts,
        now_ms: int,
        effort: Effort | None = None,
    ) -> None:
        self._effort = effort or Effort(EFFORT)
        self._view = view
        self._key = key
        self._member = member
        self._newest = head.next_seq - 1
        self.since_ms = oldest_ms(now_ms, type_.roaming_days) if now_ms else 0
        self._offline_ms = now_ms - type_.offline_days * DAY_MS if now_ms and type_.offline_days else 0
        self._stored = type_.stored
        first = first_for_member(
            profile.first_seq,
            member.joined_seq,
            member.cleared_seq,
            before_joining=type_.history_before_joining,
        )
        self.first = max(first, head.kept_seq)
        """The least SEQ that the member may see and that may be there (GT-14, MS-10, ST-02)."""
        self._unread_from = unread_from(self.first, member.read_seq, member.joined_seq)
        self._user = member.user_id.encode()
        self.read_seq = member.read_seq
        """MsgSeq, once `unread` has looked."""
        self._erased: dict[bytes, int] = {}
        low = keys.hidden(key, member.user_id, 0)
        self._hides = next(iter(view.scan("hidden", low, low[:-8] + b"\xff" * 8)), None) is not None

    def _back(self, first: int) -> Iterator[tuple[int, Facts, bytes]]:
        """SEQ, facts and value of messages from the newest back to SEQ `first`, as far as they are kept for members."""
        low, high = keys.message(self._key, first), keys.message(self._key, self._newest + 1)
        if first > self._newest:
            return
        since_ms, effort = self.since_ms, self._effort
        for row, data in self._view.scan("messages", low, high, reverse=True):
            effort.left -= 1
            facts = facts_of(data)
            if facts[0] < since_ms:
                return
            yield _SEQ(row[-8:])[0], facts, data

    def sight(self, message: Message) -> Sight:
        """What the member sees of the message."""
        for_user = message.is_for(self._member.user_id)
        return self._sight(message.seq, message.sender.encode(), for_user)

    def _sight(self, seq: int, sender: bytes, for_user: bool) -> Sight:
        return sight(hidden=self._hidden(seq), for_user=for_user, erased=is_erased(seq, self._erased_upto(sender)))

    def _erased_upto(self, sender: bytes) -> int:
        found = self._erased.get(sender)
        if found is None:
            data = self._view.get("marks", self._key.encode() + keys.SEP + sender)
            found = self._erased[sender] = unpack(data, UserRestriction).erased_seq if data else 0
        return found

    def _hidden(self, seq: int) -> bool:
        """The member has deleted it for itself (MS-10)."""
        return self._hides and self._view.get("hidden", keys.hidden(self._key, self._member.user_id, seq)) is not None

    def _counts(self, seq: int, facts: Facts, data: bytes) -> bool:
        """GT-15, GT-19, MS-09: another's, which counts and still says something."""
        _, flags, sender, _ = facts
        if flags & AS_USUAL != AS_USUAL or sender == self._user:
            return False
        for_user = not flags & DIRECTED or facts.is_for(self._user)
        return self._sight(seq, sender, for_user) is Sight.WHOLE

    def _passes(self, seq: int, facts: Facts, data: bytes) -> bool:
        """True unless the kind of the conversation says that the message is not to be shown."""
        return True

    @property
    def as_read(self) -> Member:
        """The member with the read position that `unread` has found."""
        member = self._member
        return member if self.read_seq == member.read_seq else msgspec.structs.replace(member, read_seq=self.read_seq)

    def _has_sent(self, facts: Facts, data: bytes) -> bool:
        """RX-11: the member has sent it, and has read what was before. Its own are also strong notices of what it has
        done (GT-15), and what was imported (GR-08): of whom only that is there, nothing is kept of its sending."""
        if facts.sender != self._user or not (self._member.last_send_time_ms or facts.flags & DIRECTED):
            return False
        return unpack(data, Message).tip is None

    def unread(self, wanted: int = 0, room: int = 0) -> Unread:
        """RX-08; with the newest `wanted` of them, as many as have room. Only these are decoded, and messages of the
        member's own."""
        count = mentions = mention_seq = 0
        newest: list[Message] = []
        for looked_at, (seq, facts, data) in enumerate(self._back(self._unread_from)):
            if looked_at == LOOKED_AT_MAX or facts.time_ms < self._offline_ms:
                break
            if not self._counts(seq, facts, data):
                if self._has_sent(facts, data):
                    self.read_seq = max(self.read_seq, seq)
                    break
                continue
            count += 1
            if facts.mentions(self._user):  # MS-07
                mentions += 1
                mention_seq = seq
            if len(newest) < wanted:
                message = unpack(data, Message)
                room -= message_bytes(message)
                if room < 0:
                    wanted = 0
                else:
                    newest.append(message)
            if count == UNREAD_MAX:
                break
        newest.reverse()
        return Unread(count, mentions, mention_seq, newest)

    def has_come_since(self, chosen: ListEntry, head: Head) -> bool:
        """RX-09: True if a message has come since the member removed the conversation from their list."""
        return head.messaged >= chosen.removed

    def last(self, room: int) -> list[Message]:
        """RX-03: the last message that the member may see."""
        if not self._stored:
            return []
        for looked_at, (seq, facts, data) in enumerate(self._back(self.first)):
            if looked_at == LAST_LOOKED_AT:
                break
            seen = self._sight(seq, facts.sender, facts.is_for(self._user))
            if not self._passes(seq, facts, data):
                continue
            if seen in (Sight.WHOLE, Sight.ERASED):
                message = unpack(data, Message).seen_as(seen)
                return [message] if message_bytes(message) <= room else []
        return []


def message_bytes(message: Message) -> int:
    """About what it has in a frame."""
    extra = message.extra
    more = 0
    if extra is not None:
        more = len(extra.cloud_data) + _names_bytes((*extra.to, *extra.mentions, extra.through)) + 50
    fields = sum(
        len(value) + 20 for _, value in (*message.user_fields, *message.member_fields, *message.group_fields)
    )
    named = _names_bytes(
        (
            message.sender,
            message.nickname,
            message.face_url,
            message.name_card,
            message.client_msg_id,
            message.changed_by,
        )
    )
    change = message.tip
    tip = 64 + _names_bytes((change.operator, *change.users, *change.what)) if change is not None else 0
    return len(message.body) + more + fields + named + tip + MESSAGE_BYTES


def _names_bytes(texts: Iterable[str]) -> int:
    return sum(len(text.encode()) + 2 for text in texts)
