"""Frames of users: profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Gender
from rcim.wire.frames.groups import PROFILE_RULE
from rcim.wire.frames.kinds import FACE_URL, NICKNAME, SIGNATURE, USER, CustomField
from rcim.wire.schema import Ext, Frame, frame
from rcim.wire.types import Enum, StructList


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

    nickname: A[str, NICKNAME, "Up to 120 bytes without control characters; may be empty."]
    face_url: A[str, FACE_URL, "May be empty."]
    gender: A[Gender | None, Ext(1, Enum(Gender)), "Gender."] = None
    signature: A[str | None, Ext(2, SIGNATURE), "A line about oneself, up to 500 bytes."] = None
    fields: A[
        Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields to set; an empty value removes."
    ] = ()


@frame(0x8301, "PROFILE_SET_OK", "server", "reply")
class ProfileSetOk(Frame, frozen=True, gc=False):
    """The profile is kept."""


@frame(0x0302, "PROFILE_GET", "client", "request", reply="PROFILE_GET_OK")
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
