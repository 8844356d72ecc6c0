"""Messages: SEND, HISTORY, and what DELIVER is made from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rcim.base.terms import MessageState
from rcim.content.elements import GroupTip, encode_body
from rcim.service import deliveries, results
from rcim.wire import frames


def sent(result: results.Sent) -> frames.SendOk:
    """SEQ, time and id of the message, or that it was held back (MS-02)."""
    return frames.SendOk(
        seq=result.seq,
        time_ms=result.time_ms,
        message_id=result.message_id,
        duplicate=result.duplicate,
        held_back=result.held_back,
    )


def admin_sent(result: results.Sent) -> frames.AdminSendOk:
    """As sent."""
    return frames.AdminSendOk(
        seq=result.seq,
        time_ms=result.time_ms,
        message_id=result.message_id,
        duplicate=result.duplicate,
        held_back=result.held_back,
    )


def page(result: results.Page) -> frames.HistoryOk:
    """A page of history (RX-06)."""
    messages = [to_wire(m) for m in result.messages]
    return frames.HistoryOk(result.newest_seq, result.first_seq, result.more, messages)


def to_wire(m: deliveries.Message) -> frames.Message:
    """A kept message as it goes over the wire."""
    return frames.Message(
        m.seq,
        m.time_ms,
        m.message_id,
        m.priority,
        m.sender,
        m.nickname,
        m.face_url,
        m.name_card,
        m.client_msg_id,
        m.body if m.tip is None else _tip(m.tip),
        to_fields(m.user_fields) if m.user_fields else (),
        to_fields(m.member_fields) if m.member_fields else (),
        *(_rare(m) if _has_rare(m) else ()),
    )


def _has_rare(m: deliveries.Message) -> bool:
    return m.extra is not None or m.changed_ms > 0 or m.state is not MessageState.AS_SENT or bool(m.group_fields)


def _rare(m: deliveries.Message) -> tuple[Any, ...]:
    """What few messages have: the fields of frames.Message behind `member_fields`."""
    x = m.extra or deliveries.MessageOptions()
    of_all = (
        x.type_name,
        x.to,
        x.mentions,
        x.mentions_all,
        x.cloud_data,
        m.state,
        m.changed_ms,
        m.changed_by,
        to_fields(m.group_fields) if m.group_fields else (),
    )
    return (*of_all, x.expires_ms, x.through) if x.expires_ms else of_all


def _tip(change: deliveries.Change) -> bytes:
    """GT-15: a strong notice as the body of its message."""
    what = change.what or ()
    return encode_body(
        [
            GroupTip(
                kind=change.kind,
                operator=change.operator,
                users=change.users,
                count=change.count,
                member_num=change.member_num,
                info_seq=change.info_seq,
                what=what,
            )
        ]
    )


def to_fields(fields: Iterable[tuple[str, bytes]]) -> list[frames.CustomField]:
    """Custom fields as they go over the wire."""
    return [frames.CustomField(key, value) for key, value in fields]


def read_ok(result: results.Read) -> frames.ConversationReadOk:
    """How far the user has read now (GR-04, MsgSeq)."""
    return frames.ConversationReadOk(result.read_seq)
