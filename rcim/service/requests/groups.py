"""Requests about groups: create, edit, look up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated as A

from rcim.base.terms import ApplyJoinOption
from rcim.rules.custom_attributes import CHANGES_MAX
from rcim.service.bounds import U16, U32, Items, Text
from rcim.service.requests.kinds import (
    ATTRIBUTES,
    CURSOR,
    GROUP,
    GROUP_OR_NONE,
    TYPE_NAME,
    USER,
    USER_OR_NONE,
    USERS_OR_NONE,
    Fields,
    Request,
)


class GroupCreate(Request, frozen=True, gc=False):
    """Makes a group (GR-01)."""

    group_id: A[str, GROUP_OR_NONE]
    type: A[str, TYPE_NAME]
    name: A[str, Text(30, 1)]
    introduction: A[str, Text(120)] = ""
    notification: A[str, Text(150)] = ""
    face_url: A[str, Text(100)] = ""
    apply_join_option: ApplyJoinOption = ApplyJoinOption.BY_TYPE
    members: A[Sequence[str], USERS_OR_NONE] = ()
    owner: A[str, USER_OR_NONE] = ""
    max_member_num: A[int, U32] = 0
    fields: A[Fields, Items(20)] = ()
    attributes: A[bytes, ATTRIBUTES] = b""
    ttl_s: A[int | None, U32] = None
    unique: bool = False


class AdminGroupCreate(GroupCreate, frozen=True, gc=False):
    """Makes a group for the app's back end, with what only the app may say of its members (GR-01, GR-02, GR-06)."""

    admins: A[Sequence[str], USERS_OR_NONE] = ()
    member_fields: Mapping[str, Fields] = {}


class GroupSet(Request, frozen=True, gc=False):
    """Changes a group's profile (GR-03, GR-06)."""

    group_id: A[str, GROUP]
    name: A[str | None, Text(255, 1)] = None
    introduction: A[str | None, Text(255)] = None
    notification: A[str | None, Text(255)] = None
    face_url: A[str | None, Text(255)] = None
    apply_join_option: ApplyJoinOption | None = None
    max_member_num: A[int | None, U32] = None
    fields: A[Fields, Items(20)] = ()
    attributes: A[bytes | None, ATTRIBUTES] = None
    attribute_changes: A[Sequence[tuple[str, bytes]], Items(CHANGES_MAX)] = ()
    mute_all: bool | None = None


class GroupOwnerSet(Request, frozen=True, gc=False):
    """Gives a group to another member (GR-01)."""

    group_id: A[str, GROUP]
    user_id: A[str, USER]


class GroupDissolve(Request, frozen=True, gc=False):
    """Ends a group (GR-01)."""

    group_id: A[str, GROUP]


class GroupInfo(Request, frozen=True, gc=False):
    """Asks for a group's profile (GR-03)."""

    group_id: A[str, GROUP]


class GroupsJoined(Request, frozen=True, gc=False):
    """Asks for a page of the groups that the user is in (GR-05)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0
    user_id: A[str, USER_OR_NONE] = ""


class GroupFind(Request, frozen=True, gc=False):
    """Looks for groups (GR-09)."""

    words: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0
