"""Requests about a user's own profile, lists and settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Gender, InviteConsent, UserList
from rcim.service.bounds import U16, Items, Number, Text
from rcim.service.requests.kinds import CURSOR, USER, USER_OR_NONE, USERS_OR_NONE, Fields, Request


class ProfileSet(Request, frozen=True, gc=False):
    """Sets the user's own profile (AB-05)."""

    nickname: A[str, Text(120)]
    face_url: A[str, Text(100)] = ""
    gender: Gender | None = None
    signature: A[str | None, Text(500)] = None
    fields: A[Fields, Items(20)] = ()


class ProfileGet(Request, frozen=True, gc=False):
    """Asks for a user's profile (AB-05). A user that never set any has an empty one."""

    user_id: A[str, USER]


class ProfilesGet(Request, frozen=True, gc=False):
    """Asks for the profiles of several users (AB-05)."""

    users: A[Sequence[str], USERS_OR_NONE]


class UserListChange(Request, frozen=True, gc=False):
    """Puts users on one of the user's lists, and takes users off it (SC-07)."""

    which: UserList
    add: A[Sequence[str], USERS_OR_NONE] = ()
    remove: A[Sequence[str], USERS_OR_NONE] = ()
    user_id: A[str, USER_OR_NONE] = ""


class UserListGet(Request, frozen=True, gc=False):
    """Asks for a page of one of the user's lists (SC-07)."""

    which: UserList
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0
    user_id: A[str, USER_OR_NONE] = ""


class QuietHoursSet(Request, frozen=True, gc=False):
    """Sets the user's hours of quiet (RX-02)."""

    start_min: A[int, Number(1439)]
    end_min: A[int, Number(1439)]
    offset_min: A[int, Number(840, -840)]
    user_id: A[str, USER_OR_NONE] = ""


class QuietHoursGet(Request, frozen=True, gc=False):
    """Asks for the user's hours of quiet (RX-02)."""

    user_id: A[str, USER_OR_NONE] = ""


class InviteConsentSet(Request, frozen=True, gc=False):
    """Says whether the user is asked before others add it to a group (GT-07)."""

    consent: InviteConsent
    user_id: A[str, USER_OR_NONE] = ""


class InviteConsentGet(Request, frozen=True, gc=False):
    """Asks whether the user is asked before others add it to a group (GT-07)."""

    user_id: A[str, USER_OR_NONE] = ""
