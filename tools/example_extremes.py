"""Frames with everything as short and small, or as long and large, as the table of frames allows."""

from __future__ import annotations

from typing import Any

from rcim.wire.schema import Struct
from rcim.wire.types import Bool, Bytes, Enum, Int, StrList, StructList


def least(cls: type[Struct]) -> Any:
    """A value with everything as short and small as it may be."""
    return cls(**{x.name: least_value(x.type) for x in cls.FIELDS if not x.tag})


def most(cls: type[Struct]) -> Any:
    """A value with every number and text as large as it may be (lists hold two rows)."""
    return cls(**{x.name: most_value(x.type) for x in cls.FIELDS})


def least_value(kind: Any) -> Any:
    """The shortest or smallest value of a field of this type."""
    if isinstance(kind, Int):
        return kind.span[0] if kind.span else 0
    if isinstance(kind, Bool):
        return False
    if isinstance(kind, Enum):
        return min(kind.values)
    if isinstance(kind, StrList):
        return [least_value(kind.item)] * kind.low
    if isinstance(kind, StructList):
        return [least(kind.struct)] * kind.low
    assert isinstance(kind, Bytes)
    return "a" * kind.low if kind.kind == "str" else b"\0" * kind.low


def most_value(kind: Any) -> Any:
    """The largest value of a field of this type; of bytes and texts at most 3,000."""
    if isinstance(kind, Int) and kind.span:
        return kind.span[1]
    if isinstance(kind, Int):
        return {"u8": 0xFF, "u16": 0xFFFF, "u32": 0xFFFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF, "i32": -1}[kind.name]
    if isinstance(kind, Bool):
        return True
    if isinstance(kind, Enum):
        return max(kind.values)
    if isinstance(kind, StrList):
        return [most_value(kind.item)] * 2
    if isinstance(kind, StructList):
        return [most(kind.struct)] * 2
    assert isinstance(kind, Bytes)
    size = min(kind.high, 3000)  # the longest bodies would make vectors of megabytes
    return "z" * size if kind.kind == "str" else b"\xff" * size
