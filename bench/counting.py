"""Receivers that only count: thousands of sockets in one process, a fraction of what decrypting costs.

A counted socket is read to the end. With BYTES its bytes are thrown away in the kernel (MSG_TRUNC). With RECORDS its
stream is walked along the headers of TLS records, which say without a key how much plaintext each record holds; with
FRAMES along the headers of rcim's frames. All counted sockets hang on one epoll instance of their own, and that one
hangs in the loop: a wake-up reads some dozens of them, then the loop has its turn again, so that a sender in the same
loop stays on its schedule.
"""

from __future__ import annotations

import asyncio
import select
import socket
from typing import Any

from rcim.session.tls import OUT_PIECE_BYTES
from rcim.wire.header import HEADER_BYTES, LENGTH_BYTES

SOCKETS_PER_TURN = 64
"""Sockets read before the loop has its turn: some 200 µs."""
BUFFER_BYTES = 1 << 20
BYTES, RECORDS, FRAMES = "bytes", "records", "frames"
RECORD_HEADER = 5
TLS13_OVERHEAD = 17
"""Bytes of a TLS 1.3 record that are not plaintext: the true type and the tag."""
APPLICATION_DATA = 0x17


class Counting:
    """Counts what comes on sockets that were handed to it: `bytes_of(i)` and `units_of(i)` since `reset`.

    `way` is BYTES, RECORDS or FRAMES. A unit is a frame, or all records of one write
    (a full one is not the end of what was written); with BYTES there are none.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, way: str = BYTES) -> None:
        self._loop = loop
        self._walk = {BYTES: None, RECORDS: self._walk_records, FRAMES: self._walk_frames}[way]
        self._poll = select.epoll()
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._sockets: dict[int, socket.socket] = {}
        self._transports: list[Any] = []
        self._order: list[int] = []
        self._got: dict[int, int] = {}
        self._units: dict[int, int] = {}
        self._rest: dict[int, int] = {}
        self._head: dict[int, bytes] = {}
        self.total = 0
        self.reads = 0
        self.ended = 0
        """Sockets that the other side closed."""
        loop.add_reader(self._poll.fileno(), self._ready)

    def __len__(self) -> int:
        return len(self._order)

    def take(self, transport: Any) -> int:
        """Read the socket of a loop's `transport` from now on; returns its index. Nothing may be under way on it."""
        transport.pause_reading()
        fd = transport.get_extra_info("socket").fileno()
        self._transports.append(transport)
        self._sockets[fd] = socket.socket(fileno=fd)
        self._got[fd] = self._units[fd] = self._rest[fd] = 0
        self._order.append(fd)
        self._poll.register(fd, select.EPOLLIN)
        return len(self._order) - 1

    def bytes_of(self, index: int) -> int:
        """What that socket has got: bytes on the wire, with RECORDS bytes of plaintext."""
        return self._got[self._order[index]]

    def units_of(self, index: int) -> int:
        """How many frames, or writes, those bytes came in."""
        return self._units[self._order[index]]

    def all(self) -> list[tuple[int, int]]:
        """(bytes, units) of all sockets."""
        return [(self._got[fd], self._units[fd]) for fd in self._order]

    def reset(self) -> None:
        """Begin to count anew."""
        self._got = dict.fromkeys(self._got, 0)
        self._units = dict.fromkeys(self._units, 0)
        self.total = self.reads = 0

    def _ready(self) -> None:
        walk = self._walk
        flags = socket.MSG_DONTWAIT if walk else socket.MSG_DONTWAIT | socket.MSG_TRUNC
        buffer, sockets, got = self._buffer, self._sockets, self._got
        for fd, _ in self._poll.poll(0, SOCKETS_PER_TURN):
            try:
                count = sockets[fd].recv_into(buffer, BUFFER_BYTES, flags)
            except BlockingIOError:
                continue
            except OSError:
                count = 0
            if not count:
                self._poll.unregister(fd)
                self.ended += 1
                continue
            self.reads += 1
            plain = walk(fd, count) if walk else count
            got[fd] += plain
            self.total += plain

    def _whole(self, fd: int, count: int) -> tuple[Any, int, int]:
        """(data, where its first header stands, its end), with what was left of a header before in front."""
        head = self._head.pop(fd, b"")
        if not head:
            return self._view[:count], self._rest[fd], count
        return head + bytes(self._view[:count]), 0, count + len(head)

    def _leave(self, fd: int, data: Any, at: int, end: int) -> None:
        """The next header stands at `at`: beyond what was read, or it is not all there yet."""
        if at < end:
            self._head[fd] = bytes(data[at:end])
            at = end
        self._rest[fd] = at - end

    def _walk_records(self, fd: int, count: int) -> int:
        """Plaintext of the records that begin in what was read."""
        data, at, end = self._whole(fd, count)
        plain = 0
        while at + RECORD_HEADER <= end:
            size = data[at + 3] << 8 | data[at + 4]
            if data[at] == APPLICATION_DATA:
                plain += size - TLS13_OVERHEAD
                self._units[fd] += size < OUT_PIECE_BYTES + TLS13_OVERHEAD
            at += RECORD_HEADER + size
        self._leave(fd, data, at, end)
        return plain

    def _walk_frames(self, fd: int, count: int) -> int:
        """Bytes of the frames that begin in what was read."""
        data, at, end = self._whole(fd, count)
        seen = 0
        while at + HEADER_BYTES <= end:
            size = int.from_bytes(data[at : at + LENGTH_BYTES], "big") + LENGTH_BYTES
            seen += size
            self._units[fd] += 1
            at += size
        self._leave(fd, data, at, end)
        return seen

    def close(self) -> None:
        """Close all sockets."""
        self._loop.remove_reader(self._poll.fileno())
        self._poll.close()
        for sock in self._sockets.values():
            sock.detach()
        for transport in self._transports:
            transport.abort()
        self._sockets.clear()
        self._transports.clear()
