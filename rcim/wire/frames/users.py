"""Frames of users: profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import DAY_MIN, OFFSET_MIN_MAX, Gender, UserList
from rcim.wire.frames.groups import PROFILE_RULE
from rcim.wire.frames.kinds import (
    FACE_URL,
    NICKNAME,
    PAGE_CURSOR,
    SIGNATURE,
    USER,
    USER_OR_NONE,
    USERS_MAX,
    CustomField,
)
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, Bool, Enum, Int, StrList, StructList

MINUTE = Int("u16", (0, DAY_MIN - 1))
OFFSET = Int("i32", (-OFFSET_MIN_MAX, OFFSET_MIN_MAX))


@frame(
    0x0301,
    "PROFILE_SET",
    "client",
    "request",
    reply="PROFILE_SET_OK",
    rules=(
        "Messages sent from then on carry the nickname, the face URL and the custom fields chosen by the app (MS-04).",
        "Absent extensions stay as they are. Either all of it is done or nothing.",
        PROFILE_RULE,
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED"),
)
class ProfileSet(Frame, frozen=True, gc=False):
    """Sets the user's own profile (AB-05)."""

    nickname: A[
        str,
        NICKNAME,
        "Up to 120 bytes without control characters; may be empty. Not blank, nor like `@SYSTEM` (session.md).",
    ]
    face_url: A[str, FACE_URL, "May be empty."]
    gender: A[Gender | None, Ext(1, Enum(Gender)), "Gender."] = None
    signature: A[str | None, Ext(2, SIGNATURE), "A line about the user, up to 500 bytes."] = None
    fields: A[
        Sequence[CustomField],
        Ext(3, StructList(CustomField, 20)),
        "Custom fields to set; an empty value removes a field.",
    ] = ()


@frame(0x8301, "PROFILE_SET_OK", "server", "reply")
class ProfileSetOk(Frame, frozen=True, gc=False):
    """The profile is stored."""


@frame(0x0302, "PROFILE_GET", "client", "request", reply="PROFILE_GET_OK", errors=("NOT_PERMITTED",))
class ProfileGet(Frame, frozen=True, gc=False):
    """Asks for a user's profile (AB-05). A user who never set a profile has an empty one."""

    user_id: A[str, USER, "The user."]


@frame(0x8302, "PROFILE_GET_OK", "server", "reply")
class ProfileGetOk(Frame, frozen=True, gc=False):
    """A user's profile."""

    nickname: A[str, NICKNAME, "May be empty."]
    face_url: A[str, FACE_URL, "May be empty."]
    gender: A[Gender, Ext(1, Enum(Gender)), "Gender."] = Gender.UNKNOWN
    signature: A[str, Ext(2, SIGNATURE), "A line about the user, up to 500 bytes."] = ""
    fields: A[
        Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields that the requesting user may read."
    ] = ()


@row("ProfileEntry")
class ProfileEntry(Struct, frozen=True, gc=False):
    """The profile of one of several users (AB-05)."""

    user_id: A[str, USER, "The user."]
    known: A[
        bool,
        Bool(),
        "False: nothing is stored of this user, as if they had never existed; all other fields are then empty.",
    ]
    nickname: A[str, NICKNAME, "May be empty."]
    face_url: A[str, FACE_URL, "May be empty."]
    gender: A[Gender, Ext(1, Enum(Gender)), "Gender."] = Gender.UNKNOWN
    signature: A[str, Ext(2, SIGNATURE), "A line about the user, up to 500 bytes."] = ""
    fields: A[
        Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields that the requesting user may read."
    ] = ()


@frame(
    0x0340,
    "PROFILES_GET",
    "client",
    "request",
    reply="PROFILES_GET_OK",
    rules=(
        "Users without stored data are returned too, and marked (`known`). Custom fields that the requesting user "
        "may not read are left out.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED"),
)
class ProfilesGet(Frame, frozen=True, gc=False):
    """Asks for the profiles of several users (AB-05)."""

    users: A[list[str], StrList(USER, USERS_MAX), "The users: 1 to 100; duplicates count once."]


