"""Requests about devices and presence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import Presence
from rcim.service.bounds import U64, Items, Text
from rcim.service.requests.kinds import USER_OR_NONE, USERS, USERS_OR_NONE, Request


class Devices(Request, frozen=True, gc=False):
    """Asks which devices of the user are logged in (ID-04)."""

    user_id: A[str, USER_OR_NONE] = ""


class DevicesClose(Request, frozen=True, gc=False):
    """Logs out devices of the user (ID-04)."""

    connections: A[Sequence[int], Items(100, each=U64)] = ()
    text: A[str, Text(200)] = ""
    user_id: A[str, USER_OR_NONE] = ""


class PresenceSet(Request, frozen=True, gc=False):
    """Says what this device does (ID-07)."""

    state: Presence


class PresenceGet(Request, frozen=True, gc=False):
    """Asks what users do (ID-07)."""

    users: A[Sequence[str], USERS]


class PresenceWatch(Request, frozen=True, gc=False):
    """Asks what users do, and to be told of changes (ID-07)."""

    users: A[Sequence[str], USERS]


class PresenceUnwatch(Request, frozen=True, gc=False):
    """Asks to be told of users no more (ID-07)."""

    users: A[Sequence[str], USERS_OR_NONE]
