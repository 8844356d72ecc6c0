"""The reference codec: the same table, read by construct. For tools, vectors and tests; too slow for serving.

It takes and gives plain dictionaries: field names to values, extension fields only where they are not at their
default, and rows of lists as dictionaries of their own.
"""

from __future__ import annotations

import struct
from typing import Any

import construct as c

from rcim.wire.header import HEADER, LENGTH_BYTES, LENGTH_MIN
from rcim.wire.schema import FRAMES, Field, Frame, Struct
from rcim.wire.types import StructList

REFERENCE_HEADER = c.Struct("length" / c.Int32ub, "type" / c.Int16ub, "flags" / c.Int16ub, "request_id" / c.Int32ub)


class ReferenceCodecError(Exception):
    """construct found the bytes or the values wrong; it does not say which code the server would give."""


def to_plain(value: Struct) -> dict[str, Any]:
    """A frame or row as the dictionary that the reference codec speaks."""
    plain = {}
    for f in value.FIELDS:
        item = getattr(value, f.name)
        if f.tag and item == f.default:
            continue
        plain[f.name] = [to_plain(row) for row in item] if isinstance(f.type, StructList) else item
    return plain


def from_plain(cls: type[Struct], plain: dict[str, Any]) -> Any:
    """The frame or row that `plain` describes."""
    made = dict(plain)
    for f in cls.FIELDS:
        if isinstance(f.type, StructList) and f.name in plain:
            made[f.name] = [from_plain(f.type.struct, row) for row in plain[f.name]]
    return cls(**made)


def build(cls: type[Frame], plain: dict[str, Any], request_id: int = 0) -> bytes:
    """The whole frame, built by construct. Raises ReferenceCodecError."""
    try:
        body = cls.reference_struct().build(_to_container(cls, plain))
    except (c.ConstructError, UnicodeError, struct.error, OverflowError) as error:
        raise ReferenceCodecError(str(error)) from None
    return HEADER.pack(len(body) + LENGTH_MIN, cls.TYPE, 0, request_id) + bytes(body)


def parse(data: bytes) -> tuple[type[Frame], int, dict[str, Any]]:
    """One whole frame: its class, request id and plain fields. Raises ReferenceCodecError."""
    try:
        head = REFERENCE_HEADER.parse(data)
        if head.length + LENGTH_BYTES != len(data):
            raise ReferenceCodecError("the length field does not fit the bytes given")
        cls = FRAMES[head.type]
        found = cls.reference_struct().parse(data[LENGTH_BYTES + LENGTH_MIN :])
        return cls, head.request_id, _to_plain(cls, found)
    except KeyError as error:
        raise ReferenceCodecError(f"unknown type {error}") from None
    except (c.ConstructError, UnicodeError) as error:
        raise ReferenceCodecError(str(error)) from None


def _to_container(cls: type[Struct], plain: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"_ext": []}
    for f in cls.FIELDS:
        if f.tag:
            if f.name in plain and plain[f.name] != f.default:
                data = bytes(f.type.reference().build(_value_to_container(f, plain[f.name])))
                made["_ext"].append({"tag": f.tag, "data": data})
        else:
            made[f.name] = _value_to_container(f, plain[f.name])
    return made


def _value_to_container(f: Field, value: Any) -> Any:
    return [_to_container(f.type.struct, row) for row in value] if isinstance(f.type, StructList) else value


def _to_plain(cls: type[Struct], found: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    by_tag: dict[int, Field] = {}
    for f in cls.FIELDS:
        if f.tag:
            by_tag[f.tag] = f
        else:
            plain[f.name] = _value_to_plain(f, found[f.name])
    for item in found["_ext"]:
        known = by_tag.get(item.tag)
        if known is not None:
            whole = c.Struct("v" / known.type.reference(), c.Terminated)
            plain[known.name] = _value_to_plain(known, whole.parse(item.data).v)
    for f in by_tag.values():
        if f.name in plain and plain[f.name] == f.default:
            del plain[f.name]
    return plain


def _value_to_plain(f: Field, value: Any) -> Any:
    if isinstance(f.type, StructList):
        return [_to_plain(f.type.struct, row) for row in value]
    return list(value) if isinstance(value, c.ListContainer) else value
