"""Messages: SEND, HISTORY, and what DELIVER is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rcim.actor import commands, effects, outcomes, records, workflows
from rcim.actor.app import APP_KEY
from rcim.base.errors import (
    ADMIN_REQUIRED,
    BAD_PARAMETER,
    BODY_TOO_LARGE,
    NO_SUCH_GROUP,
    NOT_PERMITTED,
    TOO_MANY_MENTIONS,
    RcimError,
)
from rcim.base.ids import TIP_PREFIX, USER_ID_BYTES_MAX, check_user_id, has_control, is_user_id
from rcim.base.limits import Limits
from rcim.base.terms import GROUP_PREFIX, MessageState, Priority, pair_of
from rcim.dispatch.requests import Packed
from rcim.handlers.context import ActorCommand, Principal, RequestContext, StoreQuery
from rcim.rules.conversation_kinds import GROUP, kind_of
from rcim.wire import frames
from rcim.wire.elements import GroupTip, check_body, encode_body
from rcim.wire.rows import encoded_row, stem_of


def check_conversation(conversation: str, principal: Principal) -> str:
    """The conversation id if it is of a kind this server has, and none of others (C2-01). Raises RcimError(NO_SUCH_GROUP
    or NOT_PERMITTED)."""
    if kind_of(conversation) is GROUP and not has_control(conversation):
        return conversation
    pair = pair_of(conversation)
    if pair is None or not all(map(is_user_id, pair)):
        raise RcimError(
            NO_SUCH_GROUP, "not a conversation id: `g:` and a group id, or `c:`, a length and two user ids"
        )
    if not principal.admin and principal.user_id not in pair:
        raise RcimError(NOT_PERMITTED, "the one-to-one conversation is between two other users")
    return conversation


def check_client_msg_id(name: str) -> None:
    """Raises RcimError(BAD_PARAMETER) for control characters, and for what the server itself uses."""
    if has_control(name) or name.startswith(TIP_PREFIX):
        raise RcimError(
            BAD_PARAMETER, f"client_msg_id: must have no control characters and not begin with {TIP_PREFIX}"
        )


def send(frame: frames.Send, principal: Principal, context: RequestContext) -> ActorCommand | StoreQuery:
    """SEND: the body is checked here (MS-03), everything else by the actor."""
    limits = context.limits
    check_body(frame.body, limits.body_bytes_max, limits.elements_max)
    check_client_msg_id(frame.client_msg_id)
    if frame.as_user and frame.as_user != principal.user_id:
        return _send_as(frame, principal, context)
    return ActorCommand(
        check_conversation(frame.conversation, principal),
        commands.SendMessage(
            principal.user_id,
            principal.admin,
            principal.nickname,
            principal.face_url,
            frame.client_msg_id,
            frame.priority,
            frame.body,
            principal.fields,
            _extra(frame, context),
            frame.transient,
        ),
    )


def _extra(frame: frames.Send, context: RequestContext) -> records.MessageOptions | None:
    """MS-07, MS-09: what few messages have. Raises RcimError."""
    if not (frame.type_name or frame.to or frame.mentions or frame.mentions_all or frame.cloud_data):
        return None
    limits = context.limits
    if len(frame.to) > limits.directed_max:
        raise RcimError(BAD_PARAMETER, f"to: {len(frame.to)} users, must be at most {limits.directed_max}")
    mentions = check_mentions(frame.mentions, limits)
    check_cloud_data(frame.cloud_data, limits)
    to = tuple(dict.fromkeys(check_user_id(user) for user in frame.to))
    return records.MessageOptions(frame.type_name, to, mentions, frame.mentions_all, frame.cloud_data)


def check_mentions(users: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """MS-07: whom a message mentions, each once. Raises RcimError(TOO_MANY_MENTIONS or BAD_PARAMETER)."""
    if len(users) > limits.mentions_max:
        raise RcimError(TOO_MANY_MENTIONS, f"mentions: {len(users)} users, must be at most {limits.mentions_max}")
    return tuple(dict.fromkeys(check_user_id(user) for user in users))


def check_cloud_data(data: bytes, limits: Limits) -> None:
    """Raises RcimError(BODY_TOO_LARGE)."""
    if len(data) > limits.cloud_data_bytes_max:
        raise RcimError(
            BODY_TOO_LARGE, f"cloud_data: {len(data)} bytes, must be at most {limits.cloud_data_bytes_max}"
        )


def _send_as(frame: frames.Send, principal: Principal, context: RequestContext) -> StoreQuery:
    """MS-06: as another user, whose profile is not at hand."""
    if not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "only an app administrator may send as another user")
    key, user_id = check_conversation(frame.conversation, principal), check_user_id(frame.as_user)
    extra = _extra(frame, context)
    return StoreQuery(
        workflows.SendAs(user_id, key, frame.client_msg_id, int(frame.priority), frame.body, extra, frame.transient)
    )


def history(frame: frames.History, principal: Principal, context: RequestContext) -> ActorCommand:
    """HISTORY (RX-06, RX-12)."""
    limits = context.limits
    if len(frame.seqs) > limits.history_page_max:
        raise RcimError(BAD_PARAMETER, f"seqs: {len(frame.seqs)}, at most {limits.history_page_max}")
    seqs = sorted({entry.seq for entry in frame.seqs})
    limit = len(seqs) or page_limit(frame.limit, limits.history_page_default, limits.history_page_max)
    return ActorCommand(
        check_conversation(frame.conversation, principal),
        commands.ReadHistory(
            principal.user_id,
            principal.admin,
            frame.from_seq,
            frame.to_seq,
            limit,
            frame.backwards,
            frame.from_time_ms,
            frame.to_time_ms,
            seqs,
        ),
    )


def page_limit(asked: int, default: int, most: int) -> int:
    """What a page's `limit` means: 0 is the default, and more than allowed is what is allowed."""
    return min(asked or default, most)


