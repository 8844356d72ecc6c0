"""Rows of rooms: their attributes (CR-03), and which rooms are kept alive (CR-04)."""

from __future__ import annotations

import msgspec

from rcim.actor.records import RoomAttribute, RoomAttributesChanged
from rcim.actor.snapshots import RoomSnapshot
from rcim.store import keys
from rcim.store.backend import ReadView, WriteView
from rcim.store.values import pack, unpack


class RoomHead(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The version of a room's attributes, and from which one on changes of them can be told."""

    version: int
    floor: int


def write_attributes(view: WriteView, record: RoomAttributesChanged) -> None:
    """CR-03: the attributes are these from now on."""
    view.put("room_attributes", keys.pair(record.key, ""), pack(RoomHead(record.version, record.floor)))
    for name in record.forgotten:
        view.delete("room_attributes", keys.pair(record.key, name))
    for attribute in record.put:
        kept = msgspec.structs.replace(attribute, notice=b"") if attribute.notice else attribute
        view.put("room_attributes", keys.pair(record.key, attribute.key), pack(kept))


def read_attributes(view: ReadView, key: str) -> RoomSnapshot | None:
    """CR-03: the attributes of the room; None if it has never had any. Raises DamagedError."""
    data = view.get("room_attributes", keys.pair(key, ""))
    if data is None:
        return None
    head = unpack(data, RoomHead)
    rows = view.scan("room_attributes", keys.after_none(key), key.encode() + keys.AFTER_SEP)
    attributes = [unpack(row, RoomAttribute) for _, row in rows]
    attributes.sort(key=lambda one: one.version)
    return RoomSnapshot(head.version, head.floor, attributes)


def remove_room(view: WriteView, key: str) -> None:
    """The room has ended: nothing is left of its attributes."""
    low, high = key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP
    for row in [row for row, _ in view.scan("room_attributes", low, high)]:
        view.delete("room_attributes", row)
    if view.get("kept_rooms", key.encode()) is not None:
        view.delete("kept_rooms", key.encode())
