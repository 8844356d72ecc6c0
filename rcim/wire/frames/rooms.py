"""Frames of rooms: attributes (CR-03), and what the app asks and sets of rooms (CR-01, CR-04, CR-07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.wire.frames.kinds import GROUP, PAGE_CURSOR, USER, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, Bytes, StrList, StructList, str8, str16

KEY = str16(512)
NOTICE = Bytes("u16", 2048)


@row("RoomAttribute")
class RoomAttribute(Struct, frozen=True, gc=False):
    """An attribute of a room (CR-03), or, with `removed`, that there is none with this key any more."""

    key: A[str, str8(128, 1), "Its key."]
    value: A[str, str16(4096), "Its value; empty if it was removed."]
    by: A[str, USER_OR_NONE, "The user who has set or removed it; empty: it went with the user who had set it."]
    time_ms: A[int, U64, "When."]
    version: A[int, U64, "The version of the room's attributes since then; no two attributes have the same."]
    with_setter: A[bool, Bool(), "True: it goes when the user who has set it leaves the room."]
    removed: A[bool, Bool(), "True: it was removed."]
    notice: A[
        bytes,
        Ext(1, NOTICE),
        "Data that went with the change; only in ROOM_ATTRIBUTES_CHANGED, in the first row of the change.",
    ] = b""


@row("AttributeToSet")
class AttributeToSet(Struct, frozen=True, gc=False):
    """One of ROOM_ATTRIBUTES_SET."""

    key: A[str, KEY, "1 to 128 of A-Z, a-z, 0-9 and + = - _."]
    value: A[str, str16(8192), "1 to 4,096 bytes of UTF-8."]
    with_setter: A[bool, Bool(), "True: it goes when the user who sets it leaves the room, in whatever way."]


@frame(
    0x0250,
    "ROOM_ATTRIBUTES_SET",
    "client",
    "request",
    reply="ROOM_ATTRIBUTES_SET_OK",
    rules=(
        "Either all of it is done or nothing. A key is set if the room has no such attribute, or if the user set it "
        "before; with `forced` an app administrator sets it in any case, and is then its setter.",
        "A room has at most 100 attributes, with 256 KiB of keys and values.",
        "Everyone who receives the room's messages gets ROOM_ATTRIBUTES_CHANGED. It counts as a message in the group's "
        "limit (FC-02). Setting the value that a key has already is no change, unless there is a `notice`.",
        "Muted users may not set attributes.",
    ),
    errors=(
        "NO_SUCH_GROUP",
        "NOT_PERMITTED",
        "ADMIN_REQUIRED",
        "SENDER_MUTED",
        "BAD_PARAMETER",
        "BAD_ATTRIBUTE_KEY",
        "BAD_ATTRIBUTE_VALUE",
        "TOO_MANY_ATTRIBUTES",
        "ATTRIBUTE_CONFLICT",
        "TOO_FREQUENT",
        "STORE_UNAVAILABLE",
    ),
)
class RoomAttributesSet(Frame, frozen=True, gc=False):
    """Sets attributes of a room (CR-03)."""

    group_id: A[str, GROUP, "The room."]
    attributes: A[
        list[AttributeToSet], StructList(AttributeToSet, 100), "1 to 20, with different keys; 32 KiB in all."
    ]
    forced: A[bool, Ext(1, Bool()), "For app administrators: True: also attributes that others have set."] = False
    notice: A[bytes, Ext(2, NOTICE), "Data of the app that goes with the change to everyone; up to 1,024 bytes."] = (
        b""
    )
    replace: A[
        bool, Ext(40, Bool()), "For app administrators: true: all other attributes are removed, whoever has set them."
    ] = False


@frame(0x8250, "ROOM_ATTRIBUTES_SET_OK", "server", "reply")
class RoomAttributesSetOk(Frame, frozen=True, gc=False):
    """They are set."""

    version: A[int, U64, "The version of the room's attributes now."]


@frame(
    0x0251,
    "ROOM_ATTRIBUTES_DELETE",
    "client",
    "request",
    reply="ROOM_ATTRIBUTES_DELETE_OK",
    rules=("As ROOM_ATTRIBUTES_SET. A key that the room does not have is NO_SUCH_ATTRIBUTE.",),
    errors=(
        "NO_SUCH_GROUP",
        "NOT_PERMITTED",
        "ADMIN_REQUIRED",
        "SENDER_MUTED",
        "BAD_PARAMETER",
        "BAD_ATTRIBUTE_KEY",
        "NO_SUCH_ATTRIBUTE",
        "ATTRIBUTE_CONFLICT",
        "TOO_FREQUENT",
        "STORE_UNAVAILABLE",
    ),
)
class RoomAttributesDelete(Frame, frozen=True, gc=False):
    """Removes attributes of a room (CR-03)."""

    group_id: A[str, GROUP, "The room."]
    keys: A[list[str], StrList(KEY, 100), "1 to 20 keys."]
    forced: A[bool, Ext(1, Bool()), "For app administrators: True: also attributes that others have set."] = False
    notice: A[bytes, Ext(2, NOTICE), "Data of the app that goes with the change to everyone; up to 1,024 bytes."] = (
        b""
    )


@frame(0x8251, "ROOM_ATTRIBUTES_DELETE_OK", "server", "reply")
class RoomAttributesDeleteOk(Frame, frozen=True, gc=False):
    """They are removed."""

    version: A[int, U64, "The version of the room's attributes now."]


@frame(
    0x0252,
    "ROOM_ATTRIBUTES",
    "client",
    "request",
    reply="ROOM_ATTRIBUTES_OK",
    rules=(
        "With `keys`: those of these attributes that the room has. Else the attributes that have changed since version "
        "`since`, removed ones too, by version. If `since` is 0 or a version that the server cannot continue from, all "
        "attributes, with `reset`.",
        "If `more` is set, ask again with the same `since`, and the version of the last row as `after`.",
        "Guests who are in the room may ask too.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class RoomAttributes(Frame, frozen=True, gc=False):
    """Asks for attributes of a room (CR-03)."""

    group_id: A[str, GROUP, "The room."]
    since: A[int, U64, "The version that the client has; 0: none."]
    after: A[int, Ext(1, U64), "The version of the last row of the previous page; absent: the first page."] = 0
    keys: A[Sequence[str], Ext(2, StrList(KEY, 100)), "Only these keys."] = ()


@frame(0x8252, "ROOM_ATTRIBUTES_OK", "server", "reply")
class RoomAttributesOk(Frame, frozen=True, gc=False):
    """A page of attributes."""

    version: A[int, U64, "The version of the room's attributes now: what the client has after the last page."]
    reset: A[bool, Bool(), "True: the client forgets the attributes that it had; those on no page are gone."]
    more: A[bool, Bool(), "True: there is another page."]
    attributes: A[list[RoomAttribute], StructList(RoomAttribute, 1000), "By version."]


@frame(
    0x4040,
    "ROOM_ATTRIBUTES_CHANGED",
    "server",
    "push",
    rules=(
        "It goes to everyone who receives the room's messages, also to the user who has made the change. Where changes "
        "are frequent, one frame has those of a fifth of a second.",
        "If `since` is above the version that the client has, the client has missed something and asks with "
        "ROOM_ATTRIBUTES (chat-rooms.md).",
    ),
)
class RoomAttributesChanged(Frame, frozen=True, gc=False):
    """Attributes of a room were set or removed (CR-03)."""

    group_id: A[str, GROUP, "The room."]
    since: A[int, U64, "The version before these changes."]
    version: A[int, U64, "The version after them."]
    attributes: A[list[RoomAttribute], StructList(RoomAttribute, 1000), "What has changed, by version."]


@row("RoomEntry")
class RoomEntry(Struct, frozen=True, gc=False):
    """A room, for app administrators (CR-07)."""

    group_id: A[str, GROUP, "Its id."]
    type_: A[str, str8(32), "The name of its group type."]
    name: A[str, str8(30), "Its name."]
    create_time_ms: A[int, U64, "When it was created."]
    member_num: A[int, U32, "MemberNum."]
    keep_alive: A[bool, Bool(), "True: it stays without members, and only the app destroys it (CR-04)."]
    stopped: A[bool, Bool(), "True: its distribution is stopped."]


@frame(
    0x0F30,
    "ADMIN_ROOMS",
    "client",
    "request",
    reply="ADMIN_ROOMS_OK",
    rules=("Groups of every type may be named. Those that do not exist are left out.",),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminRooms(Frame, frozen=True, gc=False):
    """Asks for rooms by their ids (CR-07)."""

    groups: A[list[str], StrList(GROUP, 20), "1 to 20 ids."]


@frame(0x8F30, "ADMIN_ROOMS_OK", "server", "reply", admin=True)
class AdminRoomsOk(Frame, frozen=True, gc=False):
    """The rooms."""

    rooms: A[list[RoomEntry], StructList(RoomEntry, 20), "In the order of the request."]


@frame(
    0x0F31,
    "ADMIN_ROOM_SET",
    "client",
    "request",
    reply="ADMIN_ROOM_SET_OK",
    rules=(
        "Absent fields stay as they are.",
        "While distribution is stopped, messages of users are accepted without a SEQ, with `held_back` STOPPED, and "
        "nobody gets them; messages that app administrators send, and system notices, go on.",
        "Protected users do not leave by themselves (CR-01). A room has at most 100; they need not be members.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
    admin=True,
)
class AdminRoomSet(Frame, frozen=True, gc=False):
    """Keeps a room alive, stops and resumes its distribution, protects members (CR-01, CR-04, CR-07)."""

    group_id: A[str, GROUP, "The room."]
    keep_alive: A[bool | None, Ext(1, Bool()), "Whether it is kept alive."] = None
    stopped: A[bool | None, Ext(2, Bool()), "Whether its distribution is stopped."] = None
    protect: A[Sequence[str], Ext(3, StrList(USER, 100)), "Users to protect."] = ()
    unprotect: A[Sequence[str], Ext(4, StrList(USER, 100)), "Users to protect no longer."] = ()


@frame(0x8F31, "ADMIN_ROOM_SET_OK", "server", "reply", admin=True)
class AdminRoomSetOk(Frame, frozen=True, gc=False):
    """It is set."""


@frame(
    0x0F32,
    "ADMIN_ROOMS_KEPT",
    "client",
    "request",
    reply="ADMIN_ROOMS_KEPT_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminRoomsKept(Frame, frozen=True, gc=False):
    """Asks for a page of the rooms that are kept alive (CR-04)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8F32, "ADMIN_ROOMS_KEPT_OK", "server", "reply", admin=True)
class AdminRoomsKeptOk(Frame, frozen=True, gc=False):
    """A page of rooms that are kept alive."""

    rooms: A[list[RoomEntry], StructList(RoomEntry, 1000), "By id."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F33,
    "ADMIN_ROOM_PROTECTED",
    "client",
    "request",
    reply="ADMIN_ROOM_PROTECTED_OK",
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminRoomProtected(Frame, frozen=True, gc=False):
    """Asks which users a room protects (CR-01)."""

    group_id: A[str, GROUP, "The room."]


@frame(0x8F33, "ADMIN_ROOM_PROTECTED_OK", "server", "reply", admin=True)
class AdminRoomProtectedOk(Frame, frozen=True, gc=False):
    """The room's protected users."""

    users: A[list[str], StrList(USER, 100), "By id."]
