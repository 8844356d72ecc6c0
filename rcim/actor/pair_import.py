"""Imported messages of a one-to-one conversation: the app's back end brings them from another service (GR-08, C2-01)."""

from __future__ import annotations

import msgspec

from rcim.actor.import_commands import ImportPairMessage
from rcim.actor.outcomes import Imported, Outcome
from rcim.actor.records import GroupChanged, Member, Message, MessageKept, MessageOptions
from rcim.actor.state import GroupState
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, NOT_PERMITTED, RcimError


def import_message(state: GroupState, command: ImportPairMessage, now_ms: int, position: int) -> Outcome:
    """One message, of one of the two, not from the future. Times never decrease within a conversation (MS-01): a message
    that is older than the newest one gets that one's time. Nobody is told; clients find it with their next sync. If it
    does not count as unread, both have read everything up to it. Raises RcimError."""
    if not command.admin:
        raise RcimError(ADMIN_REQUIRED)
    item = command.message
    assert state.pair is not None
    if item.sender not in state.pair:
        raise RcimError(NOT_PERMITTED, f"{item.sender} is not one of the two users of this conversation")
    if item.time_ms > now_ms:
        raise RcimError(BAD_PARAMETER, f"time_ms: {item.time_ms}, must be at most {now_ms}")
    bare = Message(
        seq=0,
        time_ms=0,
        message_id=0,
        priority=item.priority,
        sender=item.sender,
        nickname="",
        face_url="",
        name_card="",
        client_msg_id=item.client_msg_id,
        body=item.body,
        extra=MessageOptions(cloud_data=command.cloud_data) if command.cloud_data else None,
    )  # the rest is set by `numbered`
    message = state.timeline.numbered(item.time_ms, position, bare)
    readers = [item.sender] if command.counted else list(state.pair)
    read = _read_up_to(state, readers, message.seq, now_ms)
    return Outcome(Imported(message.seq, message.seq), MessageKept(state.key, message), (), (read,))


def _read_up_to(state: GroupState, users: list[str], seq: int, now_ms: int) -> GroupChanged:
    """The record that these users have read everything up to a SEQ."""
    put: list[Member] = []
    for user_id in users:
        member = state.roster.get(user_id)
        assert member is not None, "both are always in it"
        put.append(msgspec.structs.replace(member, read_seq=seq))
        state.roster.put(put[-1])
    return GroupChanged(
        key=state.key, time_ms=now_ms, info=False, profile=None, put=put, dropped=[], marks=[], message=None
    )
