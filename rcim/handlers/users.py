"""Users: profiles (AB-05), and what app administrators do with accounts (ID-09, GR-10, SC-04)."""

from __future__ import annotations

from rcim.actor import errands, outcomes, queries, user_commands
from rcim.actor.app import APP_KEY
from rcim.actor.user import user_key
from rcim.base import clock
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, has_control, is_guest
from rcim.handlers.desk import Caller, Desk, ToActor, ToStore
from rcim.handlers.groups import check_users, group_key, guests_may_not
from rcim.handlers.members import added
from rcim.handlers.messages import list_limit, of_fields, to_fields
from rcim.rules.fields import check_field
from rcim.rules.quiet import QuietHours
from rcim.rules.standing import Who
from rcim.store import answers
from rcim.wire import frames

LIST_CHANGES_AT_ONCE = 100
SYNCED_MAX, SYNCED_BYTES = 700, 60
"""Groups told of in one answer, and what each takes of its frame."""


def profile_set(frame: frames.ProfileSet, caller: Caller, desk: Desk) -> ToActor:
    """PROFILE_SET."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    return _set(frame, caller.user_id, caller.user_id, False)


def admin_profile_set(frame: frames.AdminProfileSet, caller: Caller, desk: Desk) -> ToActor:
    """ADMIN_PROFILE_SET."""
    return _set(frame, check_user_id(frame.user_id), caller.user_id, True)


def _set(frame: frames.ProfileSet | frames.AdminProfileSet, user_id: str, by: str, admin: bool) -> ToActor:
    command = user_commands.SetUserProfile(
        by,
        admin,
        None if frame.nickname is None else check_field("nickname", frame.nickname),
        None if frame.face_url is None else check_field("face_url", frame.face_url),
        frame.gender,
        None if frame.signature is None else check_field("signature", frame.signature),
        of_fields(frame.fields),
    )
    return ToActor(user_key(user_id), command)


def profile_get(frame: frames.ProfileGet, caller: Caller, desk: Desk) -> ToStore:
    """PROFILE_GET."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    user_id = check_user_id(frame.user_id)
    who = Who.APP_ADMIN if caller.admin else Who.ANYONE
    by = "" if caller.admin else caller.user_id
    return ToStore(queries.UserQuery(user_id, int(who), user_id == caller.user_id, by))


def facts_ok(result: outcomes.UserFacts, desk: Desk) -> frames.ProfileGetOk:
    """A user's profile (AB-05)."""
    p = result.profile
    fields = to_fields(p.fields.items()) or ()
    return frames.ProfileGetOk(p.nickname, p.face_url, p.gender, p.signature, fields)


def profiles_get(frame: frames.ProfilesGet, caller: Caller, desk: Desk) -> ToStore:
    """PROFILES_GET (AB-05)."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    users = check_users(list(dict.fromkeys(frame.users)), desk.limits.accounts_max)
    who = Who.APP_ADMIN if caller.admin else Who.ANYONE
    return ToStore(queries.ProfilesQuery(users, int(who), "" if caller.admin else caller.user_id))


def profiles_ok(result: outcomes.Profiles, desk: Desk) -> frames.ProfilesGetOk:
    """The profiles asked for, as many as fit the frame (AB-05)."""
    rows = []
    for row in result.rows:
        p = row.profile
        fields = to_fields(p.fields.items()) or ()
        rows.append(
            frames.ProfileEntry(row.user_id, row.known, p.nickname, p.face_url, p.gender, p.signature, fields)
        )
    return frames.ProfilesGetOk(rows, result.taken)


def change_list(frame: frames.UserListChange, caller: Caller, desk: Desk) -> ToStore:
    """USER_LIST_CHANGE (SC-07)."""
    user_id = _whose(frame.user_id, caller)
    count = len(frame.add) + len(frame.remove)
    if not 1 <= count <= LIST_CHANGES_AT_ONCE:
        raise RcimError(BAD_PARAMETER, f"add and remove: {count} users together, must be 1 to {LIST_CHANGES_AT_ONCE}")
    for other in (*frame.add, *frame.remove):
        if check_user_id(other) == user_id:
            raise RcimError(BAD_PARAMETER, "users cannot be on their own list")
    return ToStore(errands.ListUsers(user_id, frame.which, frame.add, frame.remove))


def list_(frame: frames.UserListGet, caller: Caller, desk: Desk) -> ToActor:
    """USER_LIST (SC-07)."""
    user_id = _whose(frame.user_id, caller)
    limit = list_limit(frame.limit, desk.limits)
    return ToActor(
        user_key(user_id), user_commands.ReadUserList(user_id, caller.admin, frame.which, frame.cursor, limit)
    )


def _whose(user_id: str, caller: Caller) -> str:
    """Whose is meant. Raises RcimError."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    if user_id and user_id != caller.user_id:
        if not caller.admin:
            raise RcimError(ADMIN_REQUIRED, "only an app administrator may read or change the settings of others")
        return check_user_id(user_id)
    return caller.user_id


