"""Users: profiles (AB-05), and what app administrators do with accounts (ID-09, GR-10, SC-04)."""

from __future__ import annotations

from rcim.actor import outcomes, queries, user_commands, workflows
from rcim.actor.app import APP_KEY
from rcim.actor.user import user_key
from rcim.base import clock
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, has_control, is_guest
from rcim.handlers.context import ActorCommand, Principal, RequestContext, RunWorkflow, StoreQuery
from rcim.handlers.groups import check_users, group_key, guests_may_not
from rcim.handlers.members import added
from rcim.handlers.messages import list_limit, of_fields, to_fields
from rcim.rules.fields import check_field
from rcim.rules.quiet import QuietHours
from rcim.rules.roles import Standing
from rcim.store import answers
from rcim.wire import frames

LIST_CHANGES_AT_ONCE = 100
SYNCED_MAX, SYNCED_BYTES = 700, 60
"""Groups told of in one answer, and what each takes of its frame."""


def profile_set(frame: frames.ProfileSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """PROFILE_SET."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    return _set(frame, principal.user_id, principal.user_id, False)


def admin_profile_set(frame: frames.AdminProfileSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_PROFILE_SET."""
    return _set(frame, check_user_id(frame.user_id), principal.user_id, True)


def _set(frame: frames.ProfileSet | frames.AdminProfileSet, user_id: str, by: str, admin: bool) -> ActorCommand:
    command = user_commands.SetUserProfile(
        by,
        admin,
        None if frame.nickname is None else check_field("nickname", frame.nickname),
        None if frame.face_url is None else check_field("face_url", frame.face_url),
        frame.gender,
        None if frame.signature is None else check_field("signature", frame.signature),
        of_fields(frame.fields),
    )
    return ActorCommand(user_key(user_id), command)


def profile_get(frame: frames.ProfileGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """PROFILE_GET."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    user_id = check_user_id(frame.user_id)
    who = Standing.APP_ADMIN if principal.admin else Standing.ANYONE
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.UserQuery(user_id, int(who), user_id == principal.user_id, by))


def facts_ok(result: outcomes.UserFacts, context: RequestContext) -> frames.ProfileGetOk:
    """A user's profile (AB-05)."""
    p = result.profile
    fields = to_fields(p.fields.items()) or ()
    return frames.ProfileGetOk(p.nickname, p.face_url, p.gender, p.signature, fields)


def profiles_get(frame: frames.ProfilesGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """PROFILES_GET (AB-05)."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    users = check_users(list(dict.fromkeys(frame.users)), context.limits.accounts_max)
    who = Standing.APP_ADMIN if principal.admin else Standing.ANYONE
    return StoreQuery(queries.ProfilesQuery(users, int(who), "" if principal.admin else principal.user_id))


def profiles_ok(result: outcomes.Profiles, context: RequestContext) -> frames.ProfilesGetOk:
    """The profiles asked for, as many as fit the frame (AB-05)."""
    rows = []
    for row in result.rows:
        p = row.profile
        fields = to_fields(p.fields.items()) or ()
        rows.append(
            frames.ProfileEntry(row.user_id, row.known, p.nickname, p.face_url, p.gender, p.signature, fields)
        )
    return frames.ProfilesGetOk(rows, result.taken)


def change_list(frame: frames.UserListChange, principal: Principal, context: RequestContext) -> RunWorkflow:
    """USER_LIST_CHANGE (SC-07)."""
    user_id = _whose(frame.user_id, principal)
    count = len(frame.add) + len(frame.remove)
    if not 1 <= count <= LIST_CHANGES_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"add and remove: {count} users together, must be 1 to {LIST_CHANGES_AT_ONCE}")
    for other in (*frame.add, *frame.remove):
        if check_user_id(other) == user_id:
            raise RcimError(BAD_PARAMETER, "users cannot be on their own list")
    return RunWorkflow(workflows.ListUsers(user_id, frame.which, frame.add, frame.remove))


def list_(frame: frames.UserListGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """USER_LIST (SC-07)."""
    user_id = _whose(frame.user_id, principal)
    limit = list_limit(frame.limit, context.limits)
    return ActorCommand(
        user_key(user_id), user_commands.ReadUserList(user_id, principal.admin, frame.which, frame.cursor, limit)
    )


def _whose(user_id: str, principal: Principal) -> str:
    """Whose is meant. Raises RcimError."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    if user_id and user_id != principal.user_id:
        if not principal.admin:
            raise RcimError(ADMIN_REQUIRED, "only an app administrator may read or change the settings of others")
        return check_user_id(user_id)
    return principal.user_id


def list_ok(result: outcomes.Listed, context: RequestContext) -> frames.UserListOk:
    """A page of one of the user's lists (SC-07)."""
    return frames.UserListOk(result.entries, result.next)


def set_quiet(frame: frames.QuietHoursSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """QUIET_HOURS_SET (RX-02)."""
    user_id = _whose(frame.user_id, principal)
    quiet = QuietHours(frame.start_min, frame.end_min, frame.offset_min).check()
    return ActorCommand(user_key(user_id), user_commands.SetQuietHours(principal.user_id, principal.admin, quiet))


def quiet(frame: frames.QuietHoursGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """QUIET_HOURS (RX-02)."""
    return ActorCommand(
        user_key(_whose(frame.user_id, principal)), user_commands.ReadUser(principal.user_id, principal.admin)
    )


def quiet_ok(result: outcomes.UserFacts, context: RequestContext) -> frames.QuietHoursOk:
    """The user's quiet hours, in minutes of the day (RX-02)."""
    found = result.profile.quiet
    return frames.QuietHoursOk(found.start_min, found.end_min, found.offset_min)


def set_consent(frame: frames.InviteConsentSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """INVITE_CONSENT_SET (GT-07)."""
    command = user_commands.SetInviteConsent(principal.user_id, principal.admin, frame.consent)
    return ActorCommand(user_key(_whose(frame.user_id, principal)), command)


def consent(frame: frames.InviteConsentGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """INVITE_CONSENT (GT-07)."""
    return ActorCommand(
        user_key(_whose(frame.user_id, principal)), user_commands.ReadUser(principal.user_id, principal.admin)
    )


def consent_ok(result: outcomes.UserFacts, context: RequestContext) -> frames.InviteConsentOk:
    """Whether the user is asked before others add them (GT-07)."""
    return frames.InviteConsentOk(result.profile.consent)


# ---------------------------------------------------------------------------------------- app administrators


def accounts_import(frame: frames.AdminAccountsImport, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_ACCOUNTS_IMPORT."""
    rows = {a.user_id: a for a in frame.accounts}
    check_users(list(rows), context.limits.accounts_max)
    users = [
        (a.user_id, check_field("nickname", a.nickname), check_field("face_url", a.face_url)) for a in rows.values()
    ]
    return RunWorkflow(workflows.ImportUsers(principal.user_id, users))


def accounts_delete(frame: frames.AdminAccountsDelete, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_ACCOUNTS_DELETE."""
    users = check_users(list(dict.fromkeys(frame.users)), context.limits.accounts_max)
    if principal.user_id in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")
    return RunWorkflow(workflows.DeleteUsers(principal.user_id, users))


def accounts_query(frame: frames.AdminAccountsQuery, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_ACCOUNTS_QUERY."""
    return StoreQuery(queries.AccountsQuery(check_users(frame.users, context.limits.accounts_max)))


def invalidate(frame: frames.AdminAccountInvalidate, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_ACCOUNT_INVALIDATE."""
    user_id = check_user_id(frame.user_id)
    return ActorCommand(
        user_key(user_id), user_commands.InvalidateUser(principal.user_id, True, False, clock.wall_ms())
    )


def groups_sync(frame: frames.AdminGroupsSync, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_GROUPS_SYNC (GR-10)."""
    user_id = check_user_id(frame.user_id)
    for at, group_id in enumerate(frame.groups):
        if has_control(group_id):
            raise RcimError(BAD_PARAMETER, f"groups[{at}]: not a group id")
    keys = [group_key(group_id) for group_id in dict.fromkeys(frame.groups)]
    most = context.limits.groups_per_user_max
    if most and len(keys) > most:
        raise RcimError(BAD_PARAMETER, f"groups: {len(keys)}, must be at most {most}")
    return RunWorkflow(workflows.SyncGroups(user_id, keys))


def mute(frame: frames.AdminUserMute, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_USER_MUTE (SC-04)."""
    users = check_users(frame.users, context.limits.mute_max)
    return ActorCommand(APP_KEY, user_commands.MuteEverywhere(principal.user_id, True, users, frame.seconds))


def muted(frame: frames.AdminUserMuted, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_USER_MUTED."""
    limit = list_limit(frame.limit, context.limits)
    return ActorCommand(APP_KEY, user_commands.ReadMuted(principal.user_id, True, frame.cursor, limit))


def imported_ok(result: outcomes.Added, context: RequestContext) -> frames.AdminAccountsImportOk:
    """What became of each account imported (ID-09)."""
    return frames.AdminAccountsImportOk(added(result))


def deleted_ok(result: outcomes.Added, context: RequestContext) -> frames.AdminAccountsDeleteOk:
    """What became of each account to be deleted (ID-09)."""
    return frames.AdminAccountsDeleteOk(added(result))


def accounts_ok(result: answers.Accounts, context: RequestContext) -> frames.AdminAccountsQueryOk:
    """Which accounts there are, and who is online (ID-09)."""
    online = set(result.online)
    return frames.AdminAccountsQueryOk(
        [
            frames.AccountStatus(r.user_id, r.known, r.user_id in online, r.groups, r.valid_from_ms)
            for r in result.rows
        ]
    )


def invalidated_ok(result: outcomes.Invalidated, context: RequestContext) -> frames.AdminAccountInvalidateOk:
    """From when on UserSigs count (ID-09)."""
    return frames.AdminAccountInvalidateOk(result.valid_from_ms)


def synced_ok(result: outcomes.Synced, context: RequestContext) -> frames.AdminGroupsSyncOk:
    """What became of each group; failures first, as many as fit the frame (GR-10)."""
    ordered = sorted(result.results, key=lambda one: (one[2] == 0, one[0]))
    most = min(SYNCED_MAX, (context.limits.frame_bytes_max - 2048) // SYNCED_BYTES)
    rows = [frames.GroupResult(key.partition(":")[2], inside, code) for key, inside, code in ordered[:most]]
    return frames.AdminGroupsSyncOk(rows, len(ordered) - len(rows))


def muted_ok(result: outcomes.MutedUsers, context: RequestContext) -> frames.AdminUserMutedOk:
    """A page of users muted in all chat rooms (SC-04)."""
    return frames.AdminUserMutedOk([frames.Until(user, until) for user, until in result.until_ms], result.next)
