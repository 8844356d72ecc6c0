"""Messages: SEND, HISTORY, and what DELIVER is made from."""

from __future__ import annotations

from rcim.actor import commands, outcomes, records
from rcim.base.errors import BAD_PARAMETER, NO_SUCH_GROUP, RcimError
from rcim.base.ids import has_control
from rcim.base.terms import GROUP_PREFIX
from rcim.dispatch.requests import Packed
from rcim.handlers.desk import Caller, Desk, ToActor
from rcim.store.answers import MessagesPage
from rcim.wire import frames
from rcim.wire.elements import check_body
from rcim.wire.rows import encoded_row, stem_of


def check_conversation(conversation: str) -> str:
    """The conversation id if it is of a kind this server has. Raises RcimError(NO_SUCH_GROUP)."""
    if not conversation.startswith(GROUP_PREFIX) or has_control(conversation):
        raise RcimError(NO_SUCH_GROUP, "a conversation id is `g:` and the group id")
    return conversation


def send(frame: frames.Send, caller: Caller, desk: Desk) -> ToActor:
    """SEND: the body is checked here (MS-03), everything else by the actor."""
    limits = desk.limits
    check_body(frame.body, limits.body_bytes_max, limits.elements_max)
    if has_control(frame.client_msg_id):
        raise RcimError(BAD_PARAMETER, "client_msg_id: control characters are not allowed")
    return ToActor(
        check_conversation(frame.conversation),
        commands.SendMessage(
            caller.user_id,
            caller.admin,
            caller.nickname,
            caller.face_url,
            frame.client_msg_id,
            frame.priority,
            frame.body,
        ),
    )


def history(frame: frames.History, caller: Caller, desk: Desk) -> ToActor:
    """HISTORY (RX-06)."""
    return ToActor(
        check_conversation(frame.conversation),
        commands.ReadHistory(
            caller.user_id,
            caller.admin,
            frame.from_seq,
            frame.to_seq,
            page_limit(frame.limit, desk.limits.history_page_default, desk.limits.history_page_max),
            frame.backwards,
            frame.from_time_ms,
            frame.to_time_ms,
        ),
    )


def page_limit(asked: int, default: int, most: int) -> int:
    """What a page's `limit` means: 0 is the default, and more than allowed is what is allowed."""
    return min(asked or default, most)


def sent(result: outcomes.Sent, desk: Desk) -> frames.SendOk:
    """MS-02."""
    return frames.SendOk(result.seq, result.time_ms, result.message_id, result.duplicate)


def page(result: MessagesPage, desk: Desk) -> frames.HistoryOk:
    """RX-06."""
    messages = [to_wire(m) for m in result.messages]
    return frames.HistoryOk(result.newest_seq, result.first_seq, result.more, messages)


def to_wire(m: records.Message) -> frames.Message:
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
        m.body,
    )


def pack(m: records.Message) -> Packed:
    """`m`, ready for DELIVER frames."""
    return Packed(m.seq, m.priority, encoded_row(to_wire(m)))


def deliver_stem(conversation: str) -> bytes:
    """What all DELIVER frames of `conversation` begin with."""
    return stem_of(frames.Deliver(conversation, []))
