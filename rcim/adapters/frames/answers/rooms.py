"""Rooms: their attributes (CR-03), and what app administrators see of them (CR-01, CR-04, CR-07)."""

from __future__ import annotations

from collections.abc import Iterable

from rcim.service import deliveries, results
from rcim.wire import frames


def set_ok(result: results.AttributesSet) -> frames.RoomAttributesSetOk:
    """The version of the room's attributes."""
    return frames.RoomAttributesSetOk(result.version)


def deleted_ok(result: results.AttributesSet) -> frames.RoomAttributesDeleteOk:
    """The version of the room's attributes."""
    return frames.RoomAttributesDeleteOk(result.version)


def attributes_ok(result: results.AttributesPage) -> frames.RoomAttributesOk:
    """A page of attributes."""
    return frames.RoomAttributesOk(result.version, result.reset, result.more, attribute_rows(result.rows))


def attribute_rows(rows: Iterable[deliveries.RoomAttribute]) -> list[frames.RoomAttribute]:
    """Attributes as they go over the wire."""
    return [
        frames.RoomAttribute(
            key=row.key,
            value=row.value,
            by=row.by,
            time_ms=row.time_ms,
            version=row.version,
            with_setter=row.with_setter,
            removed=row.removed,
            notice=row.notice,
        )
        for row in rows
    ]


def rooms_ok(result: results.GroupsPage) -> frames.AdminRoomsOk:
    """The rooms that were asked for (CR-07)."""
    return frames.AdminRoomsOk(list(map(_entry, result.groups)))


def kept_ok(result: results.GroupsPage) -> frames.AdminRoomsKeptOk:
    """A page of rooms that are kept alive (CR-04)."""
    return frames.AdminRoomsKeptOk(list(map(_entry, result.groups)), result.next)


def _entry(row: results.GroupRow) -> frames.RoomEntry:
    p = row.profile
    return frames.RoomEntry(
        group_id=p.group_id,
        type_=p.type,
        name=p.name,
        create_time_ms=p.create_time_ms,
        member_num=row.member_num,
        keep_alive=p.keep_alive,
        stopped=p.stopped,
    )


def protected_ok(result: results.Listed) -> frames.AdminRoomProtectedOk:
    """Whom the room protects (CR-01)."""
    return frames.AdminRoomProtectedOk(result.entries)
