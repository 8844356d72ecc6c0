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
        "Nickname, face URL and the custom fields chosen by the app go with the messages that are sent from then on "
        "(MS-04).",
        "What is absent of the extensions stays as it is. All of it is done or nothing.",
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
    signature: A[str | None, Ext(2, SIGNATURE), "A line about oneself, up to 500 bytes."] = None
    fields: A[
        Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields to set; an empty value removes."
    ] = ()


@frame(0x8301, "PROFILE_SET_OK", "server", "reply")
class ProfileSetOk(Frame, frozen=True, gc=False):
    """The profile is kept."""


@frame(0x0302, "PROFILE_GET", "client", "request", reply="PROFILE_GET_OK", errors=("NOT_PERMITTED",))
class ProfileGet(Frame, frozen=True, gc=False):
    """Asks for a user's profile (AB-05). A user that never set any has an empty one."""

    user_id: A[str, USER, "The user."]


@frame(0x8302, "PROFILE_GET_OK", "server", "reply")
class ProfileGetOk(Frame, frozen=True, gc=False):
    """A user's profile."""

    nickname: A[str, NICKNAME, "May be empty."]
    face_url: A[str, FACE_URL, "May be empty."]
    gender: A[Gender, Ext(1, Enum(Gender)), "Gender."] = Gender.UNKNOWN
    signature: A[str, Ext(2, SIGNATURE), "A line about oneself, up to 500 bytes."] = ""
    fields: A[
        Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields that the asking user may read."
    ] = ()


@row("ProfileEntry")
class ProfileEntry(Struct, frozen=True, gc=False):
    """The profile of one of several users (AB-05)."""

    user_id: A[str, USER, "The user."]
    known: A[bool, Bool(), "False: nothing is kept of it, as of one that never was; all else is empty then."]
    nickname: A[str, NICKNAME, "May be empty."]
    face_url: A[str, FACE_URL, "May be empty."]
    gender: A[Gender, Ext(1, Enum(Gender)), "Gender."] = Gender.UNKNOWN
    signature: A[str, Ext(2, SIGNATURE), "A line about oneself, up to 500 bytes."] = ""
    fields: A[
        Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields that the asking user may read."
    ] = ()


@frame(
    0x0340,
    "PROFILES_GET",
    "client",
    "request",
    reply="PROFILES_GET_OK",
    rules=(
        "Users of whom nothing is kept are answered too, and marked (`known`). Custom fields that the asking user may "
        "not read are left out.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED"),
)
class ProfilesGet(Frame, frozen=True, gc=False):
    """Asks for the profiles of several users (AB-05)."""

    users: A[list[str], StrList(USER, USERS_MAX), "Whose: 1 to 100; doubles count once."]


@frame(0x8340, "PROFILES_GET_OK", "server", "reply")
class ProfilesGetOk(Frame, frozen=True, gc=False):
    """Profiles of several users."""

    profiles: A[list[ProfileEntry], StructList(ProfileEntry, USERS_MAX), "In the order asked for."]
    taken: A[
        int,
        U16,
        "So many of the different users asked for are answered, as many as fit a frame; ask for the others anew.",
    ]


@frame(
    0x0303,
    "USER_LIST_CHANGE",
    "client",
    "request",
    reply="USER_LIST_CHANGE_OK",
    rules=(
        "By the app's setting either black lists are in force or white lists; both can be kept at any time. With black "
        "lists, a message to a user who has its sender on its list is BLACKLISTED; with white lists, one to a user who "
        "has not is NOT_WHITELISTED. Other conversations they do not concern.",
        "Users on someone's black list can not add that person to a group either, whichever lists are in force "
        "(GROUP_INVITE, GROUP_CREATE).",
        "It is in force for what is sent after the reply. Those who are on it already, or are not, are passed over.",
        "Nobody else is told.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED", "TOO_MANY_ENTRIES"),
)
class UserListChange(Frame, frozen=True, gc=False):
    """Puts users on one of the user's lists, and takes users off it (SC-07)."""

    which: A[UserList, Enum(UserList), "Which list."]
    add: A[list[str], StrList(USER, 500), "Users to put on it; 100 at a time, with those removed."]
    remove: A[list[str], StrList(USER, 500), "Users to take off it."]
    user_id: A[str, Ext(1, USER_OR_NONE), "Whose list, if not one's own: only for app administrators."] = ""


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
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many; 0, or more than the server allows, is 100."]
    user_id: A[str, Ext(1, USER_OR_NONE), "Whose list, if not one's own: only for app administrators."] = ""


@frame(0x8304, "USER_LIST_OK", "server", "reply")
class UserListOk(Frame, frozen=True, gc=False):
    """A page of a list."""

    users: A[list[str], StrList(USER, 1000), "By user id."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x0305,
    "QUIET_HOURS_SET",
    "client",
    "request",
    reply="QUIET_HOURS_SET_OK",
    rules=(
        "They say when the user wants no push, whatever the MsgFlags are. Messages come all the same while online.",
        "With the end before the start they go over midnight; with both the same there are none.",
        "All devices of the user get OWN_CHANGED, before the reply, if they are others than before.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class QuietHoursSet(Frame, frozen=True, gc=False):
    """Sets the user's hours of quiet (RX-02)."""

    start_min: A[int, MINUTE, "From this minute of the user's day on."]
    end_min: A[int, MINUTE, "Until before this one."]
    offset_min: A[int, OFFSET, "How many minutes the user's clock is ahead of UTC."]
    user_id: A[str, Ext(1, USER_OR_NONE), "Whose, if not one's own: only for app administrators."] = ""


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
    """Asks for the user's hours of quiet (RX-02)."""

    user_id: A[str, Ext(1, USER_OR_NONE), "Whose, if not one's own: only for app administrators."] = ""


@frame(0x8306, "QUIET_HOURS_OK", "server", "reply")
class QuietHoursOk(Frame, frozen=True, gc=False):
    """The hours of quiet; with both the same there are none."""

    start_min: A[int, MINUTE, "From this minute of the user's day on."]
    end_min: A[int, MINUTE, "Until before this one."]
    offset_min: A[int, OFFSET, "How many minutes the user's clock is ahead of UTC."]
