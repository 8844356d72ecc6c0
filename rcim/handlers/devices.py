"""A user's devices (ID-04), and what users do (ID-07)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor import queries, workflows
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, COMMAND_DISABLED, RcimError
from rcim.base.ids import check_user_id, is_guest
from rcim.base.terms import Presence, SeenBy
from rcim.handlers.context import Principal, RequestContext, RunWorkflow, StoreQuery
from rcim.handlers.groups import check_users, guests_may_not
from rcim.store import answers
from rcim.wire import frames

PRESENCES_AT_ONCE = 100


def devices(frame: frames.Devices, principal: Principal, context: RequestContext) -> StoreQuery:
    """DEVICES."""
    return StoreQuery(queries.DevicesQuery(_whose(frame.user_id, principal)))


def close(frame: frames.DevicesClose, principal: Principal, context: RequestContext) -> RunWorkflow:
    """DEVICES_CLOSE."""
    named = [one.connection_id for one in frame.connections]
    user_id = _whose(frame.user_id, principal)
    but = 0 if named else principal.connection_id
    return RunWorkflow(workflows.CloseDevices(principal.user_id, user_id, named, but, frame.text))


def _whose(user_id: str, principal: Principal) -> str:
    """Whose devices are meant. Raises RcimError."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    if user_id and user_id != principal.user_id:
        if not principal.admin:
            raise RcimError(ADMIN_REQUIRED, "only an app administrator may see or close devices of others")
        return check_user_id(user_id)
    return principal.user_id


def set_state(frame: frames.PresenceSet, principal: Principal, context: RequestContext) -> frames.PresenceSetOk:
    """PRESENCE_SET."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    if frame.state is Presence.OFFLINE:
        raise RcimError(BAD_PARAMETER, "state: must be ONLINE or BACKGROUND")
    context.set_state(principal, frame.state)
    return frames.PresenceSetOk()


def get(frame: frames.PresenceGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """PRESENCE_GET."""
    _check_presence(principal, context)
    return StoreQuery(_seen_by(principal, context, check_users(frame.users, PRESENCES_AT_ONCE)))


def watch(frame: frames.PresenceWatch, principal: Principal, context: RequestContext) -> StoreQuery:
    """PRESENCE_WATCH: first it is watched, then asked, so that no change is missed between; told of is only what the
    caller may see, once that is known."""
    _check_presence(principal, context)
    users = check_users(frame.users, PRESENCES_AT_ONCE)
    return StoreQuery(_seen_by(principal, context, users, context.watch(principal, users), principal.connection_id))


def _seen_by(
    principal: Principal,
    context: RequestContext,
    users: list[str],
    refused: Sequence[str] = (),
    connection_id: int = 0,
) -> queries.PresenceQuery:
    """What these do, as far as the caller may see them (ID-07)."""
    by = "" if principal.admin else principal.user_id
    shared = context.presence_seen_by is SeenBy.SHARED
    return queries.PresenceQuery(users, list(refused), by, shared, connection_id)


def unwatch(frame: frames.PresenceUnwatch, principal: Principal, context: RequestContext) -> frames.PresenceUnwatchOk:
    """PRESENCE_UNWATCH."""
    _check_presence(principal, context)
    context.unwatch(principal, check_users(frame.users, len(frame.users), 0))
    return frames.PresenceUnwatchOk()


def _check_presence(principal: Principal, context: RequestContext) -> None:
    """Raises RcimError."""
    if is_guest(principal.user_id):
        raise guests_may_not()
    if not context.tells_presence or (context.presence_seen_by is SeenBy.NOBODY and not principal.admin):
        raise RcimError(COMMAND_DISABLED, "this server does not tell what users do")


def devices_ok(result: answers.DevicesPage, context: RequestContext) -> frames.DevicesOk:
    """The user's devices that are logged in (ID-04)."""
    return frames.DevicesOk(
        [
            frames.DeviceEntry(d.connection_id, d.platform, d.tag, d.state, d.began_ms, d.login_ms)
            for d in result.devices
        ]
    )


def closed_ok(result: answers.DevicesClosed, context: RequestContext) -> frames.DevicesCloseOk:
    """How many devices were logged out (ID-04)."""
    return frames.DevicesCloseOk(result.count)


def presence_entry(row: answers.PresenceRow) -> frames.PresenceEntry:
    """One user's presence, with their devices (ID-07)."""
    return frames.PresenceEntry(row.user_id, row.state, [frames.DeviceState(*device) for device in row.devices])


def presence_ok(result: answers.PresencePage, context: RequestContext) -> frames.PresenceGetOk:
    """The presence of the users asked for (ID-07)."""
    return frames.PresenceGetOk(list(map(presence_entry, result.rows)))


def watched_ok(result: answers.PresencePage, context: RequestContext) -> frames.PresenceWatchOk:
    """The presence of the users watched from now on, and who could not be watched (ID-07)."""
    context.may_watch(result.connection_id, [row.user_id for row in result.rows], result.unseen)
    return frames.PresenceWatchOk(list(map(presence_entry, result.rows)), result.refused)
