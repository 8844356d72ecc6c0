"""Frames of a user's devices (ID-04, ID-05), and of presence (ID-07)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import OwnChange, Platform, Presence
from rcim.wire.frames.kinds import USER, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Enum, StrList, StructList, str8

PRESENCE_RULE = (
    "A user is ONLINE if one of their devices is, else BACKGROUND if one is connected, else OFFLINE. Users who do "
    "not exist are OFFLINE. So are users whose presence the requesting user may not see: those who have the "
    "requesting user on their black list and, depending on the app's settings, those who share no conversation "
    "with them (devices.md)."
)


@row("DeviceEntry")
class DeviceEntry(Struct, frozen=True, gc=False):
    """A device of a user that is logged in (ID-04)."""

    connection_id: A[int, U64, "The server's number for its connection."]
    platform: A[Platform, Enum(Platform), "The platform that it runs on."]
    device_tag: A[str, str8(64), "The app's name for it; may be empty."]
    state: A[Presence, Enum(Presence), "ONLINE or BACKGROUND."]
    began_ms: A[int, U64, "`began_ms` of its session, which orders sessions; no clock time (devices.md)."]
    login_ms: A[int, U64, "When it last logged in."]


@row("DeviceId")
class DeviceId(Struct, frozen=True, gc=False):
    """Names a device (ID-04)."""

    connection_id: A[int, U64, "The server's number for its connection."]


@row("DeviceState")
class DeviceState(Struct, frozen=True, gc=False):
    """The presence of a user's devices on one platform (ID-07)."""

    platform: A[Platform, Enum(Platform), "The platform that it runs on."]
    state: A[Presence, Enum(Presence), "ONLINE or BACKGROUND."]


@row("PresenceEntry")
class PresenceEntry(Struct, frozen=True, gc=False):
    """The presence of a user (ID-07)."""

    user_id: A[str, USER, "The user."]
    state: A[Presence, Enum(Presence), "The state of the user's most present device."]
    devices: A[list[DeviceState], StructList(DeviceState, 100), "For each platform, the most present device."]


@frame(
    0x0310,
    "DEVICES",
    "client",
    "request",
    reply="DEVICES_OK",
    rules=("A guest has no devices.",),
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED", "BAD_PARAMETER"),
)
class Devices(Frame, frozen=True, gc=False):
    """Asks which devices of the user are logged in (ID-04)."""

    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8310, "DEVICES_OK", "server", "reply")
class DevicesOk(Frame, frozen=True, gc=False):
    """The user's devices."""

    devices: A[list[DeviceEntry], StructList(DeviceEntry, 100), "The oldest session first."]


@frame(
    0x0311,
    "DEVICES_CLOSE",
    "client",
    "request",
    reply="DEVICES_CLOSE_OK",
    rules=(
        "Each device gets the error LOGGED_OUT with `text` and is closed; its client then does not reconnect by "
        "itself. The user's UserSigs stay valid: ADMIN_ACCOUNT_INVALIDATE refuses them.",
        "Connections that are not the user's, or have ended, are skipped. A connection that names itself gets no "
        "answer.",
    ),
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED", "BAD_PARAMETER"),
)
class DevicesClose(Frame, frozen=True, gc=False):
    """Logs out devices of the user (ID-04)."""

    connections: A[
        list[DeviceId],
        StructList(DeviceId, 100),
        "The devices; empty: all of the user's, except this one if it is the requesting user's.",
    ]
    text: A[str, str8(200), "The reason, for the devices that are closed; may be empty."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8311, "DEVICES_CLOSE_OK", "server", "reply")
class DevicesCloseOk(Frame, frozen=True, gc=False):
    """They are told to go."""

    count: A[int, U32, "The number of devices."]


