"""The value of a key: version u8, CRC-32 u32, then msgpack (messages.py has more in between). A damaged value is found
when it is read."""

from __future__ import annotations

import struct
import zlib
from typing import Any, TypeVar

import msgspec

from rcim.store.decoders import msgpack_decoder
from rcim.store.faults import DamagedError, StoreError

VALUE_VERSION = 1
FACTS_VERSION = 2
"""A value with facts between its head and its payload (messages.py): their length u16, and they."""
HEAD = struct.Struct(">BI")
FACTS_AT = HEAD.size
_ENCODER = msgspec.msgpack.Encoder()
_DECODERS: dict[type, msgspec.msgpack.Decoder[Any]] = {}

T = TypeVar("T")


class Head(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What changes with every message or member of a conversation. It outlives a dissolved group (MS-01)."""

    next_seq: int = 1
    last_msg_time_ms: int = 0
    info_seq: int = 0
    last_info_time_ms: int = 0
    member_num: int = 0
    reserved: bool = False
    """True if messages were not stored: `next_seq` is where the counter goes on (MS-01)."""
    changed: int = 0
    """The stamp of the last commit that changed what all in it see: a message, a state of one, the profile (RX-03)."""
    messaged: int = 0
    """That of the last one with a message."""
    kept_seq: int = 0
    """Messages below it were too old, and are gone (ST-02)."""
    cleared_max: int = 0
    """MS-10: the greatest `cleared_seq` that a member has had; only where the members are not all in memory."""
    joined_ms: int = 0
    """When somebody joined last; only there."""


class ListEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a user has said of a conversation in its list (RX-09)."""

    stamp: int
    pinned_ms: int = 0
    """0: it is not pinned."""
    removed: int = 0
    """The stamp of its removal from the list: without a message since, it is not in it."""
    removed_seq: int = 0
    """Of broadcasts: the newest SEQ then, since what came since may be for others (SY-04)."""


class Waiting(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An application that is not decided, for who counts them (GR-12)."""

    time_ms: int


def pack(value: Any) -> bytes:
    """The bytes to keep for a record's part."""
    payload = _ENCODER.encode(value)
    return HEAD.pack(VALUE_VERSION, zlib.crc32(payload)) + payload


def unpack(data: bytes, type_: type[T]) -> T:
    """The value that `pack` made the bytes from. Raises DamagedError, or StoreError if they are of a
    newer version."""
    try:
        version, checksum = HEAD.unpack_from(data)
        payload = memoryview(data)[HEAD.size :]
        if version not in (VALUE_VERSION, FACTS_VERSION):
            raise StoreError(f"a value of version {version}; this program knows {VALUE_VERSION} and {FACTS_VERSION}")
        if zlib.crc32(payload) != checksum:
            raise DamagedError("a value is damaged: its checksum is wrong")
        if version == FACTS_VERSION:
            payload = payload[2 + (payload[0] << 8 | payload[1]) :]
        decoder = _DECODERS.get(type_) or _DECODERS.setdefault(type_, msgpack_decoder(type_))
        value: T = decoder.decode(payload)
        return value
    except (struct.error, IndexError, msgspec.DecodeError) as error:
        raise DamagedError(f"a value is damaged: {error}") from None
