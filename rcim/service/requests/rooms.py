"""Requests about rooms (CR-01, CR-03, CR-04, CR-07)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

import msgspec

from rcim.service.bounds import U16, U64, Data, Items
from rcim.service.requests.kinds import CURSOR, GROUP, USERS_OR_NONE, Request

KEYS_AT_ONCE = 20
"""As many as RongCloud sets at once; a group has 16 with Tencent."""
NOTICE = Data(1024)


class AttributeToSet(msgspec.Struct, frozen=True, gc=False):
    """One of RoomAttributesSet. The operation says what key and value may be."""

    key: str
    value: str
    with_setter: bool = False


class RoomAttributesSet(Request, frozen=True, gc=False):
    """Sets attributes of a room (CR-03)."""

    group_id: A[str, GROUP]
    attributes: A[Sequence[AttributeToSet], Items(KEYS_AT_ONCE)]
    forced: bool = False
    notice: A[bytes, NOTICE] = b""
    replace: bool = False


class RoomAttributesDelete(Request, frozen=True, gc=False):
    """Removes attributes of a room (CR-03)."""

    group_id: A[str, GROUP]
    keys: A[Sequence[str], Items(KEYS_AT_ONCE, 1)]
    forced: bool = False
    notice: A[bytes, NOTICE] = b""


class RoomAttributes(Request, frozen=True, gc=False):
    """Asks for attributes of a room (CR-03)."""

    group_id: A[str, GROUP]
    since: A[int, U64] = 0
    after: A[int, U64] = 0
    keys: A[Sequence[str], Items(100)] = ()


class AdminRooms(Request, frozen=True, gc=False):
    """Asks for rooms by their ids (CR-07)."""

    groups: A[Sequence[str], Items(20, 1, each=GROUP)]


class AdminRoomSet(Request, frozen=True, gc=False):
    """Keeps a room alive, stops its distribution, protects members (CR-01, CR-04, CR-07)."""

    group_id: A[str, GROUP]
    keep_alive: bool | None = None
    stopped: bool | None = None
    protect: A[Sequence[str], USERS_OR_NONE] = ()
    unprotect: A[Sequence[str], USERS_OR_NONE] = ()


class AdminRoomsKept(Request, frozen=True, gc=False):
    """Asks for a page of the rooms that are kept alive (CR-04)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class AdminRoomProtected(Request, frozen=True, gc=False):
    """Asks which users a room protects (CR-01)."""

    group_id: A[str, GROUP]
