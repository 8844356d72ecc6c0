"""Keys that are longer than LMDB takes, which is 511 bytes: of conversations between users with long ids (ID-01).

A key is a first part, up to the first byte 0 or 1, and what follows. The first part is kept in at most FIRST_MAX bytes
and what follows in at most REST_MAX: of a longer one its beginning, MARK (no id holds a control character) and a digest
of all of it. So keys with the same first part stand together, in the order of what follows. The whole key stands before
the value. Keys that are short enough, nearly all, are kept as they are; telling so costs one comparison.
"""

from __future__ import annotations

import re
import struct
from hashlib import blake2b

FIRST_MAX = 200
"""Bytes: more than any key has whose user ids have at most 64 bytes."""
REST_MAX = 300
"""More than a user id and two numbers have, so only the id of a conversation is ever longer."""
MARK = b"\x02"
DIGEST_HEX = 32
CONTROL = re.compile(rb"[\x00\x01]")
LENGTH = struct.Struct(">H")


def kept(key: bytes) -> bytes:
    """The key as LMDB is given it. A key that is one already stays as it is."""
    if len(key) <= FIRST_MAX:
        return key
    end = CONTROL.search(key)
    at = end.start() if end is not None else len(key)
    first, between, rest = key[:at], key[at : at + 1], key[at + 1 :]
    if len(first) > FIRST_MAX:
        first = _shortened(first, FIRST_MAX)
    if len(rest) > REST_MAX:
        end = CONTROL.search(rest)
        at = end.start() if end is not None else len(rest)
        if at > REST_MAX:
            rest = _shortened(rest[:at], REST_MAX) + rest[at:]
    return first + between + rest


def _shortened(part: bytes, most: int) -> bytes:
    digest = blake2b(part, digest_size=DIGEST_HEX // 2).hexdigest().encode()
    return part[: most - 1 - DIGEST_HEX] + MARK + digest


def is_shortened(key: bytes) -> bool:
    """True for a key of LMDB's that stands for a longer one, whose value is `packed`."""
    if len(key) < FIRST_MAX:
        return False
    end = CONTROL.search(key)
    at = end.start() if end is not None else len(key)
    if at == FIRST_MAX and key[FIRST_MAX - 1 - DIGEST_HEX : FIRST_MAX - DIGEST_HEX] == MARK:
        return True
    rest = key[at + 1 :]
    return len(rest) >= REST_MAX and rest[REST_MAX - 1 - DIGEST_HEX : REST_MAX - DIGEST_HEX] == MARK


def whole(row: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A row as it was put, of one that LMDB keeps."""
    return unpacked(row[1]) if is_shortened(row[0]) else row


def value_of(key: bytes, data: bytes | None) -> bytes | None:
    """The value that was put, of what is kept with this key of LMDB's."""
    return unpacked(data)[1] if data is not None and is_shortened(key) else data


def packed(key: bytes, value: bytes) -> bytes:
    """A value with the whole key before it."""
    return LENGTH.pack(len(key)) + key + value


def unpacked(data: bytes) -> tuple[bytes, bytes]:
    """The key and the value that `packed` was given."""
    end = LENGTH.size + LENGTH.unpack_from(data)[0]
    return data[LENGTH.size : end], data[end:]
