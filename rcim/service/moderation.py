"""Moderation by app administrators: frequency control (FC-07, FC-08), the word filter (SC-05), traces."""

from __future__ import annotations

from rcim.actor import commands, outcomes, user_commands, workflows
from rcim.actor.app import APP_KEY
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, has_control
from rcim.base.terms import AppList
from rcim.connect.principal import Principal
from rcim.rules.word_filter import WORD_BYTES_MAX
from rcim.service import requests, results
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow
from rcim.service.validation import check_conversation, group_key, list_limit


def flow(request: requests.AdminFlow, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_FLOW."""
    key = group_key(request.group_id) if request.group_id else APP_KEY
    return ActorCommand(key, user_commands.ReadFlow(principal.user_id, True))


LIST_CHANGES_AT_ONCE = 500
USERS = AppList.PROTECTED_USERS


def list_(request: requests.AdminList, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_LIST."""
    limit = list_limit(request.limit, context.limits)
    return ActorCommand(
        APP_KEY,
        user_commands.ReadList(
            by=principal.user_id, admin=True, which=request.which, cursor=request.cursor, limit=limit
        ),
    )


def change_list(request: requests.AdminListChange, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_LIST_CHANGE."""
    count = len(request.add) + len(request.remove)
    if not 1 <= count <= LIST_CHANGES_AT_ONCE:
        raise RcimError(
            BAD_PARAMETER, f"add and remove: {count} entries together, must be 1 to {LIST_CHANGES_AT_ONCE}"
        )
    for entry in (*request.add, *request.remove):
        if has_control(entry):
            raise RcimError(BAD_PARAMETER, "an entry must have no control characters")
    for entry in request.add:
        if request.which is USERS:
            check_user_id(entry)
        elif len(entry.encode()) > WORD_BYTES_MAX:
            raise RcimError(BAD_PARAMETER, f"an entry has at most {WORD_BYTES_MAX} bytes")
    return RunWorkflow(
        workflows.ChangeAppList(
            principal.user_id, which=request.which, add=list(request.add), remove=list(request.remove)
        )
    )


def trace(request: requests.AdminTrace, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_TRACE."""
    key = check_conversation(request.conversation, principal)
    if has_control(request.client_msg_id):
        raise RcimError(BAD_PARAMETER, "client_msg_id: control characters are not allowed")
    command = commands.TraceMessage(principal.user_id, True, check_user_id(request.sender), request.client_msg_id)
    return RunWorkflow(workflows.Trace(key, key, command))


def with_online(result: outcomes.Traced, context: RequestContext) -> results.TracedMessage:
    """The trace of a message, with the number of members of its conversation who are online now."""
    return results.TracedMessage(result, context.online(result.key))
