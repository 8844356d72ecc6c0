"""Rows of rooms: their attributes (CR-03), and which rooms are kept alive (CR-04)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from rcim.actor.records import RoomAttribute, RoomAttributesChanged
from rcim.actor.snapshots import RoomSnapshot
from rcim.store import keys
from rcim.store.backend import ReadView, StoreError, WriteView
from rcim.store.values import pack, unpack


class RoomHead(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The version of a room's attributes, and from which one on changes of them can be told."""

    version: int
    floor: int


def write_attributes(view: WriteView, record: RoomAttributesChanged) -> None:
    """CR-03: store the attributes."""
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


def faults(view: ReadView) -> Iterator[str]:
    """What is wrong with the rows of rooms, in words: of rooms that are gone, or that can't be read."""
    for table, type_of in (("room_attributes", _attribute_type), ("kept_rooms", None)):
        for row, data in view.scan(table, b"", keys.LAST):
            key = row.partition(keys.SEP)[0].decode()
            if view.get("profiles", key.encode()) is None:
                yield f"{table}: {key} is no group"
                continue
            try:
                if type_of is not None:
                    unpack(data, type_of(row))
            except StoreError as error:
                yield f"{table}: {keys.shown(table, row)}: {error}"


def _attribute_type(row: bytes) -> type[RoomHead | RoomAttribute]:
    return RoomAttribute if keys.second(row) else RoomHead
