"""Broadcasts to all users (SY-03), and the tags and attributes by which they are targeted (SY-04)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor import commands, queries, records, user_commands, workflows
from rcim.actor.app import APP_KEY
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import BROADCAST_ALL, MessageState, group_conversation
from rcim.connect.principal import Principal
from rcim.content.elements import check_body
from rcim.rules.conversation_kinds import SYSTEM, kind_of
from rcim.rules.push_forms import read_push
from rcim.rules.roles import Standing
from rcim.rules.targets import LabelChange, Target
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_client_msg_id, check_users, page_limit

LABELLED_AT_ONCE = 100
"""Users whose labels one request changes, or asks for, as many as Tencent allows."""


def send(request: requests.AdminBroadcast, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_BROADCAST."""
    limits = context.limits
    check_body(request.body, limits.body_bytes_max, limits.elements_max)
    check_client_msg_id(request.client_msg_id)
    through = request.system_conversation
    if through and kind_of(group_conversation(through)) is not SYSTEM:
        raise RcimError(BAD_PARAMETER, f"system_conversation: its id begins with {SYSTEM.group_prefix}")
    target = Target(
        tags_any=tuple(request.tags_any),
        tags_all=tuple(request.tags_all),
        attributes_any=_pairs(request.attributes_any),
        attributes_all=_pairs(request.attributes_all),
    ).check()
    extra = records.MessageOptions(
        type_name=request.type_name,
        target=target if target != Target() else None,
        through=through,
        push=read_push(request.push) if request.push else None,
    )
    return RunWorkflow(
        workflows.Broadcast(
            by=check_user_id(request.sender or principal.user_id),
            client_msg_id=request.client_msg_id,
            priority=int(request.priority),
            body=request.body,
            extra=extra,
            expires_s=request.expires_s,
        )
    )


def _pairs(attributes: Sequence[requests.UserAttribute]) -> tuple[tuple[str, str], ...]:
    return tuple((one.name, one.value) for one in attributes)


def list_(request: requests.AdminBroadcasts, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_BROADCASTS."""
    limits = context.limits
    command = commands.ReadHistory(
        by=principal.user_id,
        admin=True,
        from_seq=0 if request.before_seq != 1 else 1 << 63,  # nothing is before the first
        to_seq=max(request.before_seq, 1) - 1,
        limit=page_limit(request.limit, limits.history_page_default, limits.history_page_max),
        backwards=True,
        from_time_ms=0,
        to_time_ms=0,
    )
    return ActorCommand(BROADCAST_ALL, command)


def recall(request: requests.AdminBroadcastRecall, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_BROADCAST_RECALL."""
    command = commands.AlterMessage(principal.user_id, True, request.seq, MessageState.RECALLED)
    return RunWorkflow(workflows.WithMessage(principal.user_id, BROADCAST_ALL, command))


def change_tags(request: requests.AdminTagsChange, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_TAGS_CHANGE."""
    if not (request.add or request.remove or request.remove_all):
        raise RcimError(BAD_PARAMETER, "add and remove: no tag is named")
    change = LabelChange(add_tags=tuple(request.add), remove_tags=tuple(request.remove), all_tags=request.remove_all)
    return _label(request.users, change, principal)


def change_attributes(
    request: requests.AdminAttributesChange, principal: Principal, context: RequestContext
) -> RunWorkflow:
    """ADMIN_ATTRIBUTES_CHANGE."""
    if not (request.set or request.remove):
        raise RcimError(BAD_PARAMETER, "set and remove: no attribute is named")
    change = LabelChange(set_attributes=_pairs(request.set), remove_attributes=tuple(request.remove))
    return _label(request.users, change, principal)


def _label(users: Sequence[str], change: LabelChange, principal: Principal) -> RunWorkflow:
    return RunWorkflow(workflows.LabelUsers(principal.user_id, check_users(users, LABELLED_AT_ONCE), change))


def labels(request: requests.AdminLabels, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_LABELS."""
    users = check_users(list(dict.fromkeys(request.users)), LABELLED_AT_ONCE)
    return StoreQuery(queries.ProfilesQuery(users, int(Standing.APP_ADMIN), ""))


def attribute_names(
    request: requests.AdminAttributeNames, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ADMIN_ATTRIBUTE_NAMES."""
    return ActorCommand(APP_KEY, user_commands.ReadAttributeNames(principal.user_id, True))


def set_attribute_names(
    request: requests.AdminAttributeNamesSet, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ADMIN_ATTRIBUTE_NAMES_SET."""
    names = {one.number: one.name for one in request.names}
    if len(names) < len(request.names):
        raise RcimError(BAD_PARAMETER, "names: a number is named twice")
    return ActorCommand(APP_KEY, user_commands.SetAttributeNames(principal.user_id, True, names))