def list_ok(result: outcomes.Listed, desk: Desk) -> frames.UserListOk:
    """A page of one of the user's lists (SC-07)."""
    return frames.UserListOk(result.entries, result.next)


def set_quiet(frame: frames.QuietHoursSet, caller: Caller, desk: Desk) -> ToActor:
    """QUIET_HOURS_SET (RX-02)."""
    user_id = _whose(frame.user_id, caller)
    quiet = QuietHours(frame.start_min, frame.end_min, frame.offset_min).check()
    return ToActor(user_key(user_id), user_commands.SetQuietHours(caller.user_id, caller.admin, quiet))


def quiet(frame: frames.QuietHoursGet, caller: Caller, desk: Desk) -> ToActor:
    """QUIET_HOURS (RX-02)."""
    return ToActor(user_key(_whose(frame.user_id, caller)), user_commands.ReadUser(caller.user_id, caller.admin))


def quiet_ok(result: outcomes.UserFacts, desk: Desk) -> frames.QuietHoursOk:
    """The user's quiet hours, in minutes of the day (RX-02)."""
    found = result.profile.quiet
    return frames.QuietHoursOk(found.start_min, found.end_min, found.offset_min)


def set_consent(frame: frames.InviteConsentSet, caller: Caller, desk: Desk) -> ToActor:
    """INVITE_CONSENT_SET (GT-07)."""
    command = user_commands.SetInviteConsent(caller.user_id, caller.admin, frame.consent)
    return ToActor(user_key(_whose(frame.user_id, caller)), command)


def consent(frame: frames.InviteConsentGet, caller: Caller, desk: Desk) -> ToActor:
    """INVITE_CONSENT (GT-07)."""
    return ToActor(user_key(_whose(frame.user_id, caller)), user_commands.ReadUser(caller.user_id, caller.admin))


def consent_ok(result: outcomes.UserFacts, desk: Desk) -> frames.InviteConsentOk:
    """Whether the user is asked before others add them (GT-07)."""
    return frames.InviteConsentOk(result.profile.consent)


# ---------------------------------------------------------------------------------------- app administrators


