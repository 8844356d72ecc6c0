"""The codec of our frames: messages and pushes to bytes (rcim/connect/codec.py says when they are encoded)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from rcim.adapters.frames.answers.devices import presence_entry
from rcim.adapters.frames.answers.messages import to_wire
from rcim.adapters.frames.answers.rooms import attribute_rows
from rcim.base.terms import GROUP_PREFIX
from rcim.service import deliveries as d
from rcim.wire import frames as f
from rcim.wire.rows import encoded_row, frame_of_rows, stem_of
from rcim.wire.schema import Frame

STEMS_MAX = 16384
"""Conversations whose stems are kept: 3 MB."""


class FrameCodec:
    """See the module's text. One object is enough for all connections."""

    def message(self, message: d.Message) -> bytes:
        """A row of DELIVER."""
        return encoded_row(to_wire(message))

    def stem(self, conversation: str) -> bytes:
        """What all DELIVER frames of `conversation` begin with."""
        return _stem(conversation)

    def deliver(self, stem: bytes, messages: Sequence[bytes]) -> bytes:
        """One DELIVER frame."""
        return frame_of_rows(f.Deliver.TYPE, stem, messages)

    def push(self, conversation: str, push: d.Push) -> bytes:
        """A whole frame (GR-05, MS-05, MS-08, MS-10, MS-11, RX-05, ID-07, GT-15)."""
        return PUSHES[type(push)](conversation, push).encode()


@lru_cache(maxsize=STEMS_MAX)
def _stem(conversation: str) -> bytes:
    return stem_of(f.Deliver(conversation, []))


def _group(conversation: str) -> str:
    """The group id; empty for the whole app."""
    return "" if conversation == d.APP_KEY else conversation.removeprefix(GROUP_PREFIX)


def _transient(key: str, push: d.Transient) -> Frame:
    return f.Transient(key, [to_wire(push.message)])


def _altered(key: str, push: d.Altered) -> Frame:
    return f.MessageChanged(key, [to_wire(push.message)])


def _erased(key: str, push: d.Erased) -> Frame:
    return f.MessagesErased(key, push.sender, push.to_seq)


def _hidden(key: str, push: d.Hidden) -> Frame:
    return f.MessagesHidden(key, push.to_seq, [f.SeqEntry(seq) for seq in push.seqs])


def _read(key: str, push: d.ReadUpTo) -> Frame:
    return f.MessagesRead(key, push.user_id, push.seq, push.time_ms)


def _trimmed(key: str, push: d.Trimmed) -> Frame:
    return f.HistoryTrimmed(key, push.first_seq)


def _listed(_: str, push: d.ListEntryChanged) -> Frame:
    return f.ConversationListed(push.conversation, push.pinned_ms, push.removed)


def _own(_: str, push: d.OwnSettingChanged) -> Frame:
    return f.OwnChanged(push.what)


def _flagged(key: str, push: d.Flagged) -> Frame:
    return f.ConversationFlagged(key, push.msg_flag, push.newest_seq)


def _requested(key: str, push: d.Requested) -> Frame:
    return f.JoinRequested(_group(key), push.user_id, push.text, push.time_ms)


def _invited(_: str, push: d.Invited) -> Frame:
    one = push.invitation
    return f.GroupInvited(_group(one.key), one.name, one.by, one.time_ms)


def _decided(key: str, push: d.Decided) -> Frame:
    return f.JoinDecided(
        group_id=_group(key),
        user_id=push.user_id,
        approved=push.approved,
        operator=push.operator,
        text=push.text,
        newest_seq=push.newest_seq,
    )


def _entered(key: str, push: d.Entered) -> Frame:
    return f.GroupEntered(
        group_id=_group(key),
        type_=push.type_name,
        name=push.name,
        face_url=push.face_url,
        newest_seq=push.newest_seq,
        operator=push.operator,
        time_ms=push.time_ms,
    )


def _silenced(key: str, push: d.Silenced) -> Frame:
    return f.MuteChanged(_group(key), push.until_ms, push.operator, push.everyone)


def _noticed(key: str, push: d.Noticed) -> Frame:
    return f.Notice(_group(key), push.time_ms, push.body)


def _left(key: str, push: d.ConversationLeft) -> Frame:
    return f.GroupGone(_group(key), push.reason, push.operator, push.text)


def _heads(_: str, push: d.ConversationHeads) -> Frame:
    return f.Heads([f.HeadEntry(key, seq) for key, seq in push.rows])


def _missed(key: str, push: d.MessagesMissed) -> Frame:
    return f.Resync(key, push.from_seq, push.newest_seq)


def _presence(_: str, push: d.PresenceNews) -> Frame:
    return f.PresenceChanged(list(map(presence_entry, push.rows)))


def _attributes(key: str, push: d.RoomAttributesNews) -> Frame:
    return f.RoomAttributesChanged(_group(key), push.since, push.version, attribute_rows(push.rows))


def _changes(key: str, push: d.GroupChangesNews) -> Frame:
    rows = [
        f.GroupChange(
            kind=c.kind,
            operator=c.operator,
            users=c.users,
            count=c.count,
            member_num=c.member_num,
            info_seq=c.info_seq,
            time_ms=c.time_ms,
            what=c.what or (),
        )
        for c in push.rows
    ]
    return f.GroupChanges(_group(key), rows)


PUSHES: dict[type, Callable[[str, Any], Frame]] = {
    d.Transient: _transient,
    d.Altered: _altered,
    d.Erased: _erased,
    d.Hidden: _hidden,
    d.ReadUpTo: _read,
    d.ListEntryChanged: _listed,
    d.OwnSettingChanged: _own,
    d.Flagged: _flagged,
    d.Trimmed: _trimmed,
    d.Requested: _requested,
    d.Invited: _invited,
    d.Decided: _decided,
    d.Entered: _entered,
    d.Silenced: _silenced,
    d.Noticed: _noticed,
    d.ConversationLeft: _left,
    d.ConversationHeads: _heads,
    d.MessagesMissed: _missed,
    d.PresenceNews: _presence,
    d.GroupChangesNews: _changes,
    d.RoomAttributesNews: _attributes,
}
CODEC = FrameCodec()
"""The codec of every connection of this adapter."""
