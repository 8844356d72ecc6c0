"""Kept messages: what counting and looking need of one stands in front of it, so that it need not be decoded for that.

A value is: version u8 (2), CRC-32 u32 of all that follows, length of the facts u16, the facts, the message as msgpack.
The facts: time u64, FLAGS u8, the sender; with DIRECTED who else may see it, with MENTIONED who is mentioned. A name is a
length u16 and UTF-8; names are a length u16 in bytes and one after the other. Version 1 had no facts; those are made of
the message then.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import msgspec

from rcim.actor.records import Message
from rcim.base.terms import MessageState
from rcim.store.faults import DamagedError
from rcim.store.values import FACTS_AT, FACTS_VERSION, HEAD, unpack

_ENCODER = msgspec.msgpack.Encoder()
_FIXED = struct.Struct(">QBH")
_LENGTH = struct.Struct(">H")

SPEAKS, COUNTED, DIRECTED, MENTIONED, MENTIONS_ALL = 1, 2, 4, 8, 16
"""It still says something (MS-10); it counts as unread (MS-09); it is for some alone (MS-07); it mentions some; all."""
AS_USUAL = SPEAKS | COUNTED
_SPEAKING = (MessageState.AS_SENT, MessageState.EDITED)


class Facts(NamedTuple):
    """What is known of a message without decoding it."""

    time_ms: int
    flags: int
    sender: bytes
    names: bytes
    """Of DIRECTED and MENTIONED, as they are kept."""

    def _in(self, user: bytes, at: int) -> bool:
        """True if the user is in the list of names that begins at `at`. Raises DamagedError."""
        wanted = _LENGTH.pack(len(user)) + user
        if wanted not in self.names:
            return False
        try:
            (size,) = _LENGTH.unpack_from(self.names, at)
            names = self.names[at + 2 : at + 2 + size]
            found = names.find(wanted)
            while found >= 0:  # it may stand within another name
                at = 0
                while at < found:
                    at += 2 + _LENGTH.unpack_from(names, at)[0]
                if at == found:
                    return True
                found = names.find(wanted, found + 1)
        except struct.error as error:
            raise DamagedError(f"the names of a message are damaged: {error}") from None
        return False

    def is_for(self, user: bytes) -> bool:
        """MS-07: the user may see it. Raises DamagedError."""
        return not self.flags & DIRECTED or user == self.sender or self._in(user, 0)

    def mentions(self, user: bytes) -> bool:
        """MS-07. Raises DamagedError."""
        if self.flags & MENTIONS_ALL:
            return True
        if not self.flags & MENTIONED:
            return False
        at = 2 + int.from_bytes(self.names[:2]) if self.flags & DIRECTED else 0
        return self._in(user, at)


def _names(users: tuple[str, ...]) -> bytes:
    found = [user.encode() for user in users]
    data = b"".join([_LENGTH.pack(len(user)) + user for user in found])
    return _LENGTH.pack(len(data)) + data


def _made(message: Message) -> Facts:
    extra = message.extra
    flags = SPEAKS if message.state in _SPEAKING else 0
    names = b""
    if extra is None:
        return Facts(message.time_ms, flags | COUNTED, message.sender.encode(), b"")
    flags |= COUNTED if extra.counted else 0
    flags |= MENTIONS_ALL if extra.mentions_all else 0
    if extra.to:
        flags |= DIRECTED
        names = _names(extra.to)
    if extra.mentions:
        flags |= MENTIONED
        names += _names(extra.mentions)
    return Facts(message.time_ms, flags, message.sender.encode(), names)


def pack_message(message: Message) -> bytes:
    """The bytes to keep for a message; `values.unpack` gives it back."""
    if message.extra is None and message.state is MessageState.AS_SENT:  # nearly all: without a detour
        sender = message.sender.encode()
        facts = _FIXED.pack(message.time_ms, AS_USUAL, len(sender)) + sender
    else:
        made = _made(message)
        facts = _FIXED.pack(made.time_ms, made.flags, len(made.sender)) + made.sender + made.names
    rest = _LENGTH.pack(len(facts)) + facts + _ENCODER.encode(message)
    return HEAD.pack(FACTS_VERSION, zlib.crc32(rest)) + rest


def facts_of(data: bytes) -> Facts:
    """The facts of a kept message. The checksum is not looked at. Raises DamagedError, or StoreError if the value is of a
    newer version."""
    if data[:1] != b"\x02":
        return _made(unpack(data, Message))
    try:
        time_ms, flags, size = _FIXED.unpack_from(data, FACTS_AT + 2)
        at = FACTS_AT + 2 + _FIXED.size
        if not flags & (DIRECTED | MENTIONED):
            return Facts(time_ms, flags, data[at : at + size], b"")
        (length,) = _LENGTH.unpack_from(data, FACTS_AT)
    except struct.error as error:
        raise DamagedError(f"the facts of a message are damaged: {error}") from None
    return Facts(time_ms, flags, data[at : at + size], data[at + size : FACTS_AT + 2 + length])
