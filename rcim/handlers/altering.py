"""What can happen to a message after it was sent (MS-10), and who has read it (MS-11)."""

from __future__ import annotations

from rcim.actor import commands, outcomes, workflows
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import MessageState
from rcim.handlers.context import ActorCommand, Principal, RequestContext, RunWorkflow
from rcim.handlers.messages import check_cloud_data, check_conversation, check_mentions, list_limit
from rcim.wire import frames
from rcim.wire.elements import check_body

HIDDEN_AT_ONCE = 100


def recall(frame: frames.MessageRecall, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_RECALL."""
    return _alter(frame.conversation, frame.seq, principal, MessageState.RECALLED)


def edit(frame: frames.MessageEdit, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_EDIT: what is new is checked as that of a new message (MS-17)."""
    check_body(frame.body, context.limits.body_bytes_max, context.limits.elements_max)
    mentions = None if frame.mentions is None else check_mentions(frame.mentions, context.limits)
    check_cloud_data(frame.cloud_data or b"", context.limits)
    command = commands.AlterMessage(
        principal.user_id,
        principal.admin,
        frame.seq,
        MessageState.EDITED,
        frame.body,
        mentions=mentions,
        mentions_all=frame.mentions_all,
        cloud_data=frame.cloud_data,
    )
    return _with_message(frame.conversation, principal, command)


def delete(frame: frames.MessageDelete, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_DELETE."""
    return _alter(frame.conversation, frame.seq, principal, MessageState.DELETED)


def _alter(conversation: str, seq: int, principal: Principal, state: MessageState) -> RunWorkflow:
    return _with_message(
        conversation, principal, commands.AlterMessage(principal.user_id, principal.admin, seq, state)
    )


def _with_message(conversation: str, principal: Principal, command: commands.AlterMessage) -> RunWorkflow:
    return RunWorkflow(workflows.WithMessage(principal.user_id, check_conversation(conversation, principal), command))


def erase(frame: frames.MessagesErase, principal: Principal, context: RequestContext) -> ActorCommand:
    """MESSAGES_ERASE."""
    sender = check_user_id(frame.sender)
    return ActorCommand(
        check_conversation(frame.conversation, principal),
        commands.EraseSender(principal.user_id, principal.admin, sender),
    )


def hide(frame: frames.MessagesHide, principal: Principal, context: RequestContext) -> ActorCommand:
    """MESSAGES_HIDE."""
    if not 1 <= len(frame.messages) <= HIDDEN_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"messages: {len(frame.messages)}, must be 1 to {HIDDEN_AT_ONCE}")
    seqs = [entry.seq for entry in frame.messages]
    return ActorCommand(
        check_conversation(frame.conversation, principal),
        commands.HideMessages(principal.user_id, principal.admin, seqs),
    )


def clear(frame: frames.ConversationClear, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_CLEAR."""
    return ActorCommand(
        check_conversation(frame.conversation, principal), commands.ClearMessages(principal.user_id, principal.admin)
    )


def receipts(frame: frames.MessageReceipts, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_RECEIPTS."""
    limit = list_limit(frame.limit, context.limits)
    command = commands.ReadReceipts(principal.user_id, principal.admin, frame.seq, frame.read, frame.cursor, limit)
    return RunWorkflow(
        workflows.WithMessage(principal.user_id, check_conversation(frame.conversation, principal), command)
    )


def recalled_ok(result: outcomes.Altered, context: RequestContext) -> frames.MessageRecallOk:
    """When the message was recalled (MS-10)."""
    return frames.MessageRecallOk(result.changed_ms)


def edited_ok(result: outcomes.Altered, context: RequestContext) -> frames.MessageEditOk:
    """When the message was edited (MS-10)."""
    return frames.MessageEditOk(result.changed_ms)


def deleted_ok(result: outcomes.Altered, context: RequestContext) -> frames.MessageDeleteOk:
    """When the message was deleted (MS-10)."""
    return frames.MessageDeleteOk(result.changed_ms)


def receipts_ok(result: outcomes.Receipts, context: RequestContext) -> frames.MessageReceiptsOk:
    """How many have read the message, and a page of them (MS-11)."""
    return frames.MessageReceiptsOk(result.read_num, result.unread_num, result.users, result.next)