@frame(
    0x0312,
    "PRESENCE_SET",
    "client",
    "request",
    reply="PRESENCE_SET_OK",
    rules=("A device is ONLINE when it logs in. It still gets everything in the background.",),
    errors=("BAD_PARAMETER", "NOT_PERMITTED"),
)
class PresenceSet(Frame, frozen=True, gc=False):
    """Sets the presence of this device (ID-07)."""

    state: A[Presence, Enum(Presence), "ONLINE or BACKGROUND."]


@frame(0x8312, "PRESENCE_SET_OK", "server", "reply")
class PresenceSetOk(Frame, frozen=True, gc=False):
    """It is told to who watches."""


@frame(
    0x0313,
    "PRESENCE_GET",
    "client",
    "request",
    reply="PRESENCE_GET_OK",
    rules=(PRESENCE_RULE,),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "COMMAND_DISABLED"),
)
class PresenceGet(Frame, frozen=True, gc=False):
    """Asks for the presence of users (ID-07)."""

    users: A[list[str], StrList(USER, 500, 1), "1 to 100 users."]


@frame(0x8313, "PRESENCE_GET_OK", "server", "reply")
class PresenceGetOk(Frame, frozen=True, gc=False):
    """Their presence."""

    users: A[list[PresenceEntry], StructList(PresenceEntry, 500), "In the order of the request."]


@frame(
    0x0314,
    "PRESENCE_WATCH",
    "client",
    "request",
    reply="PRESENCE_WATCH_OK",
    rules=(
        PRESENCE_RULE,
        "It holds until this connection ends: ask again after each login. Users who are already watched stay watched.",
        "Changes come as PRESENCE, gathered for about a second; a change that is undone within that time is not sent.",
        "A connection watches at most 200 users; a request that would exceed that adds nobody.",
        "Users whose presence the requesting user may not see are not watched: ask again once there is a shared "
        "conversation. Watching ends at once when a watched user puts the watching user on their black list, and "
        "with the next PRESENCE_WATCH when the two no longer share a conversation.",
        "A user can be watched by at most 1,000 connections: beyond that the user is named in `refused`, and "
        "PRESENCE_GET can be used instead.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "COMMAND_DISABLED", "TOO_MANY_ENTRIES"),
)
class PresenceWatch(Frame, frozen=True, gc=False):
    """Asks for the presence of users, and for notices of changes (ID-07)."""

    users: A[list[str], StrList(USER, 500, 1), "1 to 100 users."]


@frame(0x8314, "PRESENCE_WATCH_OK", "server", "reply")
class PresenceWatchOk(Frame, frozen=True, gc=False):
    """Their present state."""

    users: A[list[PresenceEntry], StructList(PresenceEntry, 500), "In the order of the request."]
    refused: A[list[str], StrList(USER, 500), "The users whose changes are not sent."]


@frame(
    0x0315,
    "PRESENCE_UNWATCH",
    "client",
    "request",
    reply="PRESENCE_UNWATCH_OK",
    errors=("NOT_PERMITTED", "COMMAND_DISABLED"),
)
class PresenceUnwatch(Frame, frozen=True, gc=False):
    """Ends notices about the presence of users (ID-07)."""

    users: A[list[str], StrList(USER, 500), "Users to watch no longer; none: stop watching everyone."]


@frame(0x8315, "PRESENCE_UNWATCH_OK", "server", "reply")
class PresenceUnwatchOk(Frame, frozen=True, gc=False):
    """They are watched no more."""


@frame(
    0x4011,
    "PRESENCE",
    "server",
    "push",
    rules=("A connection that is too slow to take it misses it (RX-07).",),
)
class PresenceChanged(Frame, frozen=True, gc=False):
    """The present state of watched users (ID-07)."""

    users: A[list[PresenceEntry], StructList(PresenceEntry, 500), "The users whose presence has changed."]


@frame(0x4012, "OWN_CHANGED", "server", "push")
class OwnChanged(Frame, frozen=True, gc=False):
    """The user has changed one of their own settings, here or on another device (ID-05): a client that shows it asks for
    it again."""

    what: A[OwnChange, Enum(OwnChange), "What."]
