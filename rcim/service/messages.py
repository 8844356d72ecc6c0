"""Messages: SEND, HISTORY, and what DELIVER is made from."""

from __future__ import annotations

import msgspec
from msgspec.structs import force_setattr

from rcim.actor import commands, records, workflows
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, BODY_TOO_LARGE, NOT_PERMITTED, RcimError
from rcim.base.ids import SYSTEM_PREFIX, check_user_id, is_guest
from rcim.connect.principal import Principal
from rcim.content.elements import check_body
from rcim.rules.push_forms import read_push
from rcim.rules.system_accounts import account_written_to, conversation_with
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow
from rcim.service.validation import (
    check_client_msg_id,
    check_cloud_data,
    check_conversation,
    check_mentions,
    page_limit,
)

MESSAGE_BYTES_MAX = 48 * 1024
"""What a message may have with all that goes with it: a row of a list has 64 KiB, also for names and fields."""


def send(request: requests.Send, principal: Principal, context: RequestContext) -> ActorCommand | RunWorkflow:
    """SEND: the body is checked here (MS-03), everything else by the actor."""
    limits = context.limits
    check_body(request.body, limits.body_bytes_max, limits.elements_max)
    check_client_msg_id(request.client_msg_id)
    if request.as_user and request.as_user != principal.user_id:
        return _send_as(request, principal, context)
    key = check_conversation(request.conversation, principal)
    command = commands.SendMessage(
        principal.user_id,
        principal.admin,
        principal.nickname,
        principal.face_url,
        request.client_msg_id,
        request.priority,
        request.body,
        principal.fields,
        _extra(request, context),
        request.transient,
    )
    if SYSTEM_PREFIX in key and not principal.admin:  # asked for each message
        account = account_written_to(key, principal.user_id)
        if account:
            return _written_to(account, command)
    return ActorCommand(key, command)


def send_for_app(
    request: requests.AdminSend, principal: Principal, context: RequestContext
) -> ActorCommand | RunWorkflow:
    """ADMIN_SEND: as SEND; it may count as unread or not, and the app need not be asked before it and told after it."""
    made = send(request, principal, context)
    sent = made.command if isinstance(made, ActorCommand) else made.workflow
    assert isinstance(sent, commands.SendMessage | workflows.SendAs)
    if request.counted and not request.unasked and not request.untold:
        return made
    extra = msgspec.structs.replace(
        sent.extra or records.MessageOptions(),
        counted=request.counted,
        unasked=request.unasked,
        untold=request.untold,
    )
    force_setattr(sent, "extra", extra)  # it was made just now, and nobody else has it
    return made


def _written_to(account: str, command: commands.SendMessage) -> RunWorkflow:
    """SY-01: what users send to a system conversation goes to the app only. Raises RcimError: a guest has no
    conversation with it."""
    if is_guest(command.by):
        raise RcimError(NOT_PERMITTED, "guests do not write to a system conversation")
    key = conversation_with(account, command.by)
    return RunWorkflow(workflows.WriteToSystem(command.by, account, key, command))


def _extra(request: requests.Send, context: RequestContext) -> records.MessageOptions | None:
    """MS-07, MS-09: the fields that few messages have. Raises RcimError."""
    if not (
        request.type_name
        or request.to
        or request.mentions
        or request.mentions_all
        or request.cloud_data
        or request.push
    ):
        return None
    limits = context.limits
    if len(request.to) > limits.directed_max:
        raise RcimError(BAD_PARAMETER, f"to: {len(request.to)} users, must be at most {limits.directed_max}")
    mentions = check_mentions(request.mentions, limits)
    check_cloud_data(request.cloud_data, limits)
    to = tuple(dict.fromkeys(check_user_id(user) for user in request.to))
    push = read_push(request.push) if request.push else None
    size = len(request.body) + len(request.cloud_data) + sum(len(user.encode()) + 2 for user in (*to, *mentions))
    if size > MESSAGE_BYTES_MAX:
        raise RcimError(
            BODY_TOO_LARGE, f"body, to, mentions and cloud_data: {size} bytes, at most {MESSAGE_BYTES_MAX}"
        )
    return records.MessageOptions(
        type_name=request.type_name,
        to=to,
        mentions=mentions,
        mentions_all=request.mentions_all,
        cloud_data=request.cloud_data,
        push=push,
    )


def _send_as(request: requests.Send, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MS-06: send as another user, whose profile is not in this process."""
    if not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "only an app administrator may send as another user")
    key, user_id = check_conversation(request.conversation, principal), check_user_id(request.as_user)
    extra = _extra(request, context)
    return RunWorkflow(
        workflows.SendAs(
            by=user_id,
            key=key,
            client_msg_id=request.client_msg_id,
            priority=int(request.priority),
            body=request.body,
            extra=extra,
            transient=request.transient,
        )
    )


def history(request: requests.History, principal: Principal, context: RequestContext) -> ActorCommand:
    """HISTORY (RX-06, RX-12)."""
    limits = context.limits
    if len(request.seqs) > limits.history_page_max:
        raise RcimError(BAD_PARAMETER, f"seqs: {len(request.seqs)}, at most {limits.history_page_max}")
    seqs = sorted(set(request.seqs))
    limit = len(seqs) or page_limit(request.limit, limits.history_page_default, limits.history_page_max)
    return ActorCommand(
        check_conversation(request.conversation, principal),
        commands.ReadHistory(
            by=principal.user_id,
            admin=principal.admin,
            from_seq=request.from_seq,
            to_seq=request.to_seq,
            limit=limit,
            backwards=request.backwards,
            from_time_ms=request.from_time_ms,
            to_time_ms=request.to_time_ms,
            seqs=seqs,
        ),
    )


def read(request: requests.ConversationRead, principal: Principal, context: RequestContext) -> ActorCommand:
    """CONVERSATION_READ."""
    key = check_conversation(request.conversation, principal)
    return ActorCommand(key, commands.MarkRead(principal.user_id, principal.admin, request.seq))