def accounts_import(frame: frames.AdminAccountsImport, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_ACCOUNTS_IMPORT."""
    rows = {a.user_id: a for a in frame.accounts}
    check_users(list(rows), desk.limits.accounts_max)
    users = [
        (a.user_id, check_field("nickname", a.nickname), check_field("face_url", a.face_url)) for a in rows.values()
    ]
    return ToStore(errands.ImportUsers(caller.user_id, users))


def accounts_delete(frame: frames.AdminAccountsDelete, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_ACCOUNTS_DELETE."""
    users = check_users(list(dict.fromkeys(frame.users)), desk.limits.accounts_max)
    if caller.user_id in users:
        raise RcimError(BAD_PARAMETER, "users: must not name you")
    return ToStore(errands.DeleteUsers(caller.user_id, users))


def accounts_query(frame: frames.AdminAccountsQuery, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_ACCOUNTS_QUERY."""
    return ToStore(queries.AccountsQuery(check_users(frame.users, desk.limits.accounts_max)))


def invalidate(frame: frames.AdminAccountInvalidate, caller: Caller, desk: Desk) -> ToActor:
    """ADMIN_ACCOUNT_INVALIDATE."""
    user_id = check_user_id(frame.user_id)
    return ToActor(user_key(user_id), user_commands.InvalidateUser(caller.user_id, True, False, clock.wall_ms()))


def groups_sync(frame: frames.AdminGroupsSync, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_GROUPS_SYNC (GR-10)."""
    user_id = check_user_id(frame.user_id)
    for at, group_id in enumerate(frame.groups):
        if has_control(group_id):
            raise RcimError(BAD_PARAMETER, f"groups[{at}]: not a group id")
    keys = [group_key(group_id) for group_id in dict.fromkeys(frame.groups)]
    most = desk.limits.groups_per_user_max
    if most and len(keys) > most:
        raise RcimError(BAD_PARAMETER, f"groups: {len(keys)}, must be at most {most}")
    return ToStore(errands.SyncGroups(user_id, keys))


def mute(frame: frames.AdminUserMute, caller: Caller, desk: Desk) -> ToActor:
    """ADMIN_USER_MUTE (SC-04)."""
    users = check_users(frame.users, desk.limits.mute_max)
    return ToActor(APP_KEY, user_commands.MuteEverywhere(caller.user_id, True, users, frame.seconds))


def muted(frame: frames.AdminUserMuted, caller: Caller, desk: Desk) -> ToActor:
    """ADMIN_USER_MUTED."""
    limit = list_limit(frame.limit, desk.limits)
    return ToActor(APP_KEY, user_commands.ReadMuted(caller.user_id, True, frame.cursor, limit))


def imported_ok(result: outcomes.Added, desk: Desk) -> frames.AdminAccountsImportOk:
    """What became of each account imported (ID-09)."""
    return frames.AdminAccountsImportOk(added(result))


def deleted_ok(result: outcomes.Added, desk: Desk) -> frames.AdminAccountsDeleteOk:
    """What became of each account to be deleted (ID-09)."""
    return frames.AdminAccountsDeleteOk(added(result))


def accounts_ok(result: answers.Accounts, desk: Desk) -> frames.AdminAccountsQueryOk:
    """Which accounts there are, and who is online (ID-09)."""
    online = set(result.online)
    return frames.AdminAccountsQueryOk(
        [
            frames.AccountStatus(r.user_id, r.known, r.user_id in online, r.groups, r.valid_from_ms)
            for r in result.rows
        ]
    )


def invalidated_ok(result: outcomes.Invalidated, desk: Desk) -> frames.AdminAccountInvalidateOk:
    """From when on UserSigs count (ID-09)."""
    return frames.AdminAccountInvalidateOk(result.valid_from_ms)


def synced_ok(result: outcomes.Synced, desk: Desk) -> frames.AdminGroupsSyncOk:
    """What became of each group; failures first, as many as fit the frame (GR-10)."""
    ordered = sorted(result.results, key=lambda one: (one[2] == 0, one[0]))
    most = min(SYNCED_MAX, (desk.limits.frame_bytes_max - 2048) // SYNCED_BYTES)
    rows = [frames.GroupResult(key.partition(":")[2], inside, code) for key, inside, code in ordered[:most]]
    return frames.AdminGroupsSyncOk(rows, len(ordered) - len(rows))


def muted_ok(result: outcomes.MutedUsers, desk: Desk) -> frames.AdminUserMutedOk:
    """A page of users muted in all chat rooms (SC-04)."""
    return frames.AdminUserMutedOk([frames.Until(user, until) for user, until in result.until_ms], result.next)
