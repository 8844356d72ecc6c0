"""Requests about ultra groups and their channels (UG-02 to UG-05)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import PushLevel
from rcim.service.bounds import U16, U64, Text
from rcim.service.requests.kinds import CURSOR, GROUP, USERS_OR_NONE, Request


class ChannelCreate(Request, frozen=True, gc=False):
    """Makes a channel of an ultra group (UG-02)."""

    group_id: A[str, GROUP]
    name_id: A[str, Text(20, 1)]
    name: A[str, Text(30, 1)]
    introduction: A[str, Text(120)] = ""
    private: bool = False


class Channels(Request, frozen=True, gc=False):
    """Asks for the channels of an ultra group (UG-02)."""

    group_id: A[str, GROUP]


class ChannelUsersChange(Request, frozen=True, gc=False):
    """Changes a channel's own list (UG-05)."""

    group_id: A[str, GROUP]
    add: A[Sequence[str], USERS_OR_NONE] = ()
    remove: A[Sequence[str], USERS_OR_NONE] = ()


class ChannelUsers(Request, frozen=True, gc=False):
    """Asks for a page of a channel's own list (UG-05)."""

    group_id: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class ChannelPrivateSet(Request, frozen=True, gc=False):
    """Makes a channel private or public (UG-05)."""

    group_id: A[str, GROUP]
    private: bool


class PushLevelSet(Request, frozen=True, gc=False):
    """Sets a push level (UG-03)."""

    group_id: A[str, GROUP]
    level: PushLevel
    whole: bool = False


class PushLevelGet(Request, frozen=True, gc=False):
    """Asks for the push level in force (UG-03)."""

    group_id: A[str, GROUP]


class HistoryTrim(Request, frozen=True, gc=False):
    """Deletes messages up to a time for everyone (UG-04)."""

    group_id: A[str, GROUP]
    to_time_ms: A[int, U64]
