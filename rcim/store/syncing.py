"""What has changed for a user since it was last told (RX-03, RX-04), and how much of it is unread (RX-08).

1. Every commit has a number, its stamp. A conversation carries the stamp of its last change for all, a membership that
   of the last change of the user's own. What is asked for is what lies between two stamps; pages of it agree although
   there is more news meanwhile, which the next sync brings.
2. Which conversations those are is known in memory (news.py); of what was before this start their heads are looked at.
   What is read beyond that is read for conversations with news alone.
3. Unread is derived, and written nowhere: the messages behind the read position that are others', count, and may be
   seen. UNREAD_MAX of them at most: older ones stay in history and no longer count (RX-04).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rcim.actor.queries import SyncQuery, TypeFacts
from rcim.actor.reading import first_of
from rcim.actor.records import Mark, Member, Message, Profile
from rcim.base.limits import Limits
from rcim.base.terms import ApplyJoinOption, MessageState, Role, is_group
from rcim.rules.group_types import PAIR
from rcim.store import keys
from rcim.store.answers import SyncPage, SyncRow
from rcim.store.backend import DamagedError, ReadView
from rcim.store.news import News
from rcim.store.noticing import Noticing
from rcim.store.reading import (
    memberships,
    read_forgotten,
    read_head,
    read_profile,
    read_stamp,
    read_store_id,
    visible,
)
from rcim.store.values import Chosen, Head, unpack

UNREAD_MAX, COUNTED_MAX = 100, 50
"""RX-04: messages of a conversation that count as unread, and conversations of a sync that have any."""
ALTERED_MAX = 50
GONE_MAX = 500
LOOKED_AT_MAX = 1000
"""Rows looked at for one conversation, whatever comes of it: 2.5 ms."""
LAST_LOOKED_AT = 20
"""Messages looked at to find the last that the user may see."""
ROW_BYTES = 900
"""What a row has at the most in a frame, besides its messages."""
FIXED_BYTES = 160
"""What it has of that but for names and altered messages."""
MESSAGE_BYTES = 64
DAY_MS = 86_400_000
CLOSED = TypeFacts(True, False, False, 1)
NO_PAIR = Profile("", PAIR.name, "", "", "", "", "", 0, ApplyJoinOption.DISABLE_APPLY, 0, first_seq=1)
"""Of a one-to-one conversation before its first message."""
"""Of a type that is gone from the settings."""


class Candidate(NamedTuple):
    """A conversation with news, and from when they are."""

    stamp: int
    key: str
    head: Head | None
    chosen: Chosen | None


class Unread(NamedTuple):
    """RX-08."""

    number: int
    mentions: int
    mention_seq: int
    newest: list[Message]
    """The newest of them, oldest first."""


class Syncing:
    """See the module's text."""

    def __init__(self, limits: Limits, news: News, noticing: Noticing) -> None:
        self._noticing = noticing
        self._page_bytes = limits.frame_bytes_max - 4096
        self._news = news

    def page(self, view: ReadView, query: SyncQuery) -> SyncPage:
        """The answer to `query`. Raises StoreError."""
        stamp = read_stamp(view)
        reset = query.since > stamp or query.upto > stamp  # of another store, as one that was restored
        reset = reset or 0 < query.since < read_forgotten(view)
        store_id = read_store_id(view)
        reset = reset or (query.since > 0 and query.store_id != store_id)
        reset = reset or 0 < query.since < self._unpinned_forgotten(view, query.user_id)
        since, upto = (0, stamp) if reset else (query.since, query.upto or stamp)
        found = self._changed(view, query.user_id, since, upto)
        gone: list[str] = []
        if since and query.after == (0, ""):
            gone = self._gone(view, query.user_id, since, upto)
            if len(gone) > GONE_MAX:
                since, reset, gone = 0, True, []
                found = self._changed(view, query.user_id, 0, upto)
        found.sort(key=lambda c: (c.stamp, c.key), reverse=True)
        if not reset and query.after != (0, ""):
            found = [c for c in found if (c.stamp, c.key) < query.after]
        rows: list[SyncRow] = []
        after, counted = query.after, 0 if reset else query.counted
        room = self._page_bytes - sum(len(key.encode()) + 1 for key in gone)
        more = False
        for candidate in found:
            if len(rows) == query.limit or (rows and room < self._page_bytes // 4):
                more = True
                break
            try:
                row = self._row(view, query, candidate, since, counted < COUNTED_MAX, room)
            except DamagedError as error:  # the other conversations are told
                self._noticing.note(f"{candidate.key}, of {query.user_id}", error)
                row = None
            if row is None:
                continue
            used = _bytes_of(row)
            if rows and used > room:
                more = True
                break
            room -= used
            counted += row.unread > 0
            rows.append(row)
            after = (candidate.stamp, candidate.key)
        return SyncPage(rows, gone, reset, since, upto, after, counted, more, store_id)

    def _changed(self, view: ReadView, user_id: str, since: int, upto: int) -> list[Candidate]:
        """Conversations that changed after `since` and not after `upto`."""
        low, high = keys.after_none(user_id), user_id.encode() + keys.AFTER_SEP
        chosen = {keys.second(row): unpack(data, Chosen) for row, data in view.scan("chosen", low, high)}
        news = self._news.now
        known = 0 < since >= news.since
        lately = {key.encode() for key, said in chosen.items() if said.stamp > since}
        start, told, changed = len(user_id.encode() + keys.SEP), keys.U64.pack(since), news.stamp
        found: list[Candidate] = []
        for row, value in memberships(view, user_id):
            if known:  # of most conversations this is all that is done
                name = row[start:]
                if value[1:] <= told and changed(name) <= since and name not in lately:
                    continue
            key = keys.second(row)
            said = chosen.get(key)
            own = max(keys.stamp_of(value), said.stamp if said is not None else 0)
            try:
                head = read_head(view, key)
            except DamagedError as error:
                self._noticing.note(f"{key}, of {user_id}", error)
                continue
            stamp = max(own, head.changed)
            if since < stamp <= upto or since == 0 == stamp:
                found.append(Candidate(stamp, key, head, said))
        for key, said in chosen.items():
            wanted = since < said.stamp <= upto and bool(since or said.pinned_ms)
            if wanted and not is_group(key) and view.get("memberships", keys.pair(user_id, key)) is None:
                found.append(Candidate(said.stamp, key, Head(), said))  # there is nothing of it but its pin
        return found

    @staticmethod
    def _unpinned_forgotten(view: ReadView, user_id: str) -> int:
        """Up to which stamp it is forgotten what the user has unpinned of which there was nothing else (RX-09)."""
        data = view.get("chosen", keys.pair(user_id, ""))
        return unpack(data, Chosen).stamp if data else 0

    def pairs_since(self, view: ReadView, user_id: str, since: int) -> list[str]:
        """One-to-one conversations that have changed since then."""
        news = self._news.now
        user = user_id.encode() + keys.SEP
        found: list[str] = []
        for row, _ in view.scan("memberships", user, user + keys.GROUPS):
            key = keys.second(row)
            known = since >= news.since
            if (news.stamp(key.encode()) if known else read_head(view, key).changed) > since:
                found.append(key)
        return found

    def _gone(self, view: ReadView, user_id: str, since: int, upto: int) -> list[str]:
        low, high = user_id.encode() + keys.SEP, user_id.encode() + keys.AFTER_SEP
        rows = view.scan("left", low, high)
        return [keys.second(row) for row, value in rows if since < keys.U64.unpack_from(value)[0] <= upto]

    def _row(
        self, view: ReadView, query: SyncQuery, candidate: Candidate, since: int, counts: bool, room: int
    ) -> SyncRow | None:
        key, user_id = candidate.key, query.user_id
        profile = read_profile(view, key)
        data = view.get("members", keys.pair(key, user_id))
        if profile is None and not is_group(key):
            profile, member = NO_PAIR, Member(user_id, Role.MEMBER, 0, 0, "", PAIR.msg_flag)
        elif profile is None or data is None or not visible(profile, user_id):
            return None
        else:
            member = unpack(data, Member)
        head = candidate.head or read_head(view, key)
        if not is_group(key) and member.join_time_ms and head.next_seq - 1 <= member.cleared_seq:
            return None  # it was that of an account with this id which is deleted (ID-09)
        type_ = query.types.get(profile.type, CLOSED)
        chosen = candidate.chosen or Chosen(0)
        looker = Looker(view, key, profile, head, member, type_, query.now_ms)
        unread = Unread(0, 0, 0, [])
        if counts and type_.unread and type_.stored:
            unread = looker.unread(query.messages, room - ROW_BYTES)
        messages = unread.newest if query.messages else looker.last(room - ROW_BYTES)
        altered, reread = self._altered(view, key, user_id, since, looker.first)
        return SyncRow(
            key,
            profile,
            member,
            head.next_seq - 1 if type_.stored else 0,
            looker.first,
            max(head.last_msg_time_ms, profile.create_time_ms),
            unread.number,
            unread.mentions,
            unread.mention_seq,
            chosen.pinned_ms,
            type_.stored and bool(chosen.removed) and head.messaged < chosen.removed,
            not type_.stored,
            altered,
            reread,
            not (type_.unread and type_.stored),
            messages,
            member.cleared_seq,
        )

    @staticmethod
    def _altered(view: ReadView, key: str, user_id: str, since: int, first: int) -> tuple[list[int], bool]:
        """MS-10: which messages are others since then; True if they are too many to name."""
        if not since:
            return [], False
        found: dict[int, None] = {}
        low, high = keys.altered(key, since + 1, 0), key.encode() + keys.AFTER_SEP
        for looked_at, (row, whose) in enumerate(view.scan("altered", low, high)):
            seq = keys.U64.unpack(row[-8:])[0]
            if looked_at == LOOKED_AT_MAX:
                return [], True
            if whose and whose.decode() != user_id:
                continue
            if not seq or len(found) == ALTERED_MAX:
                return [], True
            if seq >= first:
                found[seq] = None
        return sorted(found), False


class Looker:
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
    ) -> None:
        self._view = view
        self._key = key
        self._member = member
        self._newest = head.next_seq - 1
        self.since_ms = now_ms - type_.roaming_days * DAY_MS if now_ms else 0
        self._offline_ms = now_ms - type_.offline_days * DAY_MS if now_ms and type_.offline_days else 0
        self._stored = type_.stored
        self.first = max(first_of(profile, member, type_.history_before_joining), head.kept_seq)
        """The least SEQ that the member may see and that may be there (GT-14, MS-10, ST-02)."""
        self._unread_from = max(self.first, member.read_seq + 1, member.joined_seq + 1)
        self._erased: dict[str, int] = {}
        low = keys.hidden(key, member.user_id, 0)
        self._hides = next(iter(view.scan("hidden", low, low[:-8] + b"\xff" * 8)), None) is not None

    def _back(self, first: int) -> Iterator[Message]:
        """Messages from the newest back to SEQ `first`, as far as they are kept for members."""
        low, high = keys.message(self._key, first), keys.message(self._key, self._newest + 1)
        if first > self._newest:
            return
        for _, data in self._view.scan("messages", low, high, reverse=True):
            message = unpack(data, Message)
            if message.time_ms < self.since_ms:
                return
            yield message

    def sees(self, message: Message) -> bool:
        """It is for the member, who has not deleted it."""
        if not message.is_for(self._member.user_id):
            return False
        row = keys.hidden(self._key, self._member.user_id, message.seq)
        return not self._hides or self._view.get("hidden", row) is None

    def is_erased(self, message: Message) -> bool:
        """MS-10: all of the sender's messages are deleted up to there."""
        sender = message.sender
        if sender not in self._erased:
            data = self._view.get("marks", keys.pair(self._key, sender))
            self._erased[sender] = unpack(data, Mark).erased_seq if data else 0
        return message.seq <= self._erased[sender]

    def _counts(self, message: Message) -> bool:
        """GT-15, GT-19, MS-09: another's, which counts and still says something."""
        if message.sender == self._member.user_id:
            return False
        if message.state not in (MessageState.AS_SENT, MessageState.EDITED):
            return False
        counted = message.extra is None or message.extra.counted
        return counted and self.sees(message) and not self.is_erased(message)

    def unread(self, wanted: int = 0, room: int = 0) -> Unread:
        """RX-08; with the newest `wanted` of them, as many as have room."""
        count = mentions = mention_seq = 0
        newest: list[Message] = []
        user_id = self._member.user_id
        for looked_at, message in enumerate(self._back(self._unread_from)):
            if looked_at == LOOKED_AT_MAX or message.time_ms < self._offline_ms:
                break
            if not self._counts(message):
                continue
            count += 1
            extra = message.extra
            if extra is not None and (extra.mentions_all or user_id in extra.mentions):  # MS-07
                mentions += 1
                mention_seq = message.seq
            if len(newest) < wanted:
                room -= message_bytes(message)
                if room < 0:
                    wanted = 0
                else:
                    newest.append(message)
            if count == UNREAD_MAX:
                break
        newest.reverse()
        return Unread(count, mentions, mention_seq, newest)

    def last(self, room: int) -> list[Message]:
        """RX-03: the last message that the member may see."""
        if not self._stored:
            return []
        for looked_at, message in enumerate(self._back(self.first)):
            if looked_at == LAST_LOOKED_AT:
                break
            if self.sees(message):
                if self.is_erased(message):
                    message = message.removed(MessageState.DELETED, max(message.changed_ms, message.time_ms), "")
                return [message] if message_bytes(message) <= room else []
        return []


def message_bytes(message: Message) -> int:
    """About what it has in a frame."""
    extra = message.extra
    more = 0
    if extra is not None:
        more = len(extra.cloud_data) + sum(len(user.encode()) + 1 for user in (*extra.to, *extra.mentions)) + 40
    fields = sum(len(value) + 20 for _, value in (*message.user_fields, *message.member_fields))
    named = len(message.nickname.encode()) + len(message.face_url.encode()) + len(message.name_card.encode())
    tip = 700 + 70 * len(message.tip.users) if message.tip is not None else 0
    return len(message.body) + more + fields + named + tip + 2 * MESSAGE_BYTES + 128


def _bytes_of(row: SyncRow) -> int:
    named = len(row.profile.name.encode()) + len(row.profile.face_url.encode()) + len(row.key.encode())
    return FIXED_BYTES + named + 12 * len(row.altered) + sum(map(message_bytes, row.messages))
