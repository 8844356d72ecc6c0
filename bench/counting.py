"""Receivers that only count: thousands of sockets in one process, a fraction of what decrypting costs.

A counted socket is read to the end and its bytes are thrown away in the kernel (MSG_TRUNC), or, with `records`, walked
along its TLS record headers, which say how much plaintext each record holds without a key. All counted sockets hang on
one epoll instance of their own, and that one hangs in the loop: a wake-up reads some dozens of them, then the loop has
its turn again, so that a sender in the same loop stays on its schedule.
"""

from __future__ import annotations

import asyncio
import select
import socket
from typing import Any

SOCKETS_PER_TURN = 64
"""Sockets read before the loop has its turn: some 200 µs."""
BUFFER_BYTES = 1 << 20
RECORD_HEADER = 5
TLS13_OVERHEAD = 17
"""Bytes of a TLS 1.3 record that are not plaintext: the true type and the tag."""
APPLICATION_DATA = 0x17


class Counting:
    """Counts what comes on sockets that were handed to it. `bytes_of(i)` is what socket i got since `reset`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, records: bool = False) -> None:
        self._loop = loop
        self._records = records
        self._poll = select.epoll()
        self._buffer = bytearray(BUFFER_BYTES)
        self._view = memoryview(self._buffer)
        self._sockets: dict[int, socket.socket] = {}
        self._transports: list[Any] = []
        self._order: list[int] = []
        self._got: dict[int, int] = {}
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
        self._got[fd] = self._rest[fd] = 0
        self._order.append(fd)
        self._poll.register(fd, select.EPOLLIN)
        return len(self._order) - 1

    def bytes_of(self, index: int) -> int:
        """What that socket has got: bytes on the wire, or of plaintext with `records`."""
        return self._got[self._order[index]]

    def all_bytes(self) -> list[int]:
        """`bytes_of` of all sockets."""
        return [self._got[fd] for fd in self._order]

    def reset(self) -> None:
        """Begin to count anew."""
        self._got = dict.fromkeys(self._got, 0)
        self.total = self.reads = 0

    def _ready(self) -> None:
        walk = self._walk if self._records else None
        flags = socket.MSG_DONTWAIT if self._records else socket.MSG_DONTWAIT | socket.MSG_TRUNC
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

    def _walk(self, fd: int, count: int) -> int:
        """Plaintext bytes that begin in what was read: whole records are counted at their header."""
        data: Any = self._view[:count]
        at, plain = self._rest[fd], 0
        head = self._head.pop(fd, b"")
        if head:
            data = head + bytes(data)
            count += len(head)
        while at + RECORD_HEADER <= count:
            size = data[at + 3] << 8 | data[at + 4]
            if data[at] == APPLICATION_DATA:
                plain += size - TLS13_OVERHEAD
            at += RECORD_HEADER + size
        if at < count:
            self._head[fd] = bytes(data[at:count])
            at = count
        self._rest[fd] = at - count
        return plain

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
