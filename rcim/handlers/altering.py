"""What can happen to a message after it was sent (MS-10), and who has read it (MS-11)."""

from __future__ import annotations

from rcim.actor import commands, errands, outcomes
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import MessageState
from rcim.handlers.desk import Caller, Desk, ToActor, ToStore
from rcim.handlers.messages import check_cloud_data, check_conversation, check_mentions, list_limit
from rcim.wire import frames
from rcim.wire.elements import check_body

HIDDEN_AT_ONCE = 100


def recall(frame: frames.MessageRecall, caller: Caller, desk: Desk) -> ToStore:
    """MESSAGE_RECALL."""
    return _alter(frame.conversation, frame.seq, caller, MessageState.RECALLED)


def edit(frame: frames.MessageEdit, caller: Caller, desk: Desk) -> ToStore:
    """MESSAGE_EDIT: what is new is checked as that of a new message (MS-17)."""
    check_body(frame.body, desk.limits.body_bytes_max, desk.limits.elements_max)
    mentions = None if frame.mentions is None else check_mentions(frame.mentions, desk.limits)
    check_cloud_data(frame.cloud_data or b"", desk.limits)
    command = commands.AlterMessage(
        caller.user_id,
        caller.admin,
        frame.seq,
        MessageState.EDITED,
        frame.body,
        mentions=mentions,
        mentions_all=frame.mentions_all,
        cloud_data=frame.cloud_data,
    )
    return _with_message(frame.conversation, caller, command)


def delete(frame: frames.MessageDelete, caller: Caller, desk: Desk) -> ToStore:
    """MESSAGE_DELETE."""
    return _alter(frame.conversation, frame.seq, caller, MessageState.DELETED)


def _alter(conversation: str, seq: int, caller: Caller, state: MessageState) -> ToStore:
    return _with_message(conversation, caller, commands.AlterMessage(caller.user_id, caller.admin, seq, state))


def _with_message(conversation: str, caller: Caller, command: commands.AlterMessage) -> ToStore:
    return ToStore(errands.WithMessage(caller.user_id, check_conversation(conversation, caller), command))


def erase(frame: frames.MessagesErase, caller: Caller, desk: Desk) -> ToActor:
    """MESSAGES_ERASE."""
    sender = check_user_id(frame.sender)
    return ToActor(
        check_conversation(frame.conversation, caller), commands.EraseSender(caller.user_id, caller.admin, sender)
    )


def hide(frame: frames.MessagesHide, caller: Caller, desk: Desk) -> ToActor:
    """MESSAGES_HIDE."""
    if not 1 <= len(frame.messages) <= HIDDEN_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"messages: {len(frame.messages)}, must be 1 to {HIDDEN_AT_ONCE}")
    seqs = [entry.seq for entry in frame.messages]
    return ToActor(
        check_conversation(frame.conversation, caller), commands.HideMessages(caller.user_id, caller.admin, seqs)
    )


def clear(frame: frames.ConversationClear, caller: Caller, desk: Desk) -> ToActor:
    """CONVERSATION_CLEAR."""
    return ToActor(
        check_conversation(frame.conversation, caller), commands.ClearMessages(caller.user_id, caller.admin)
    )


def receipts(frame: frames.MessageReceipts, caller: Caller, desk: Desk) -> ToStore:
    """MESSAGE_RECEIPTS."""
    limit = list_limit(frame.limit, desk.limits)
    command = commands.ReadReceipts(caller.user_id, caller.admin, frame.seq, frame.read, frame.cursor, limit)
    return ToStore(errands.WithMessage(caller.user_id, check_conversation(frame.conversation, caller), command))


def recalled_ok(result: outcomes.Altered, desk: Desk) -> frames.MessageRecallOk:
    """When the message was recalled (MS-10)."""
    return frames.MessageRecallOk(result.changed_ms)


def edited_ok(result: outcomes.Altered, desk: Desk) -> frames.MessageEditOk:
    """When the message was edited (MS-10)."""
    return frames.MessageEditOk(result.changed_ms)


def deleted_ok(result: outcomes.Altered, desk: Desk) -> frames.MessageDeleteOk:
    """When the message was deleted (MS-10)."""
    return frames.MessageDeleteOk(result.changed_ms)


def receipts_ok(result: outcomes.Receipts, desk: Desk) -> frames.MessageReceiptsOk:
    """How many have read the message, and a page of them (MS-11)."""
    return frames.MessageReceiptsOk(result.read_num, result.unread_num, result.users, result.next)
