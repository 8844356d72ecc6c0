"""The stream splitter: bytes as they come from the transport, whole frames out.

1. Nothing is kept beyond one frame that is still incomplete, and that is bounded by the limit in force.
2. A length is checked before anything is kept for it (WI-04).
3. Feeding a frame byte by byte costs no more copying than feeding it whole.
4. The limit may change between two frames (login raises it); `take` therefore hands out one frame at a time.
"""

from __future__ import annotations

from typing import NamedTuple

from rcim.base.errors import BAD_HEADER, FRAME_TOO_LONG, RcimError
from rcim.wire.header import FLAGS_CRITICAL, HEADER, HEADER_BYTES, LENGTH_BYTES, LENGTH_MIN


class RawFrame(NamedTuple):
    """A frame that is not yet looked into."""

    type: int
    flags: int
    request_id: int
    body: bytes


class StreamSplitter:
    """Splits one direction of one connection. `limit` is the longest frame, header and all, in bytes."""

    __slots__ = ("_at", "_buffer", "_need", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._need = HEADER_BYTES

    def feed(self, data: bytes) -> None:
        """Add what came from the transport. Take the frames out with `take` until it returns None."""
        left = len(self._buffer) - self._at
        if left == 0:
            self._buffer, self._at = data, 0
            return
        if self._at or isinstance(self._buffer, bytes):
            self._buffer = bytearray(memoryview(self._buffer)[self._at :])
            self._at = 0
        self._buffer += data

    def take(self) -> RawFrame | None:
        """The next whole frame, or None until more is fed.

        Raises RcimError(BAD_HEADER or FRAME_TOO_LONG): the peer's fault, and the stream can't go on.
        """
        at = self._at
        have = len(self._buffer) - at
        if have < self._need:
            return None
        if have < HEADER_BYTES:
            return None
        length, type_, flags, request_id = HEADER.unpack_from(self._buffer, at)
        size = length + LENGTH_BYTES
        if size > self.limit:
            raise RcimError(FRAME_TOO_LONG, f"a frame of {size} bytes, at most {self.limit} now")
        if length < LENGTH_MIN:
            raise RcimError(BAD_HEADER, f"length {length}, at least {LENGTH_MIN}")
        if flags & FLAGS_CRITICAL:
            raise RcimError(BAD_HEADER, f"critical flags {flags & FLAGS_CRITICAL:#06x} are not known")
        if have < size:
            self._need = size
            return None
        self._need = HEADER_BYTES
        end = at + size
        body = bytes(memoryview(self._buffer)[at + HEADER_BYTES : end])
        if end == len(self._buffer):
            self._buffer, self._at = b"", 0
        else:
            self._at = end
        return RawFrame(type_, flags, request_id, body)

    @property
    def pending_bytes(self) -> int:
        """How much is held: at most one incomplete frame once `take` has returned None."""
        return len(self._buffer) - self._at
