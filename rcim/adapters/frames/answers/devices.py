"""A user's devices (ID-04), and what users do (ID-07)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def devices_ok(result: results.DevicesPage) -> frames.DevicesOk:
    """The user's devices that are logged in (ID-04)."""
    return frames.DevicesOk(
        [
            frames.DeviceEntry(
                connection_id=d.connection_id,
                platform=d.platform,
                device_tag=d.tag,
                state=d.state,
                began_ms=d.began_ms,
                login_ms=d.login_ms,
            )
            for d in result.devices
        ]
    )


def closed_ok(result: results.DevicesClosed) -> frames.DevicesCloseOk:
    """How many devices were logged out (ID-04)."""
    return frames.DevicesCloseOk(result.count)


def presence_entry(row: results.PresenceRow) -> frames.PresenceEntry:
    """One user's presence, with their devices (ID-07)."""
    return frames.PresenceEntry(row.user_id, row.state, [frames.DeviceState(*device) for device in row.devices])


def presence_ok(result: results.PresencePage) -> frames.PresenceGetOk:
    """The presence of the users asked for (ID-07)."""
    return frames.PresenceGetOk(list(map(presence_entry, result.rows)))


def watched_ok(result: results.PresencePage) -> frames.PresenceWatchOk:
    """The presence of the users watched from now on, and who could not be watched (ID-07)."""
    return frames.PresenceWatchOk(list(map(presence_entry, result.rows)), result.refused)
