"""A user's devices (ID-04), and what users do (ID-07)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor import queries
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, COMMAND_DISABLED, RcimError
from rcim.base.ids import check_user_id, is_guest
from rcim.base.terms import Presence, SeenBy
from rcim.handlers.desk import Caller, Desk, ToStore
from rcim.handlers.groups import check_users, guests_may_not
from rcim.store import answers
from rcim.wire import frames

PRESENCES_AT_ONCE = 100


def devices(frame: frames.Devices, caller: Caller, desk: Desk) -> ToStore:
    """DEVICES."""
    return ToStore(queries.DevicesQuery(_whose(frame.user_id, caller)))


def close(frame: frames.DevicesClose, caller: Caller, desk: Desk) -> ToStore:
    """DEVICES_CLOSE."""
    named = [one.connection_id for one in frame.connections]
    user_id = _whose(frame.user_id, caller)
    but = 0 if named else caller.connection_id
    return ToStore(queries.CloseDevices(user_id, named, but, frame.text))


def _whose(user_id: str, caller: Caller) -> str:
    """Whose devices are meant. Raises RcimError."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    if user_id and user_id != caller.user_id:
        if not caller.admin:
            raise RcimError(ADMIN_REQUIRED, "only an app administrator may see or close devices of others")
        return check_user_id(user_id)
    return caller.user_id


def set_state(frame: frames.PresenceSet, caller: Caller, desk: Desk) -> frames.PresenceSetOk:
    """PRESENCE_SET."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    if frame.state is Presence.OFFLINE:
        raise RcimError(BAD_PARAMETER, "state: must be ONLINE or BACKGROUND")
    desk.set_state(caller, frame.state)
    return frames.PresenceSetOk()


def get(frame: frames.PresenceGet, caller: Caller, desk: Desk) -> ToStore:
    """PRESENCE_GET."""
    _check_presence(caller, desk)
    return ToStore(_seen_by(caller, desk, check_users(frame.users, PRESENCES_AT_ONCE)))


def watch(frame: frames.PresenceWatch, caller: Caller, desk: Desk) -> ToStore:
    """PRESENCE_WATCH: first it is watched, then asked, so that no change is missed between; told of is only what the
    caller may see, once that is known."""
    _check_presence(caller, desk)
    users = check_users(frame.users, PRESENCES_AT_ONCE)
    return ToStore(_seen_by(caller, desk, users, desk.watch(caller, users), caller.connection_id))


def _seen_by(
    caller: Caller, desk: Desk, users: list[str], refused: Sequence[str] = (), connection_id: int = 0
) -> queries.PresenceQuery:
    """What these do, as far as the caller may see them (ID-07)."""
    by = "" if caller.admin else caller.user_id
    shared = desk.presence_seen_by is SeenBy.SHARED
    return queries.PresenceQuery(users, list(refused), by, shared, connection_id)


def unwatch(frame: frames.PresenceUnwatch, caller: Caller, desk: Desk) -> frames.PresenceUnwatchOk:
    """PRESENCE_UNWATCH."""
    _check_presence(caller, desk)
    desk.unwatch(caller, check_users(frame.users, len(frame.users), 0))
    return frames.PresenceUnwatchOk()


def _check_presence(caller: Caller, desk: Desk) -> None:
    """Raises RcimError."""
    if is_guest(caller.user_id):
        raise guests_may_not()
    if not desk.tells_presence or (desk.presence_seen_by is SeenBy.NOBODY and not caller.admin):
        raise RcimError(COMMAND_DISABLED, "this server does not tell what users do")


def devices_ok(result: answers.DevicesPage, desk: Desk) -> frames.DevicesOk:
    """The user's devices that are logged in (ID-04)."""
    return frames.DevicesOk(
        [
            frames.DeviceEntry(d.connection_id, d.platform, d.tag, d.state, d.began_ms, d.login_ms)
            for d in result.devices
        ]
    )


def closed_ok(result: answers.DevicesClosed, desk: Desk) -> frames.DevicesCloseOk:
    """How many devices were logged out (ID-04)."""
    return frames.DevicesCloseOk(result.count)


def presence_entry(row: answers.PresenceRow) -> frames.PresenceEntry:
    """One user's presence, with their devices (ID-07)."""
    return frames.PresenceEntry(row.user_id, row.state, [frames.DeviceState(*device) for device in row.devices])


def presence_ok(result: answers.PresencePage, desk: Desk) -> frames.PresenceGetOk:
    """The presence of the users asked for (ID-07)."""
    return frames.PresenceGetOk(list(map(presence_entry, result.rows)))


def watched_ok(result: answers.PresencePage, desk: Desk) -> frames.PresenceWatchOk:
    """The presence of the users watched from now on, and who could not be watched (ID-07)."""
    desk.may_watch(result.connection_id, [row.user_id for row in result.rows], result.unseen)
    return frames.PresenceWatchOk(list(map(presence_entry, result.rows)), result.refused)
