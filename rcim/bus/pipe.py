"""A stream of messages between two processes: length and msgpack, and what one turn has to say in one write."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable
from typing import Any

import msgspec

from rcim.base.limited_log import LimitedLog
from rcim.store.decoders import msgpack_decoder

log = LimitedLog("rcim.bus")

LENGTH = struct.Struct(">I")
MESSAGE_BYTES_MAX = 64 << 20
"""More is no message of ours."""
TURN_S = 0.005
"""Work on what has come of one pipe in one turn of the loop."""
BUFFER_HIGH, BUFFER_LOW = 8 << 20, 2 << 20
"""Unsent bytes past which an end is told to hold back, and below which it may go on."""

_ENCODER = msgspec.msgpack.Encoder()


def encoded(message: msgspec.Struct) -> bytes:
    """A message as it goes over the pipe."""
    data = _ENCODER.encode(message)
    return LENGTH.pack(len(data)) + data


class Pipe(asyncio.Protocol):
    """One end. `on_message` gets each message; `on_ready` and `on_lost` are called once; `on_room` when a full pipe has
    room again."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        messages: Any,
        on_message: Callable[[Any], None],
        on_lost: Callable[[], None],
        on_ready: Callable[[], None] = lambda: None,
        on_room: Callable[[], None] = lambda: None,
    ) -> None:
        self._loop = loop
        self._decode = msgpack_decoder(messages).decode
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_ready = on_ready
        self._on_room = on_room
        self._transport: Any = None
        self._out: list[bytes] = []
        self._in = bytearray()
        self._going_on = False
        """True if what has come is being taken, and there is more of it."""
        self._stopped = False
        """True while nothing is read."""
        self.full = False
        """True while the other end does not take what it is sent."""
        self.lost = False
        self.heard_s = loop.time()
        """When something came last (the loop's time)."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=BUFFER_HIGH, low=BUFFER_LOW)
        self._on_ready()

    def pause_writing(self) -> None:
        """The other end is behind."""
        self.full = True

    def resume_writing(self) -> None:
        """It has caught up."""
        self.full = False
        self._on_room()

    def send(self, data: bytes) -> None:
        """Send what `encoded` made, with what else this turn says."""
        if self.lost:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if not self.lost:
            self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        self.heard_s = self._loop.time()
        self._in += data
        if not self._going_on:
            self._take()

    def _take(self) -> None:
        """Take what has come, for TURN_S at the most; the rest in the loop's next turn. Nothing is read meanwhile."""
        self._going_on = False
        buffer, end_s = self._in, time.perf_counter() + TURN_S
        at, have = 0, len(buffer)
        while have - at >= LENGTH.size and not self.lost:
            (size,) = LENGTH.unpack_from(buffer, at)
            if size > MESSAGE_BYTES_MAX:
                log.error("a message on the bus is too large", bytes=size)
                self.close()
                return
            end = at + LENGTH.size + size
            if end > have:
                break
            message = self._decode(buffer[at + LENGTH.size : end])
            at = end
            try:
                self._on_message(message)
            except Exception:  # it is this message's; the others go on
                log.exception("handling a message on the bus failed", message_type=type(message).__name__)
            if time.perf_counter() > end_s:
                self._going_on = True
                break
        del buffer[:at]
        if self.lost:
            return
        if self._going_on:
            self.heard_s = self._loop.time()  # there is more of what has come
            self._loop.call_soon(self._take)
        if self._going_on is not self._stopped:
            self._stopped = self._going_on
            (self._transport.pause_reading if self._stopped else self._transport.resume_reading)()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost:
            self.lost = True
            self._on_lost()

    def close(self) -> None:
        """End it; `on_lost` is called."""
        if self._transport is not None:
            self._transport.abort()
        self.connection_lost(None)
