"""Users: profiles (AB-05), lists, quiet hours; accounts, for app administrators (ID-09, GR-10, SC-04)."""

from __future__ import annotations

from rcim.actor import queries, user_commands, workflows
from rcim.actor.user import user_key
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.connect.principal import Principal
from rcim.rules.fields import check_field
from rcim.rules.quiet import QuietHours
from rcim.rules.roles import Standing
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_users, list_limit, own_or_any

LIST_CHANGES_AT_ONCE = 100


def profile_set(request: requests.ProfileSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """PROFILE_SET."""
    return set_profile(request, principal.user_id, principal.user_id, False)


def set_profile(
    request: requests.ProfileSet | requests.AdminProfileSet, user_id: str, by: str, admin: bool
) -> ActorCommand:
    """The command that sets a profile, on behalf of `by`; `admin`: as an app administrator. Raises RcimError."""
    command = user_commands.SetUserProfile(
        by=by,
        admin=admin,
        nickname=None if request.nickname is None else check_field("nickname", request.nickname),
        face_url=None if request.face_url is None else check_field("face_url", request.face_url),
        gender=request.gender,
        signature=None if request.signature is None else check_field("signature", request.signature),
        fields=tuple(request.fields),
    )
    return ActorCommand(user_key(user_id), command)


def profile_get(request: requests.ProfileGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """PROFILE_GET."""
    user_id = check_user_id(request.user_id)
    who = Standing.APP_ADMIN if principal.admin else Standing.ANYONE
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.UserQuery(user_id, int(who), user_id == principal.user_id, by))


def profiles_get(request: requests.ProfilesGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """PROFILES_GET (AB-05)."""
    users = check_users(list(dict.fromkeys(request.users)), context.limits.accounts_max)
    who = Standing.APP_ADMIN if principal.admin else Standing.ANYONE
    return StoreQuery(queries.ProfilesQuery(users, int(who), "" if principal.admin else principal.user_id))


def change_list(request: requests.UserListChange, principal: Principal, context: RequestContext) -> RunWorkflow:
    """USER_LIST_CHANGE (SC-07)."""
    user_id = own_or_any(request.user_id, principal, "read or change the settings of others")
    count = len(request.add) + len(request.remove)
    if not 1 <= count <= LIST_CHANGES_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"add and remove: {count} users together, must be 1 to {LIST_CHANGES_AT_ONCE}")
    for other in (*request.add, *request.remove):
        if check_user_id(other) == user_id:
            raise RcimError(BAD_PARAMETER, "users cannot be on their own list")
    return RunWorkflow(workflows.ListUsers(user_id, request.which, list(request.add), list(request.remove)))


def list_(request: requests.UserListGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """USER_LIST (SC-07)."""
    user_id = own_or_any(request.user_id, principal, "read or change the settings of others")
    limit = list_limit(request.limit, context.limits)
    return ActorCommand(
        user_key(user_id),
        user_commands.ReadUserList(
            by=user_id, admin=principal.admin, which=request.which, cursor=request.cursor, limit=limit
        ),
    )


def set_quiet(request: requests.QuietHoursSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """QUIET_HOURS_SET (RX-02)."""
    user_id = own_or_any(request.user_id, principal, "read or change the settings of others")
    quiet = QuietHours(request.start_min, request.end_min, request.offset_min).check()
    return ActorCommand(user_key(user_id), user_commands.SetQuietHours(principal.user_id, principal.admin, quiet))


def quiet(request: requests.QuietHoursGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """QUIET_HOURS (RX-02)."""
    return ActorCommand(
        user_key(own_or_any(request.user_id, principal, "read or change the settings of others")),
        user_commands.ReadUser(principal.user_id, principal.admin),
    )


def set_consent(request: requests.InviteConsentSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """INVITE_CONSENT_SET (GT-07)."""
    command = user_commands.SetInviteConsent(principal.user_id, principal.admin, request.consent)
    return ActorCommand(
        user_key(own_or_any(request.user_id, principal, "read or change the settings of others")), command
    )


def consent(request: requests.InviteConsentGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """INVITE_CONSENT (GT-07)."""
    return ActorCommand(
        user_key(own_or_any(request.user_id, principal, "read or change the settings of others")),
        user_commands.ReadUser(principal.user_id, principal.admin),
    )
