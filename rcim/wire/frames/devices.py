"""Frames of a user's devices (ID-04, ID-05), and of what users do (ID-07)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import OwnChange, Platform, Presence
from rcim.wire.frames.kinds import USER, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Enum, StrList, StructList, str8

PRESENCE_RULE = (
    "A user is ONLINE if any of its devices is, else BACKGROUND if any is there, else OFFLINE. A user that does not "
    "exist is OFFLINE, and so is one whom the asking user may not see: who has it on its black list, and, as the app's "
    "settings say, who is in no conversation with it (devices.md)."
)


@row("DeviceEntry")
class DeviceEntry(Struct, frozen=True, gc=False):
    """A device of a user that is logged in (ID-04)."""

    connection_id: A[int, U64, "The server's number for its connection."]
    platform: A[Platform, Enum(Platform), "What it runs on."]
    device_tag: A[str, str8(64), "The app's name for it; may be empty."]
    state: A[Presence, Enum(Presence), "ONLINE or BACKGROUND."]
    began_ms: A[int, U64, "`began_ms` of its session, which orders sessions; no clock time (devices.md)."]
    login_ms: A[int, U64, "When it has logged in last."]


@row("DeviceId")
class DeviceId(Struct, frozen=True, gc=False):
    """Names a device (ID-04)."""

    connection_id: A[int, U64, "The server's number for its connection."]


@row("DeviceState")
class DeviceState(Struct, frozen=True, gc=False):
    """What a user's devices of a platform do (ID-07)."""

    platform: A[Platform, Enum(Platform), "What it runs on."]
    state: A[Presence, Enum(Presence), "ONLINE or BACKGROUND."]


@row("PresenceEntry")
class PresenceEntry(Struct, frozen=True, gc=False):
    """What a user does (ID-07)."""

    user_id: A[str, USER, "The user."]
    state: A[Presence, Enum(Presence), "Of its devices the one with the least number."]
    devices: A[list[DeviceState], StructList(DeviceState, 100), "By platform the one that is most present."]


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

    user_id: A[str, Ext(1, USER_OR_NONE), "Whose, if not one's own: only for app administrators."] = ""


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
        "Each of them gets the error LOGGED_OUT with `text` and is closed; a client does not reconnect by itself then. "
        "The user's UserSigs stay good: to refuse them there is ADMIN_ACCOUNT_INVALIDATE.",
        "Connections that are not the user's, or not there any more, are passed over. Who names its own gets no answer.",
    ),
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED", "BAD_PARAMETER"),
)
class DevicesClose(Frame, frozen=True, gc=False):
    """Logs out devices of the user (ID-04)."""

    connections: A[
        list[DeviceId], StructList(DeviceId, 100), "Which of them; none: all, of oneself all but this one."
    ]
    text: A[str, str8(200), "Why, for those that are closed; may be empty."]
    user_id: A[str, Ext(1, USER_OR_NONE), "Whose, if not one's own: only for app administrators."] = ""


@frame(0x8311, "DEVICES_CLOSE_OK", "server", "reply")
class DevicesCloseOk(Frame, frozen=True, gc=False):
    """They are told to go."""

    count: A[int, U32, "So many devices."]


@frame(
    0x0312,
    "PRESENCE_SET",
    "client",
    "request",
    reply="PRESENCE_SET_OK",
    rules=("A device is ONLINE when it logs in. It gets everything in the background too.",),
    errors=("BAD_PARAMETER", "NOT_PERMITTED"),
)
class PresenceSet(Frame, frozen=True, gc=False):
    """Says what this device does (ID-07)."""

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
    """Asks what users do (ID-07)."""

    users: A[list[str], StrList(USER, 500, 1), "1 to 100 users."]


@frame(0x8313, "PRESENCE_GET_OK", "server", "reply")
class PresenceGetOk(Frame, frozen=True, gc=False):
    """What they do."""

    users: A[list[PresenceEntry], StructList(PresenceEntry, 500), "In the order of the request."]


@frame(
    0x0314,
    "PRESENCE_WATCH",
    "client",
    "request",
    reply="PRESENCE_WATCH_OK",
    rules=(
        PRESENCE_RULE,
        "It holds for this connection until it ends: ask again after each login. Users who are watched already stay so.",
        "Changes come as PRESENCE, gathered for about a second; what is undone meanwhile is not told.",
        "A connection watches 200 users at the most; with one more nobody of the request is watched.",
        "Whom one may not see is not watched: ask again once there is a conversation with it. Who puts the watching "
        "user on its black list is watched no more at once; who is in no conversation with it any more, from the next "
        "PRESENCE_WATCH on.",
        "Of a user that 1,000 connections watch already no more are told: "
        "it is named in `refused`, and can be asked for with PRESENCE_GET.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "COMMAND_DISABLED", "TOO_MANY_ENTRIES"),
)
class PresenceWatch(Frame, frozen=True, gc=False):
    """Asks what users do, and to be told of changes (ID-07)."""

    users: A[list[str], StrList(USER, 500, 1), "1 to 100 users."]


@frame(0x8314, "PRESENCE_WATCH_OK", "server", "reply")
class PresenceWatchOk(Frame, frozen=True, gc=False):
    """What they do now."""

    users: A[list[PresenceEntry], StructList(PresenceEntry, 500), "In the order of the request."]
    refused: A[list[str], StrList(USER, 500), "Those of them of whom no changes are told."]


@frame(
    0x0315,
    "PRESENCE_UNWATCH",
    "client",
    "request",
    reply="PRESENCE_UNWATCH_OK",
    errors=("NOT_PERMITTED", "COMMAND_DISABLED"),
)
class PresenceUnwatch(Frame, frozen=True, gc=False):
    """Asks to be told of users no more (ID-07)."""

    users: A[list[str], StrList(USER, 500), "Users to watch no longer; none: stop watching everyone."]


@frame(0x8315, "PRESENCE_UNWATCH_OK", "server", "reply")
class PresenceUnwatchOk(Frame, frozen=True, gc=False):
    """They are watched no more."""


@frame(
    0x4011,
    "PRESENCE",
    "server",
    "push",
    rules=("A connection that does not take what it is sent misses it (RX-07).",),
)
class PresenceChanged(Frame, frozen=True, gc=False):
    """What users do now who are watched (ID-07)."""

    users: A[list[PresenceEntry], StructList(PresenceEntry, 500), "Those of whom there is something new."]


@frame(0x4012, "OWN_CHANGED", "server", "push")
class OwnChanged(Frame, frozen=True, gc=False):
    """The user has set something of its own, here or on another device (ID-05): what is shown of it is to be asked for
    again."""

    what: A[OwnChange, Enum(OwnChange), "What."]
