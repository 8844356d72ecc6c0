"""Administration by frames (AB-01): lists, counters, notices, imports, group types. For app administrators (ID-08)."""

from __future__ import annotations

from rcim.actor import commands, outcomes, queries, user_commands
from rcim.actor.app import APP_KEY
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import USER_ID_BYTES_MAX, check_user_id, check_user_or_guest
from rcim.base.terms import group_conversation
from rcim.handlers.context import ActorCommand, Principal, RequestContext, StoreQuery
from rcim.handlers.groups import check_name, check_users, entry, group_key
from rcim.handlers.members import added
from rcim.handlers.messages import check_client_msg_id, list_limit, of_fields
from rcim.rules.fields import check_field
from rcim.rules.type_table import TypeChange
from rcim.store import answers
from rcim.wire import frames
from rcim.wire.elements import check_body

CONNECTION_ROW_BYTES = USER_ID_BYTES_MAX + 230
"""What a row of ADMIN_CONNECTIONS takes of its frame, at most."""


def groups(frame: frames.AdminGroups, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_GROUPS."""
    return StoreQuery(queries.AllGroupsQuery(frame.cursor, list_limit(frame.limit, context.limits)))


def groups_ok(result: answers.GroupsPage, context: RequestContext) -> frames.AdminGroupsOk:
    """A page of all groups."""
    return frames.AdminGroupsOk([entry(row) for row in result.groups], result.next)


def connections(frame: frames.AdminConnections, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_CONNECTIONS."""
    if frame.user_id:
        check_user_or_guest(frame.user_id)
    limit = list_limit(frame.limit, context.limits, CONNECTION_ROW_BYTES)
    return StoreQuery(queries.ConnectionsQuery(frame.after_id, limit, frame.user_id))


def connections_ok(result: answers.ConnectionsPage, context: RequestContext) -> frames.AdminConnectionsOk:
    """A page of connections."""
    rows = [
        frames.ConnectionEntry(
            row.connection_id,
            row.user_id,
            row.platform,
            row.device_tag,
            row.address,
            row.age_ms,
            row.queued_bytes,
            row.agent,
        )
        for row in result.rows
    ]
    return frames.AdminConnectionsOk(rows, result.next)


def stats(frame: frames.AdminStats, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_STATS."""
    return StoreQuery(queries.CountersQuery())


def stats_ok(result: answers.Counted, context: RequestContext) -> frames.AdminStatsOk:
    """The counters."""
    return frames.AdminStatsOk([frames.Stat(name, value) for name, value in sorted(result.values.items())])


# ----------------------------------------------------------------------------------------- notices, imports

MESSAGES_AT_ONCE = 100
"""Messages in one import: with the largest bodies they are far more than a frame."""


def notice(frame: frames.AdminNotice, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_NOTICE (MS-05)."""
    check_body(frame.body, context.limits.body_bytes_max, context.limits.elements_max)
    users = check_users(frame.users, context.limits.mute_max, 0)
    return ActorCommand(group_key(frame.group_id), commands.GiveNotice(principal.user_id, True, users, frame.body))


def group_import(frame: frames.AdminGroupImport, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_GROUP_IMPORT (GR-08)."""
    group_id = context.group_ids.wanted(frame.group_id)
    return ActorCommand(
        group_conversation(group_id),
        commands.CreateGroup(
            by=principal.user_id,
            admin=True,
            group_id=group_id,
            type=frame.type_,
            name=check_name(frame.name),
            introduction=check_field("introduction", frame.introduction),
            notification=check_field("notification", frame.notification),
            face_url=check_field("face_url", frame.face_url),
            apply_join_option=frame.apply_join_option,
            members=[],
            owner=check_user_id(frame.owner) if frame.owner else "",
            max_member_num=frame.max_member_num,
            fields=of_fields(frame.fields),
            importing=True,
            create_time_ms=frame.create_time_ms,
        ),
    )


def members_import(frame: frames.AdminMembersImport, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_MEMBERS_IMPORT."""
    check_users([m.user_id for m in frame.members], context.limits.invite_max)
    rows = [commands.ImportedMember(m.user_id, m.role, m.join_time_ms, m.unread) for m in frame.members]
    return ActorCommand(group_key(frame.group_id), commands.ImportMembers(principal.user_id, True, rows))


def messages_import(frame: frames.AdminMessagesImport, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_MESSAGES_IMPORT."""
    if not 1 <= len(frame.messages) <= MESSAGES_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"messages: {len(frame.messages)}, must be 1 to {MESSAGES_AT_ONCE}")
    for at, item in enumerate(frame.messages):
        try:
            check_user_id(item.sender)
            check_body(item.body, context.limits.body_bytes_max, context.limits.elements_max)
            check_client_msg_id(item.client_msg_id)
        except RcimError as error:
            raise RcimError(error.code, f"messages[{at}]: {error.detail}") from None
    rows = [
        commands.ImportedMessage(m.sender, m.time_ms, m.priority, m.client_msg_id, m.body) for m in frame.messages
    ]
    return ActorCommand(group_key(frame.group_id), commands.ImportMessages(principal.user_id, True, rows))


def import_finish(frame: frames.AdminImportFinish, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_IMPORT_FINISH."""
    return ActorCommand(group_key(frame.group_id), commands.FinishImport(principal.user_id, True))


def group_imported_ok(result: outcomes.Created, context: RequestContext) -> frames.AdminGroupImportOk:
    """The answer to ADMIN_GROUP_IMPORT (GR-08)."""
    return frames.AdminGroupImportOk(result.group_id)


def members_imported_ok(result: outcomes.Added, context: RequestContext) -> frames.AdminMembersImportOk:
    """The answer to ADMIN_MEMBERS_IMPORT: what became of each member (GR-08)."""
    return frames.AdminMembersImportOk(added(result))


def messages_imported_ok(result: outcomes.Imported, context: RequestContext) -> frames.AdminMessagesImportOk:
    """The answer to ADMIN_MESSAGES_IMPORT (GR-08)."""
    return frames.AdminMessagesImportOk(result.first_seq, result.last_seq)


# --------------------------------------------------------------------------------------------- group types


def types(frame: frames.AdminTypes, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_TYPES (GT-20)."""
    return ActorCommand(APP_KEY, user_commands.ReadTypes(principal.user_id, True, frame.cursor))


def type_set(frame: frames.AdminTypeSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_TYPE_SET."""
    policies = {policy.name: policy.value for policy in frame.policies}
    change = TypeChange(frame.name, frame.base, policies)
    return ActorCommand(APP_KEY, user_commands.SetType(principal.user_id, True, change))


def type_remove(frame: frames.AdminTypeRemove, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_TYPE_REMOVE."""
    return ActorCommand(APP_KEY, user_commands.RemoveType(principal.user_id, True, frame.name))


def types_ok(result: outcomes.Types, context: RequestContext) -> frames.AdminTypesOk:
    """A page of group types (GT-20)."""
    rows = [
        frames.GroupTypeEntry(
            row.name, row.base, row.changed, row.groups, [frames.Policy(name, value) for name, value in row.policies]
        )
        for row in result.rows
    ]
    return frames.AdminTypesOk(rows, result.next)
