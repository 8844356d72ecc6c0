"""The user's conversations as the SDK knows them: what SYNC has told, and what has come since (RX-03, RX-08, RX-09).

A message that comes raises unread by itself. What can't be told from here - somebody has read a part on another device,
an unread message was recalled - makes the list stale, and it is asked for again: only what has changed is told then.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rcim.base.terms import BROADCAST_ALL, MessageState, MsgFlag
from rcim.client.model import InConversation, Message, message_of, peer_of
from rcim.wire import frames

UNREAD_MAX = 100
"""RX-04: more do not count."""


@dataclass(frozen=True, slots=True)
class Conversation(InConversation):
    """One of the user's conversations. `counts`: unread messages are counted in it (GT-19)."""

    conversation: str
    peer: str
    type_: str
    name: str
    face_url: str
    newest_seq: int
    read_seq: int
    unread: int
    mentions: int
    mention_seq: int
    last_time_ms: int
    msg_flag: MsgFlag
    role: int
    pinned_ms: int
    removed: bool
    unstored: bool
    counts: bool
    last: Message | None
    joined_seq: int
    cleared_seq: int
    """The user has deleted for itself all messages up to this one."""
    applications: int = 0
    """How many applications to join wait, if the user may decide, 100 at the most (GR-12)."""
    ends_ms: int = 0
    """When it ends by itself; 0: it does not (SY-02)."""

    @property
    def title(self) -> str:
        """What a list shows: the group's name, or the other user."""
        if self.conversation == BROADCAST_ALL:
            return "broadcasts"
        return self.peer or self.name or self.group_id


def conversation_from(entry: frames.ConversationEntry, own: str) -> Conversation:
    """A row of SYNC_OK as the app of the user `own` gets it."""
    key = entry.conversation
    last = message_of(key, entry.messages[-1], own) if entry.messages else None
    return Conversation(
        conversation=key,
        peer=peer_of(key, own),
        type_=entry.type_,
        name=entry.name,
        face_url=entry.face_url,
        newest_seq=entry.newest_seq,
        read_seq=entry.read_seq,
        unread=entry.unread,
        mentions=entry.mentions,
        mention_seq=entry.mention_seq,
        last_time_ms=entry.last_time_ms,
        msg_flag=entry.msg_flag,
        role=entry.role,
        pinned_ms=entry.pinned_ms,
        removed=entry.removed,
        unstored=entry.unstored,
        counts=not entry.uncounted,
        last=last,
        joined_seq=entry.joined_seq,
        cleared_seq=entry.cleared_seq,
        applications=entry.applications,
        ends_ms=entry.ends_ms,
    )


class Conversations:
    """See the module's text."""

    def __init__(self) -> None:
        self._rows: dict[str, Conversation] = {}
        self.stale = False
        """True if it has to be asked for again."""
        self.unknown: set[str] = set()
        """What is heard here, and is none of the user's conversations."""

    def get(self, key: str) -> Conversation | None:
        """The conversation with this id."""
        return self._rows.get(key)

    def all(self) -> list[Conversation]:
        """All of them, in no order."""
        return list(self._rows.values())

    def listed(self) -> list[Conversation]:
        """Those that are not removed: pinned ones first, the last pinned on top, then by the time of the last message."""
        shown = [row for row in self._rows.values() if not row.removed]
        return sorted(shown, key=lambda row: (-row.pinned_ms, -row.last_time_ms, row.conversation))

    @property
    def unread(self) -> int:
        """RX-08, of all of them."""
        return sum(row.unread for row in self._rows.values())

    def reset(self) -> None:
        """All of it is told anew."""
        self._rows.clear()

    def synced(self, entry: frames.ConversationEntry, own: str) -> None:
        """A row of SYNC_OK. What has come since is newer than it."""
        row = conversation_from(entry, own)
        before = self._rows.get(row.conversation)
        if before is not None and before.newest_seq > row.newest_seq and not row.unstored:
            self.stale = True
            row = replace(row, newest_seq=before.newest_seq, last=before.last, last_time_ms=before.last_time_ms)
        self._rows[row.conversation] = row

    def ended(self, now_ms: int) -> list[str]:
        """Temporary conversations whose time is over: of those that ended while the client was away for more than a day,
        SYNC says nothing (SY-02)."""
        return [row.conversation for row in self._rows.values() if 0 < row.ends_ms <= now_ms]

    def gone(self, key: str) -> None:
        """The user is in it no longer."""
        self._rows.pop(key, None)

    def came(self, message: Message, own: str) -> None:
        """A message was delivered."""
        row = self._rows.get(message.conversation)
        if row is None:
            self.stale = self.stale or message.conversation not in self.unknown
            return
        if message.seq <= row.newest_seq and not row.unstored:
            return
        if message.seq > row.newest_seq + 1 and not row.unstored:
            self.stale = self.stale or row.counts  # what is between was not seen here
        if message.state is MessageState.NOT_FOR_YOU:
            self._rows[message.conversation] = replace(row, newest_seq=message.seq)
            return
        unread, mentions, mention_seq = row.unread, row.mentions, row.mention_seq
        if message.type_name:  # whether its class counts, the server knows (MS-09)
            self.stale = self.stale or row.counts
        elif row.counts and message.counts_for(own):
            unread = min(unread + 1, UNREAD_MAX)
            if message.mentions_all or own in message.mentions:
                mentions, mention_seq = mentions + 1, mention_seq or message.seq
        read_seq = row.read_seq
        sent = message.sender == own and message.tip is None and message.conversation != BROADCAST_ALL
        if sent:  # RX-11: who sends has read; a broadcast may be sent by a program in the user's name
            read_seq, unread, mentions, mention_seq = message.seq, 0, 0, 0
        self._rows[message.conversation] = replace(
            row,
            newest_seq=message.seq,
            read_seq=read_seq,
            last=message,
            last_time_ms=message.time_ms,
            unread=unread,
            mentions=mentions,
            mention_seq=mention_seq,
            removed=False,
        )

    def read(self, push: frames.MessagesRead, own: str) -> None:
        """The user has read, here or on another device."""
        row = self._rows.get(push.conversation)
        if push.user_id != own or row is None or push.seq <= row.read_seq:
            return
        if push.seq >= row.newest_seq:
            row = replace(row, unread=0, mentions=0, mention_seq=0)
        elif row.unread:
            self.stale = True
        self._rows[push.conversation] = replace(row, read_seq=push.seq)

    def changed(self, message: Message) -> None:
        """A message is another one now."""
        row = self._rows.get(message.conversation)
        if row is None:
            return
        if row.last is not None and row.last.seq == message.seq:
            row = self._rows[message.conversation] = replace(row, last=message)
        self.stale = self.stale or (row.unread > 0 and message.seq > row.read_seq)

    def chosen(self, push: frames.ConversationListed | frames.ConversationFlagged) -> None:
        """The user has said something of a conversation, here or on another device."""
        row = self._rows.get(push.conversation)
        if row is None:
            self.stale = True
        elif isinstance(push, frames.ConversationFlagged):
            self._rows[push.conversation] = replace(row, msg_flag=push.msg_flag)
            # What was discarded counts all the same, and what has become of older messages was not told meanwhile.
            self.stale = self.stale or MsgFlag.DISCARD in (row.msg_flag, push.msg_flag)
        else:
            self._rows[push.conversation] = replace(row, pinned_ms=push.pinned_ms, removed=push.removed)