LIST_ROW_BYTES = USER_ID_BYTES_MAX + 44
"""What a row of a list of users takes of its frame, at the most."""


def list_limit(asked: int, limits: Limits, row_bytes: int = LIST_ROW_BYTES) -> int:
    """As `page_limit`, of lists of users, members and groups: as many rows of `row_bytes` as a frame has room for."""
    most = min(limits.list_page_max, max(1, (limits.frame_bytes_max - 4096) // row_bytes))
    return page_limit(asked, most, most)


def sent(result: outcomes.Sent, context: RequestContext) -> frames.SendOk:
    """SEQ, time and id of the message, or that it was held back (MS-02)."""
    return frames.SendOk(result.seq, result.time_ms, result.message_id, result.duplicate, result.held_back)


def page(result: outcomes.Page, context: RequestContext) -> frames.HistoryOk:
    """A page of history (RX-06)."""
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
        m.body if m.tip is None else _tip(m.tip),
        to_fields(m.user_fields) if m.user_fields else (),
        to_fields(m.member_fields) if m.member_fields else (),
        *(_rare(m) if m.extra is not None or m.changed_ms or m.state is not MessageState.AS_SENT else ()),
    )


def _rare(m: records.Message) -> tuple[Any, ...]:
    """What few messages have: the fields of frames.Message behind `member_fields`."""
    x = m.extra or records.MessageOptions()
    return (x.type_name, x.to, x.mentions, x.mentions_all, x.cloud_data, m.state, m.changed_ms, m.changed_by)


def _tip(change: records.Change) -> bytes:
    """GT-15: a strong notice as the body of its message."""
    what = change.what or ()
    return encode_body(
        [GroupTip(change.kind, change.operator, change.users, change.count, change.member_num, change.info_seq, what)]
    )


def to_fields(fields: Iterable[tuple[str, bytes]]) -> list[frames.CustomField]:
    """Custom fields as they go over the wire."""
    return [frames.CustomField(key, value) for key, value in fields]


def of_fields(fields: Iterable[frames.CustomField]) -> records.Fields:
    """Custom fields as commands have them."""
    return tuple((field.key, field.value) for field in fields)


def read(frame: frames.ConversationRead, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_READ."""
    key = check_conversation(frame.conversation, principal)
    return ActorCommand(key, commands.MarkRead(principal.user_id, principal.admin, frame.seq))


def read_ok(result: outcomes.Read, context: RequestContext) -> frames.ConversationReadOk:
    """How far the user has read now (GR-04, MsgSeq)."""
    return frames.ConversationReadOk(result.read_seq)


class MessageEncoder:
    """Encodes what actors emit for connections (dispatch/effect_runner.py). `low` says which message types are dropped
    first when there is too much (FC-07)."""

    def __init__(self, low: Callable[[str], bool] = bool) -> None:
        self._low = low

    def message(self, m: records.Message) -> Packed:
        """`m`, ready for DELIVER frames."""
        if m.extra is None:
            return Packed(m.seq, m.priority, encoded_row(to_wire(m)))
        low = bool(m.extra.type_name) and self._low(m.extra.type_name)
        priority = Priority.LOWEST if low else m.priority
        if not m.extra.to:
            return Packed(m.seq, priority, encoded_row(to_wire(m)))
        veiled = encoded_row(to_wire(m.veiled(MessageState.NOT_FOR_YOU)))
        return Packed(m.seq, priority, encoded_row(to_wire(m)), (m.sender, *m.extra.to), veiled)

    def said(self, key: str, said: effects.Notice) -> bytes:
        """A notice as a whole frame (GR-05, MS-05, MS-08, MS-10, MS-11)."""
        group_id = key.removeprefix(GROUP_PREFIX)
        match said:
            case effects.Transient():
                return frames.Transient(key, [to_wire(said.message)]).encode()
            case effects.Altered():
                return frames.MessageChanged(key, [to_wire(said.message)]).encode()
            case effects.Erased():
                return frames.MessagesErased(key, said.sender, said.to_seq).encode()
            case effects.Hidden():
                return frames.MessagesHidden(key, said.to_seq, [frames.SeqEntry(seq) for seq in said.seqs]).encode()
            case effects.ReadUpTo():
                return frames.MessagesRead(key, said.user_id, said.seq, said.time_ms).encode()
            case effects.ListEntryChanged():
                return frames.ConversationListed(said.conversation, said.pinned_ms, said.removed).encode()
            case effects.OwnSettingChanged():
                return frames.OwnChanged(said.what).encode()
            case effects.Flagged():
                return frames.ConversationFlagged(key, said.msg_flag, said.newest_seq).encode()
            case effects.Requested():
                return frames.JoinRequested(group_id, said.user_id, said.text, said.time_ms).encode()
            case effects.Invited():
                one = said.invitation
                return frames.GroupInvited(one.key.removeprefix(GROUP_PREFIX), one.name, one.by, one.time_ms).encode()
            case effects.Decided():
                return frames.JoinDecided(
                    group_id, said.user_id, said.approved, said.operator, said.text, said.newest_seq
                ).encode()
            case effects.Entered():
                return frames.GroupEntered(
                    group_id, said.type_name, said.name, said.face_url, said.newest_seq, said.operator, said.time_ms
                ).encode()
            case effects.Silenced():
                where = "" if key == APP_KEY else group_id
                return frames.MuteChanged(where, said.until_ms, said.operator, said.everyone).encode()
            case effects.Noticed():
                return frames.Notice(group_id, said.time_ms, said.body).encode()


def deliver_stem(conversation: str) -> bytes:
    """What all DELIVER frames of `conversation` begin with."""
    return stem_of(frames.Deliver(conversation, []))
