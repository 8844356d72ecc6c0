"""Frames put together from rows that were encoded before: a message is encoded once, whatever frames it then goes into.

Only for frames whose last field is a list of structs (`StructList`) and that have no extension behind it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from rcim.wire.header import HEADER, LENGTH_MIN
from rcim.wire.schema import Frame, Struct

_U16 = struct.Struct(">H")


def encoded_row(value: Struct) -> bytes:
    """`value` as a row of a list: its length and its bytes. Raises RcimError(BAD_PARAMETER)."""
    data = type(value).encode_struct(value)
    return _U16.pack(len(data)) + data


def stem_of(empty: Frame) -> bytes:
    """What stands before the count of the list, of a frame whose list is empty."""
    body = type(empty).encode_struct(empty)
    if body[-2:] != b"\0\0":
        raise ValueError(f"{empty.NAME}: its last field is no empty list")
    return body[:-2]


def frame_of_rows(type_: int, stem: bytes, rows: Sequence[bytes]) -> bytes:
    """The whole frame with `rows` in its list, as `Frame.encode` would make it."""
    data = b"".join((stem, _U16.pack(len(rows)), *rows))
    return HEADER.pack(len(data) + LENGTH_MIN, type_, 0, 0) + data
