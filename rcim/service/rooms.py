"""Rooms: attributes (CR-03), and what the app asks and sets of rooms (CR-01, CR-04, CR-07)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rcim.actor import queries, room_commands
from rcim.base.errors import ADMIN_REQUIRED, BAD_ATTRIBUTE_KEY, BAD_ATTRIBUTE_VALUE, BAD_PARAMETER, RcimError
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, StoreQuery
from rcim.service.validation import check_users, group_key, list_limit

KEY = re.compile(r"[A-Za-z0-9_+=\-]{1,128}\Z")
"""RongCloud's."""
VALUE_BYTES_MAX = 4096
BATCH_BYTES_MAX = 32 << 10
"""Of one request: with what waits to be told besides, a frame is still within its bound."""
PROTECTED_AT_ONCE = 100


def set_attributes(
    request: requests.RoomAttributesSet, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ROOM_ATTRIBUTES_SET (CR-03)."""
    if not request.attributes and not request.replace:
        raise RcimError(BAD_PARAMETER, "attributes: must be at least one, unless `replace` removes all others")
    entries: list[room_commands.AttributeEntry] = []
    size = 0
    for at, one in enumerate(request.attributes):
        _check_key(f"attributes[{at}].key", one.key)
        value_bytes = len(one.value.encode())
        if not 1 <= value_bytes <= VALUE_BYTES_MAX:
            raise RcimError(
                BAD_ATTRIBUTE_VALUE, f"attributes[{at}].value: {value_bytes} bytes, must be 1 to {VALUE_BYTES_MAX}"
            )
        size += len(one.key) + value_bytes
        entries.append(room_commands.AttributeEntry(one.key, one.value, one.with_setter))
    if size > BATCH_BYTES_MAX:
        raise RcimError(BAD_PARAMETER, f"attributes: {size} bytes together, must be at most {BATCH_BYTES_MAX}")
    _check_different([entry.key for entry in entries])
    command = room_commands.SetRoomAttributes(
        by=principal.user_id,
        admin=principal.admin,
        entries=entries,
        forced=_forced(request.forced or request.replace, principal),
        notice=request.notice,
        replace=request.replace,
    )
    return ActorCommand(group_key(request.group_id), command)


def delete_attributes(
    request: requests.RoomAttributesDelete, principal: Principal, context: RequestContext
) -> ActorCommand:
    """ROOM_ATTRIBUTES_DELETE (CR-03)."""
    for at, key in enumerate(request.keys):
        _check_key(f"keys[{at}]", key)
    _check_different(request.keys)
    command = room_commands.DeleteRoomAttributes(
        by=principal.user_id,
        admin=principal.admin,
        keys=list(request.keys),
        forced=_forced(request.forced, principal),
        notice=request.notice,
    )
    return ActorCommand(group_key(request.group_id), command)


def _check_key(name: str, key: str) -> None:
    if not KEY.match(key):
        raise RcimError(BAD_ATTRIBUTE_KEY, f"{name}: must be 1 to 128 of A-Z, a-z, 0-9 and + = - _")


def _check_different(keys: Sequence[str]) -> None:
    if len(set(keys)) < len(keys):
        raise RcimError(BAD_PARAMETER, "keys: must be different")


def _forced(forced: bool, principal: Principal) -> bool:
    if forced and not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "forced: only an app administrator may change attributes of others")
    return forced


def attributes(request: requests.RoomAttributes, principal: Principal, context: RequestContext) -> ActorCommand:
    """ROOM_ATTRIBUTES (CR-03)."""
    command = room_commands.ReadRoomAttributes(
        by=principal.user_id,
        admin=principal.admin,
        since=request.since,
        after=request.after,
        keys=list(request.keys),
    )
    return ActorCommand(group_key(request.group_id), command)


def rooms(request: requests.AdminRooms, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_ROOMS (CR-07)."""
    return StoreQuery(queries.RoomsQuery(list(dict.fromkeys(map(group_key, request.groups)))))


def set_room(request: requests.AdminRoomSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_ROOM_SET (CR-01, CR-04, CR-07)."""
    command = room_commands.SetRoom(
        by=principal.user_id,
        admin=True,
        keep_alive=request.keep_alive,
        stopped=request.stopped,
        protect=check_users(request.protect, PROTECTED_AT_ONCE, 0),
        unprotect=check_users(request.unprotect, PROTECTED_AT_ONCE, 0),
    )
    return ActorCommand(group_key(request.group_id), command)


def kept(request: requests.AdminRoomsKept, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_ROOMS_KEPT (CR-04)."""
    return StoreQuery(queries.KeptRoomsQuery(request.cursor, list_limit(request.limit, context.limits)))


def protected(request: requests.AdminRoomProtected, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_ROOM_PROTECTED (CR-01)."""
    return ActorCommand(group_key(request.group_id), room_commands.ReadProtected(principal.user_id, True))
