"""Users: profiles (AB-05), and what app administrators do with accounts (ID-09, GR-10, SC-04)."""

from __future__ import annotations

from rcim.adapters.frames.answers.members import added
from rcim.adapters.frames.answers.messages import to_fields
from rcim.service import results
from rcim.wire import frames


def facts_ok(result: results.UserFacts) -> frames.ProfileGetOk:
    """A user's profile (AB-05)."""
    p = result.profile
    fields = to_fields(p.fields.items()) or ()
    return frames.ProfileGetOk(
        nickname=p.nickname, face_url=p.face_url, gender=p.gender, signature=p.signature, fields=fields
    )


def profiles_ok(result: results.Profiles) -> frames.ProfilesGetOk:
    """The profiles asked for, as many as fit the frame (AB-05)."""
    rows = []
    for row in result.rows:
        p = row.profile
        fields = to_fields(p.fields.items()) or ()
        rows.append(
            frames.ProfileEntry(
                user_id=row.user_id,
                known=row.known,
                nickname=p.nickname,
                face_url=p.face_url,
                gender=p.gender,
                signature=p.signature,
                fields=fields,
            )
        )
    return frames.ProfilesGetOk(rows, result.taken)


def list_ok(result: results.Listed) -> frames.UserListOk:
    """A page of one of the user's lists (SC-07)."""
    return frames.UserListOk(result.entries, result.next)


def quiet_ok(result: results.UserFacts) -> frames.QuietHoursOk:
    """The user's quiet hours, in minutes of the day (RX-02)."""
    found = result.profile.quiet
    return frames.QuietHoursOk(found.start_min, found.end_min, found.offset_min)


def consent_ok(result: results.UserFacts) -> frames.InviteConsentOk:
    """Whether the user is asked before others add them (GT-07)."""
    return frames.InviteConsentOk(result.profile.consent)


def imported_ok(result: results.Added) -> frames.AdminAccountsImportOk:
    """What became of each account imported (ID-09)."""
    return frames.AdminAccountsImportOk(added(result))


def deleted_ok(result: results.Added) -> frames.AdminAccountsDeleteOk:
    """What became of each account to be deleted (ID-09)."""
    return frames.AdminAccountsDeleteOk(added(result))


def accounts_ok(result: results.Accounts) -> frames.AdminAccountsQueryOk:
    """Which accounts there are, and who is online (ID-09)."""
    online = set(result.online)
    return frames.AdminAccountsQueryOk(
        [
            frames.AccountStatus(
                user_id=r.user_id,
                imported=r.known,
                online=r.user_id in online,
                groups=r.groups,
                valid_from_ms=r.valid_from_ms,
                system_sender=r.system_sender,
            )
            for r in result.rows
        ]
    )


def invalidated_ok(result: results.Invalidated) -> frames.AdminAccountInvalidateOk:
    """From when on UserSigs count (ID-09)."""
    return frames.AdminAccountInvalidateOk(result.valid_from_ms)


def synced_ok(result: results.SyncedGroups) -> frames.AdminGroupsSyncOk:
    """What became of each group; failures first (GR-10)."""
    rows = [frames.GroupResult(key.partition(":")[2], inside, code) for key, inside, code in result.results]
    return frames.AdminGroupsSyncOk(rows, result.more)


def blocked_ok(result: results.BlockedUsers) -> frames.AdminUserBlockedOk:
    """A page of users who are kept from logging in (ID-09)."""
    return frames.AdminUserBlockedOk([frames.Until(user, until) for user, until in result.until_ms], result.next)


def muted_ok(result: results.MutedUsers) -> frames.AdminUserMutedOk:
    """A page of users muted in all chat rooms (SC-04)."""
    return frames.AdminUserMutedOk([frames.Until(user, until) for user, until in result.until_ms], result.next)
