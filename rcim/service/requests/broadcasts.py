"""Requests of app administrators about broadcasts, and about tags and attributes of users (SY-03, SY-04)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

import msgspec

from rcim.base.terms import Priority
from rcim.rules.broadcasts import EXPIRES_S_DEFAULT, EXPIRES_S_MAX
from rcim.rules.targets import ATTRIBUTE_BYTES_MAX, ATTRIBUTES_MAX, TAG_BYTES_MAX, TAGS_MAX
from rcim.service.bounds import U16, U64, Data, Items, Number, Text
from rcim.service.requests.kinds import BODY, CLIENT_MSG_ID, GROUP_OR_NONE, USER_OR_NONE, USERS, Request

TAG = Text(TAG_BYTES_MAX, 1, one_line=True)
NAME = Text(ATTRIBUTE_BYTES_MAX, 1, one_line=True)
TAGS = Items(TAGS_MAX, each=TAG)


class UserAttribute(msgspec.Struct, frozen=True, gc=False):
    """An attribute of a user."""

    name: A[str, NAME]
    value: A[str, Text(ATTRIBUTE_BYTES_MAX, one_line=True)]


class AttributeName(msgspec.Struct, frozen=True, gc=False):
    """An attribute that users can have; an empty name removes it."""

    number: A[int, Number(ATTRIBUTES_MAX - 1)]
    name: A[str, Text(ATTRIBUTE_BYTES_MAX, one_line=True)]


class AdminBroadcast(Request, frozen=True, gc=False):
    """Sends a message to all users of the app, or to those whom a target means (SY-03, SY-04)."""

    client_msg_id: A[str, CLIENT_MSG_ID]
    priority: Priority
    body: A[bytes, BODY]
    sender: A[str, USER_OR_NONE] = ""
    type_name: A[str, Text(32)] = ""
    expires_s: A[int, Number(EXPIRES_S_MAX)] = EXPIRES_S_DEFAULT
    system_conversation: A[str, GROUP_OR_NONE] = ""
    tags_any: A[Sequence[str], TAGS] = ()
    tags_all: A[Sequence[str], TAGS] = ()
    attributes_any: A[Sequence[UserAttribute], Items(TAGS_MAX)] = ()
    attributes_all: A[Sequence[UserAttribute], Items(TAGS_MAX)] = ()
    push: A[bytes, Data(8192)] = b""


class AdminBroadcasts(Request, frozen=True, gc=False):
    """Asks for a page of the app's broadcasts, newest first (SY-03)."""

    before_seq: A[int, U64] = 0
    limit: A[int, U16] = 0


class AdminBroadcastRecall(Request, frozen=True, gc=False):
    """Recalls a broadcast (SY-03, MS-10)."""

    seq: A[int, U64]


class AdminTagsChange(Request, frozen=True, gc=False):
    """Adds and removes tags of users (SY-04)."""

    users: A[Sequence[str], USERS]
    add: A[Sequence[str], TAGS] = ()
    remove: A[Sequence[str], TAGS] = ()
    remove_all: bool = False


class AdminAttributesChange(Request, frozen=True, gc=False):
    """Sets and removes attributes of users (SY-04)."""

    users: A[Sequence[str], USERS]
    set: A[Sequence[UserAttribute], Items(ATTRIBUTES_MAX)] = ()
    remove: A[Sequence[str], Items(ATTRIBUTES_MAX, each=NAME)] = ()


class AdminLabels(Request, frozen=True, gc=False):
    """Asks for the tags and attributes of users (SY-04)."""

    users: A[Sequence[str], USERS]


class AdminAttributeNames(Request, frozen=True, gc=False):
    """Asks which attributes users can have (SY-04)."""


class AdminAttributeNamesSet(Request, frozen=True, gc=False):
    """Declares attributes that users can have (SY-04)."""

    names: A[Sequence[AttributeName], Items(ATTRIBUTES_MAX, 1)]
