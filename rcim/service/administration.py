"""Administration by frames (AB-01): lists, counters, notices, imports, group types. For app administrators (ID-08)."""

from __future__ import annotations

from rcim.actor import commands, import_commands, queries, user_commands
from rcim.actor.app import APP_KEY
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import USER_ID_BYTES_MAX, check_user_id, check_user_or_guest
from rcim.base.terms import Priority, group_conversation, pair_of
from rcim.connect.principal import Principal
from rcim.content.elements import check_body
from rcim.rules.custom_attributes import canonical
from rcim.rules.fields import check_field
from rcim.rules.type_table import TypeChange
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, StoreQuery
from rcim.service.validation import (
    check_client_msg_id,
    check_cloud_data,
    check_conversation,
    check_name,
    check_users,
    group_key,
    list_limit,
)

METRICS_RESERVE = 4096
"""Of a frame, besides the figures."""
CONNECTION_ROW_BYTES = USER_ID_BYTES_MAX + 230
"""The most bytes that a row of ADMIN_CONNECTIONS takes in an answer."""


def groups(request: requests.AdminGroups, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_GROUPS."""
    return StoreQuery(queries.AllGroupsQuery(request.cursor, list_limit(request.limit, context.limits)))


def connections(request: requests.AdminConnections, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_CONNECTIONS."""
    if request.user_id:
        check_user_or_guest(request.user_id)
    limit = list_limit(request.limit, context.limits, CONNECTION_ROW_BYTES)
    return StoreQuery(queries.ConnectionsQuery(request.after_id, limit, request.user_id))


def stats(request: requests.AdminStats, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_STATS."""
    return StoreQuery(queries.CountersQuery())


def metrics(request: requests.AdminMetrics, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_METRICS (OP-02): a page for a connection; all at once for who has none, the metrics adapter."""
    bytes_max = context.limits.frame_bytes_max - METRICS_RESERVE if principal.connection_id else 0
    return StoreQuery(queries.MetricsQuery(request.after, bytes_max))


def health(request: requests.AdminHealth, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_HEALTH (OP-04)."""
    return StoreQuery(queries.HealthQuery())


MESSAGES_AT_ONCE = 100
"""Messages in one import. With the largest bodies, far fewer fit in a request."""


def notice(request: requests.AdminNotice, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_NOTICE (MS-05)."""
    check_body(request.body, context.limits.body_bytes_max, context.limits.elements_max)
    users = check_users(request.users, context.limits.mute_max, 0)
    return ActorCommand(
        group_key(request.group_id), commands.GiveNotice(principal.user_id, True, users, request.body)
    )


def group_import(request: requests.AdminGroupImport, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_GROUP_IMPORT (GR-08)."""
    group_id, _ = context.group_ids.wanted(request.group_id)
    return ActorCommand(
        group_conversation(group_id),
        commands.CreateGroup(
            by=principal.user_id,
            admin=True,
            group_id=group_id,
            type=request.type,
            name=check_name(request.name),
            introduction=check_field("introduction", request.introduction),
            notification=check_field("notification", request.notification),
            face_url=check_field("face_url", request.face_url),
            apply_join_option=request.apply_join_option,
            members=[],
            owner=check_user_id(request.owner) if request.owner else "",
            max_member_num=request.max_member_num,
            fields=tuple(request.fields),
            importing=True,
            attributes=canonical(request.attributes) if request.attributes else b"",
            creator=check_user_id(request.creator) if request.creator else "",
            create_time_ms=request.create_time_ms,
            opened=request.opened,
        ),
    )


def members_import(
    request: requests.AdminMembersImport, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ADMIN_MEMBERS_IMPORT."""
    check_users([m.user_id for m in request.members], context.limits.invite_max)
    rows = [import_commands.ImportedMember(m.user_id, m.role, m.join_time_ms, m.unread) for m in request.members]
    return ActorCommand(group_key(request.group_id), import_commands.ImportMembers(principal.user_id, True, rows))


def messages_import(
    request: requests.AdminMessagesImport, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ADMIN_MESSAGES_IMPORT."""
    if not 1 <= len(request.messages) <= MESSAGES_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"messages: {len(request.messages)}, must be 1 to {MESSAGES_AT_ONCE}")
    rows = [_imported(item, f"messages[{at}]", context) for at, item in enumerate(request.messages)]
    return ActorCommand(group_key(request.group_id), import_commands.ImportMessages(principal.user_id, True, rows))


def pair_import(request: requests.AdminPairImport, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_PAIR_IMPORT (GR-08, C2-01)."""
    key = check_conversation(request.conversation, principal)
    if pair_of(key) is None:
        raise RcimError(BAD_PARAMETER, "conversation: has to be a one-to-one conversation")
    check_cloud_data(request.cloud_data, context.limits)
    message = requests.ImportedMessage(
        sender=request.sender,
        time_ms=request.time_ms,
        priority=Priority.NORMAL,
        client_msg_id=request.client_msg_id,
        body=request.body,
    )
    command = import_commands.ImportPairMessage(
        by=principal.user_id,
        admin=True,
        message=_imported(message, "message", context),
        counted=request.counted,
        cloud_data=request.cloud_data,
    )
    return ActorCommand(key, command)


def _imported(item: requests.ImportedMessage, place: str, context: RequestContext) -> import_commands.ImportedMessage:
    """The message, checked. Raises RcimError that names the place."""
    try:
        check_user_id(item.sender)
        check_body(item.body, context.limits.body_bytes_max, context.limits.elements_max)
        check_client_msg_id(item.client_msg_id)
    except RcimError as error:
        raise RcimError(error.code, f"{place}: {error.detail}") from None
    return import_commands.ImportedMessage(
        sender=item.sender,
        time_ms=item.time_ms,
        priority=item.priority,
        client_msg_id=item.client_msg_id,
        body=item.body,
    )


def import_finish(request: requests.AdminImportFinish, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_IMPORT_FINISH."""
    return ActorCommand(group_key(request.group_id), import_commands.FinishImport(principal.user_id, True))


def types(request: requests.AdminTypes, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_TYPES (GT-20)."""
    return ActorCommand(APP_KEY, user_commands.ReadTypes(principal.user_id, True, request.cursor))


def type_set(request: requests.AdminTypeSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_TYPE_SET."""
    policies = dict(request.policies)
    change = TypeChange(request.name, request.base, policies)
    return ActorCommand(APP_KEY, user_commands.SetType(principal.user_id, True, change))


def type_remove(request: requests.AdminTypeRemove, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_TYPE_REMOVE."""
    return ActorCommand(APP_KEY, user_commands.RemoveType(principal.user_id, True, request.name))
