"""A message as it is kept: with its SEQ, and all that goes with it (MS-01, MS-04)."""

from __future__ import annotations

import msgspec

from rcim.actor.commands import SendMessage
from rcim.actor.records import Fields, Member, Message
from rcim.actor.state import GroupState


def next_message(
    state: GroupState, command: SendMessage, member: Member | None, now_ms: int, message_id: int
) -> Message:
    """MS-01: the message with the next SEQ. Time never falls within a conversation, even if the clock is set back."""
    timeline = state.timeline
    seq = timeline.next_seq
    time_ms = max(now_ms, timeline.last_msg_time_ms)
    message = made_message(state, command, member, seq=seq, time_ms=time_ms, message_id=message_id)
    timeline.next_seq = seq + 1
    timeline.last_msg_time_ms = message.time_ms
    timeline.recent.add(message)
    return message


def made_message(
    state: GroupState, command: SendMessage, member: Member | None, *, seq: int, time_ms: int, message_id: int
) -> Message:
    """MS-04: with all that goes with it."""
    return Message(
        seq=seq,
        time_ms=time_ms,
        message_id=message_id,
        priority=command.priority,
        sender=command.by,
        nickname=command.nickname,
        face_url=command.face_url,
        name_card=member.name_card if member is not None else "",
        client_msg_id=command.client_msg_id,
        body=command.body,
        user_fields=command.user_fields,
        member_fields=_fields(state, member) if state.app_state.config.message_member_fields else (),
        tip=None,
        extra=command.extra,
        group_fields=_group_fields(state) if state.app_state.config.message_group_fields else (),
    )


def _group_fields(state: GroupState) -> Fields:
    """MS-04: the group's fields that the app has chosen to go with messages."""
    profile = state.attributes.profile
    if profile is None or not profile.fields:
        return ()
    chosen = state.app_state.config.message_group_fields
    return tuple((key, profile.fields[key]) for key in chosen if key in profile.fields)


def _fields(state: GroupState, member: Member | None) -> Fields:
    """MS-04: the member's fields that the app has chosen to go with messages."""
    if member is None or not member.fields:
        return ()
    chosen = state.app_state.config.message_member_fields
    return tuple((key, member.fields[key]) for key in chosen if key in member.fields)


def sent_by(state: GroupState, member: Member | None, message: Message) -> Member | None:
    """LastSendMsgTime, and MsgSeq up to the message (RX-11): in memory for each message; returned to be kept when the
    kept ones are older than what is read at loading (the messages of the dedupe window)."""
    if member is None or message.directed:  # they would say whose it is
        return None
    time_ms, user_id, sent_kept = message.time_ms, member.user_id, state.timeline.sent_kept
    kept = msgspec.structs.replace(member, last_send_time_ms=time_ms, read_seq=message.seq)
    state.roster.update(user_id, kept)
    if time_ms - sent_kept.get(user_id, 0) < state.timeline.recent.window_ms:
        return None
    sent_kept[user_id] = time_ms
    return kept
