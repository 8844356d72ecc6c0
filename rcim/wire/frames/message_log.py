"""Frames of app administrators about the message log (AB-03)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, Bytes, StructList, str8

HOUR = str8(10, one_line=True)
LOG_KIND = str8(32, one_line=True)
SHA256 = Bytes("u8", 32)
CHUNK_BYTES_MAX = 32_768


@row("LogFile")
class LogFile(Struct, frozen=True, gc=False):
    """A file of the message log."""

    hour: A[str, HOUR, "The hour in UTC, YYYYMMDDHH."]
    kind: A[str, LOG_KIND, "The kind of its conversations: `group`, `pair`, `ultra-group`, `channel`, …"]
    size: A[int, U64, "Its size."]
    messages: A[int, U64, "The number of messages in it."]
    sha256: A[bytes, SHA256, "Its checksum, SHA-256; empty: not known yet, ask again in some seconds."]


@frame(
    0x0F70,
    "MESSAGE_LOG_LIST",
    "client",
    "request",
    reply="MESSAGE_LOG_LIST_OK",
    errors=("ADMIN_REQUIRED", "MESSAGE_LOG_OFF"),
    admin=True,
)
class MessageLogList(Frame, frozen=True, gc=False):
    """Asks for a page of the files of the message log, by hour and kind (AB-03)."""

    hour: A[str, HOUR, "From after this file on; empty: from the first one."]
    kind: A[str, LOG_KIND, "Its kind."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means as many as it allows."]


@frame(0x8F70, "MESSAGE_LOG_LIST_OK", "server", "reply", admin=True)
class MessageLogListOk(Frame, frozen=True, gc=False):
    """A page of files."""

    files: A[list[LogFile], StructList(LogFile, 1000), "The files."]
    more: A[bool, Bool(), "There are more after the last one."]


@frame(
    0x0F71,
    "MESSAGE_LOG_GET",
    "client",
    "request",
    reply="MESSAGE_LOG_GET_OK",
    rules=(
        "A download asks for chunk after chunk, and names the checksum of the first answer from the second request on. "
        "It may be resumed at any offset.",
        "At the end the client compares the checksum of what it has.",
    ),
    errors=("ADMIN_REQUIRED", "MESSAGE_LOG_OFF", "NO_SUCH_LOG_FILE", "LOG_FILE_CHANGED"),
    admin=True,
)
class MessageLogGet(Frame, frozen=True, gc=False):
    """Asks for a part of a file of the message log (AB-03)."""

    hour: A[str, HOUR, "The hour in UTC, YYYYMMDDHH."]
    kind: A[str, LOG_KIND, "The kind of its conversations."]
    offset: A[int, U64, "The first byte wanted."]
    limit: A[int, U32, "The most bytes wanted; 0, or more than the server allows, means as many as it allows."]
    sha256: A[bytes, SHA256, "The checksum that the file has to have; empty: any."]


@frame(0x8F71, "MESSAGE_LOG_GET_OK", "server", "reply", admin=True)
class MessageLogGetOk(Frame, frozen=True, gc=False):
    """A part of a file of the message log."""

    size: A[int, U64, "The size of the file."]
    messages: A[int, U64, "The number of messages in it."]
    sha256: A[bytes, SHA256, "The checksum of the whole file."]
    data: A[bytes, Bytes("u16", CHUNK_BYTES_MAX), "The bytes; empty: the offset is at the end, or beyond."]


@frame(
    0x0F72,
    "MESSAGE_LOG_EXPIRE",
    "client",
    "request",
    reply="MESSAGE_LOG_EXPIRE_OK",
    errors=("ADMIN_REQUIRED", "MESSAGE_LOG_OFF"),
    admin=True,
)
class MessageLogExpire(Frame, frozen=True, gc=False):
    """Removes the files of the message log from before an hour (AB-03)."""

    before: A[str, HOUR, "The hour in UTC, YYYYMMDDHH; its own files stay, unless `only` is set."]
    only: A[bool, Ext(1, Bool()), "True: remove the files of this hour, and no others."] = False


@frame(0x8F72, "MESSAGE_LOG_EXPIRE_OK", "server", "reply", admin=True)
class MessageLogExpireOk(Frame, frozen=True, gc=False):
    """The files were removed."""

    count: A[int, U32, "How many."]
