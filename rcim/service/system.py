"""System conversations and system senders, for app administrators (SY-01, SY-06)."""

from __future__ import annotations

from rcim.actor import queries, records, user_commands, workflows
from rcim.actor.user import user_key
from rcim.base.errors import BAD_PARAMETER, NO_SUCH_GROUP, RcimError
from rcim.base.ids import SYSTEM_PREFIX, check_user_id, has_control
from rcim.connect.principal import Principal
from rcim.content.elements import check_body
from rcim.rules.push_forms import read_push
from rcim.rules.system_accounts import is_system_account
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_client_msg_id, check_cloud_data, check_users, list_limit

NAMED_MAX = 100
"""Users named in one request: so many conversations are written to for it."""
WRITER_BYTES = 300
"""The most bytes that a row of a list of users takes in an answer."""


def writers(request: requests.AdminSystemWriters, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_SYSTEM_WRITERS (SY-01)."""
    limit = list_limit(request.limit, context.limits, WRITER_BYTES)
    return StoreQuery(queries.SystemWritersQuery(_account(request.group_id), request.cursor, limit))


def send(request: requests.AdminSystemSend, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_SYSTEM_SEND (SY-01)."""
    limits = context.limits
    check_body(request.body, limits.body_bytes_max, limits.elements_max)
    check_client_msg_id(request.client_msg_id)
    check_cloud_data(request.cloud_data, limits)
    users = check_users(request.users, NAMED_MAX)
    for at, user_id in enumerate(users):
        if is_system_account(user_id):
            raise RcimError(BAD_PARAMETER, f"users[{at}]: {user_id} is the account of a system conversation")
    extra = None
    if request.type_name or request.cloud_data or request.push:
        push = read_push(request.push) if request.push else None
        extra = records.MessageOptions(type_name=request.type_name, cloud_data=request.cloud_data, push=push)
    return RunWorkflow(
        workflows.SystemSend(
            by=principal.user_id,
            account=_account(request.group_id),
            users=list(dict.fromkeys(users)),
            client_msg_id=request.client_msg_id,
            priority=int(request.priority),
            body=request.body,
            extra=extra,
        )
    )


def set_sender(request: requests.AdminSenderSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_SENDER_SET (SY-06)."""
    user_id = check_user_id(request.user_id)
    if user_id == principal.user_id:
        raise RcimError(BAD_PARAMETER, "user_id: must not name you")
    return ActorCommand(user_key(user_id), user_commands.SetSystemSender(principal.user_id, True, request.on))


def _account(group_id: str) -> str:
    """The account of the system conversation with this id. Raises RcimError(NO_SUCH_GROUP) for another id."""
    if not is_system_account(group_id) or has_control(group_id):
        raise RcimError(NO_SUCH_GROUP, f"the id of a system conversation begins with {SYSTEM_PREFIX}")
    return group_id
