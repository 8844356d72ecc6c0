"""Recalling, editing and deleting messages (MS-10), and read receipts (MS-11)."""

from __future__ import annotations

from rcim.actor import commands, workflows
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import MessageState
from rcim.connect.principal import Principal
from rcim.content.elements import check_body
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow
from rcim.service.validation import check_cloud_data, check_conversation, check_mentions, list_limit, own_or_any

HIDDEN_AT_ONCE = 100


def recall(request: requests.MessageRecall, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_RECALL."""
    return _alter(request.conversation, request.seq, principal, MessageState.RECALLED)


def edit(request: requests.MessageEdit, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_EDIT: new content is checked as in a new message (MS-17)."""
    check_body(request.body, context.limits.body_bytes_max, context.limits.elements_max)
    mentions = None if request.mentions is None else check_mentions(request.mentions, context.limits)
    check_cloud_data(request.cloud_data or b"", context.limits)
    command = commands.AlterMessage(
        by=principal.user_id,
        admin=principal.admin,
        seq=request.seq,
        state=MessageState.EDITED,
        body=request.body,
        mentions=mentions,
        mentions_all=request.mentions_all,
        cloud_data=request.cloud_data,
    )
    return _with_message(request.conversation, principal, command)


def delete(request: requests.MessageDelete, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_DELETE."""
    return _alter(request.conversation, request.seq, principal, MessageState.DELETED)


def _alter(conversation: str, seq: int, principal: Principal, state: MessageState) -> RunWorkflow:
    return _with_message(
        conversation, principal, commands.AlterMessage(principal.user_id, principal.admin, seq, state)
    )


def _with_message(conversation: str, principal: Principal, command: commands.AlterMessage) -> RunWorkflow:
    return RunWorkflow(workflows.WithMessage(principal.user_id, check_conversation(conversation, principal), command))


def erase(request: requests.MessagesErase, principal: Principal, context: RequestContext) -> ActorCommand:
    """MESSAGES_ERASE."""
    sender = check_user_id(request.sender)
    return ActorCommand(
        check_conversation(request.conversation, principal),
        commands.EraseSender(principal.user_id, principal.admin, sender),
    )


def hide(request: requests.MessagesHide, principal: Principal, context: RequestContext) -> ActorCommand:
    """MESSAGES_HIDE."""
    if not 1 <= len(request.messages) <= HIDDEN_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"messages: {len(request.messages)}, must be 1 to {HIDDEN_AT_ONCE}")
    seqs = list(request.messages)
    return ActorCommand(
        check_conversation(request.conversation, principal),
        commands.HideMessages(principal.user_id, principal.admin, seqs),
    )


def clear(request: requests.ConversationClear, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_CLEAR."""
    user_id = own_or_any(request.user_id, principal, "delete messages for others")
    return ActorCommand(
        check_conversation(request.conversation, principal), commands.ClearMessages(user_id, principal.admin)
    )


def receipts(request: requests.MessageReceipts, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_RECEIPTS."""
    limit = list_limit(request.limit, context.limits)
    command = commands.ReadReceipts(
        by=principal.user_id,
        admin=principal.admin,
        seq=request.seq,
        read=request.read,
        cursor=request.cursor,
        limit=limit,
    )
    return RunWorkflow(
        workflows.WithMessage(principal.user_id, check_conversation(request.conversation, principal), command)
    )