@frame(0x8340, "PROFILES_GET_OK", "server", "reply")
class ProfilesGetOk(Frame, frozen=True, gc=False):
    """Profiles of several users."""

    profiles: A[list[ProfileEntry], StructList(ProfileEntry, USERS_MAX), "In the order of the request."]
    taken: A[
        int,
        U16,
        "The number of different users answered, as many as fit in a frame; ask again for the others.",
    ]


@frame(
    0x0303,
    "USER_LIST_CHANGE",
    "client",
    "request",
    reply="USER_LIST_CHANGE_OK",
    rules=(
        "The app's setting says whether black lists or white lists are in force; both can be stored at any time. "
        "With black lists, a message to a user who has the sender on their list is BLACKLISTED; with white lists, "
        "a message to a user who does not have the sender on their list is NOT_WHITELISTED. They do not affect "
        "other conversations.",
        "Users on a user's black list can't add that user to a group either, whichever lists are in force "
        "(GROUP_INVITE, GROUP_CREATE).",
        "It applies to messages sent after the reply. Adding a listed user, or removing one who is not listed, "
        "has no effect.",
        "No other user is notified.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED", "TOO_MANY_ENTRIES"),
)
class UserListChange(Frame, frozen=True, gc=False):
    """Adds users to one of the user's lists, and removes users from it (SC-07)."""

    which: A[UserList, Enum(UserList), "Which list."]
    add: A[list[str], StrList(USER, 500), "Users to add; at most 100 with those to remove."]
    remove: A[list[str], StrList(USER, 500), "Users to remove."]
    user_id: A[
        str,
        Ext(1, USER_OR_NONE),
        "The user whose list it is, if not the requesting one: only for app administrators.",
    ] = ""


@frame(0x8303, "USER_LIST_CHANGE_OK", "server", "reply")
class UserListChangeOk(Frame, frozen=True, gc=False):
    """It is changed."""


@frame(
    0x0304,
    "USER_LIST",
    "client",
    "request",
    reply="USER_LIST_OK",
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class UserListGet(Frame, frozen=True, gc=False):
    """Asks for a page of one of the user's lists (SC-07)."""

    which: A[UserList, Enum(UserList), "Which list."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most entries wanted; 0, or more than the server allows, means 100."]
    user_id: A[
        str,
        Ext(1, USER_OR_NONE),
        "The user whose list it is, if not the requesting one: only for app administrators.",
    ] = ""


@frame(0x8304, "USER_LIST_OK", "server", "reply")
class UserListOk(Frame, frozen=True, gc=False):
    """A page of a list."""

    users: A[list[str], StrList(USER, 1000), "By user id."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0305,
    "QUIET_HOURS_SET",
    "client",
    "request",
    reply="QUIET_HOURS_SET_OK",
    rules=(
        "In quiet hours the user wants no push, whatever the MsgFlags are. Messages still come while online.",
        "If the end is before the start, they include midnight; if both are the same, there are none.",
        "If they change, all devices of the user get OWN_CHANGED before the reply.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class QuietHoursSet(Frame, frozen=True, gc=False):
    """Sets the user's quiet hours (RX-02)."""

    start_min: A[int, MINUTE, "The first minute, counted from the user's midnight."]
    end_min: A[int, MINUTE, "The first minute after the quiet hours."]
    offset_min: A[int, OFFSET, "Minutes by which the user's clock is ahead of UTC."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8305, "QUIET_HOURS_SET_OK", "server", "reply")
class QuietHoursSetOk(Frame, frozen=True, gc=False):
    """They hold."""


@frame(
    0x0306,
    "QUIET_HOURS",
    "client",
    "request",
    reply="QUIET_HOURS_OK",
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class QuietHoursGet(Frame, frozen=True, gc=False):
    """Asks for the user's quiet hours (RX-02)."""

    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8306, "QUIET_HOURS_OK", "server", "reply")
class QuietHoursOk(Frame, frozen=True, gc=False):
    """The quiet hours; with start and end the same there are none."""

    start_min: A[int, MINUTE, "The first minute, counted from the user's midnight."]
    end_min: A[int, MINUTE, "The first minute after the quiet hours."]
    offset_min: A[int, OFFSET, "Minutes by which the user's clock is ahead of UTC."]
