"""Accounts and their groups and mutes, for app administrators (ID-09, GR-10, SC-04)."""

from __future__ import annotations

from rcim.actor import outcomes, queries, user_commands, workflows
from rcim.actor.app import APP_KEY
from rcim.actor.user import user_key
from rcim.base import clock
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, has_control
from rcim.connect.principal import Principal
from rcim.rules.fields import check_field
from rcim.service import requests, results
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.users import set_profile
from rcim.service.validation import check_users, group_key, list_limit


def admin_profile_set(
    request: requests.AdminProfileSet, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ADMIN_PROFILE_SET."""
    return set_profile(request, check_user_id(request.user_id), principal.user_id, True)


def accounts_import(
    request: requests.AdminAccountsImport, principal: Principal, context: RequestContext
) -> RunWorkflow:
    """ADMIN_ACCOUNTS_IMPORT."""
    rows = {a.user_id: a for a in request.accounts}
    check_users(list(rows), context.limits.accounts_max)
    users = [
        (a.user_id, check_field("nickname", a.nickname), check_field("face_url", a.face_url)) for a in rows.values()
    ]
    return RunWorkflow(workflows.ImportUsers(principal.user_id, users))


def accounts_delete(
    request: requests.AdminAccountsDelete, principal: Principal, context: RequestContext
) -> RunWorkflow:
    """ADMIN_ACCOUNTS_DELETE."""
    users = check_users(list(dict.fromkeys(request.users)), context.limits.accounts_max)
    if principal.user_id in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")
    return RunWorkflow(workflows.DeleteUsers(principal.user_id, users))


def accounts_query(request: requests.AdminAccountsQuery, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_ACCOUNTS_QUERY."""
    return StoreQuery(queries.AccountsQuery(check_users(request.users, context.limits.accounts_max)))


def invalidate(
    request: requests.AdminAccountInvalidate, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ADMIN_ACCOUNT_INVALIDATE."""
    user_id = check_user_id(request.user_id)
    return ActorCommand(
        user_key(user_id), user_commands.InvalidateUser(principal.user_id, True, False, clock.wall_ms())
    )


def groups_sync(request: requests.AdminGroupsSync, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_GROUPS_SYNC (GR-10)."""
    user_id = check_user_id(request.user_id)
    for at, group_id in enumerate(request.groups):
        if has_control(group_id):
            raise RcimError(BAD_PARAMETER, f"groups[{at}]: not a group id")
    keys = [group_key(group_id) for group_id in dict.fromkeys(request.groups)]
    most = context.limits.groups_per_user_max
    if most and len(keys) > most:
        raise RcimError(BAD_PARAMETER, f"groups: {len(keys)}, must be at most {most}")
    return RunWorkflow(workflows.SyncGroups(user_id, keys))


def block(request: requests.AdminUserBlock, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_USER_BLOCK (ID-09)."""
    users = check_users(list(dict.fromkeys(request.users)), context.limits.mute_max)
    if principal.user_id in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")
    return ActorCommand(APP_KEY, user_commands.BlockLogins(principal.user_id, True, users, request.seconds))


def blocked(request: requests.AdminUserBlocked, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_USER_BLOCKED (ID-09)."""
    limit = list_limit(request.limit, context.limits)
    return ActorCommand(APP_KEY, user_commands.ReadBlockedLogins(principal.user_id, True, request.cursor, limit))


def mute(request: requests.AdminUserMute, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_USER_MUTE (SC-04)."""
    users = check_users(request.users, context.limits.mute_max)
    return ActorCommand(APP_KEY, user_commands.MuteEverywhere(principal.user_id, True, users, request.seconds))


def muted(request: requests.AdminUserMuted, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_USER_MUTED."""
    limit = list_limit(request.limit, context.limits)
    return ActorCommand(APP_KEY, user_commands.ReadMuted(principal.user_id, True, request.cursor, limit))


SYNCED_MAX, SYNCED_BYTES = 700, 60
"""Groups reported in one answer, and the bytes that each takes."""


def fitting(result: outcomes.Synced, context: RequestContext) -> results.SyncedGroups:
    """The result for each group; failures first, as many as fit in an answer (GR-10)."""
    ordered = sorted(result.results, key=lambda one: (one[2] == 0, one[0]))
    most = min(SYNCED_MAX, (context.limits.frame_bytes_max - 2048) // SYNCED_BYTES)
    return results.SyncedGroups(ordered[:most], max(0, len(ordered) - most))
