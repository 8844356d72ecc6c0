"""The rows of `events`: a shard, a number and an event each (event_log.py)."""

from __future__ import annotations

import msgspec

from rcim.actor.events import AnyEvent
from rcim.store import keys
from rcim.store.faults import DamagedError
from rcim.store.values import unpack

AFTER_ALL = b"\xff" * 3
"""Behind every key of `events`."""
KEY_BYTES = keys.U16.size + keys.U64.size


class KeptEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with its place."""

    shard: int
    number: int
    event: AnyEvent


class _Stamp(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What each kept event begins with."""

    tag: int
    time_ms: int


def key(shard: int, number: int) -> bytes:
    """Key of `events`."""
    return keys.U16.pack(shard) + keys.U64.pack(number)


def place_of(row: bytes) -> tuple[int, int]:
    """Shard and number of a key."""
    return keys.U16.unpack_from(row)[0], keys.U64.unpack_from(row, keys.U16.size)[0]


def event_of(data: bytes) -> AnyEvent:
    """The event that is kept so. Raises DamagedError."""
    event: AnyEvent = unpack(data, AnyEvent)  # type: ignore[arg-type]  # msgspec decodes a union
    return event


def time_of(data: bytes) -> int:
    """When it happened; what is damaged is of use to nobody, and old."""
    try:
        return unpack(data, _Stamp).time_ms
    except DamagedError:
        return 0
