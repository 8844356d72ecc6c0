"""A writer without a protocol: accepts connections, then writes the same bytes to each of them on a schedule. What it
costs is what a server of this kind can at best cost on this machine.

Two ways: `socket` is a bare send on each socket (TLS: a non-blocking SSLSocket), the least that Python can do and within
some percent of C; `loop` goes through the event loop's transports (TLS: memory buffers), as the server does.

Run as a process of its own by limits.py: it says its port, waits for a line on standard input, writes, says what it
used, waits for another line and closes.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import sys
import time
from collections.abc import Callable
from typing import Any

import uvloop

from rcim.app.processes.tuning import raise_file_limit
from rcim.session.tls import TlsCore

CHUNK = 64
"""Sockets written before the loop has its turn, as in the server."""


class _Peer(asyncio.Protocol):
    """Accepted by the loop, written through its transport."""

    def __init__(self, writers: list[Callable[[bytes], Any]], context: ssl.SSLContext | None) -> None:
        self.tls = TlsCore(context, server_side=True) if context else None
        self._writers = writers
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self.tls is None:
            self._writers.append(transport.write)

    def data_received(self, data: bytes) -> None:
        if self.tls is not None:
            was_ready = self.tls.ready
            self.tls.receive(data)
            self.transport.write(self.tls.data_to_send())
            if self.tls.ready and not was_ready:
                self._writers.append(self._sealed)

    def _sealed(self, data: bytes) -> None:
        assert self.tls is not None
        self.transport.write(self.tls.seal(data))


async def _accept(listener: socket.socket, writers: list[Callable[[bytes], Any]], tls: ssl.SSLContext | None) -> None:
    """Accept for ever, on bare sockets."""
    loop = asyncio.get_running_loop()

    async def one(sock: socket.socket) -> None:
        if tls is None:
            writers.append(sock.send)
            return
        wrapped = tls.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        while True:
            try:
                wrapped.do_handshake()
                break
            except ssl.SSLWantReadError:
                ready: asyncio.Future[None] = loop.create_future()
                loop.add_reader(wrapped.fileno(), ready.set_result, None)
                await ready
                loop.remove_reader(wrapped.fileno())
        writers.append(wrapped.send)

    tasks = set()
    while True:
        sock, _ = await loop.sock_accept(listener)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.create_task(one(sock))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _main(way: str, size: int, ticks_per_s: float, seconds: float, certificate: str) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.replace("cert.pem", "key.pem"))
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET  # as the server does, in TLS 1.2
    writers: list[Callable[[bytes], Any]] = []
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    listener.setblocking(False)
    if way == "socket":
        accepting = asyncio.create_task(_accept(listener, writers, context))
    else:
        await loop.create_server(lambda: _Peer(writers, context), sock=listener)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    data = bytes(size)
    cpu, start = time.process_time(), loop.time()
    written = 0
    for tick in range(int(ticks_per_s * seconds)):
        await asyncio.sleep(start + tick / ticks_per_s - loop.time())
        for at in range(0, len(writers), CHUNK):
            for write in writers[at : at + CHUNK]:
                write(data)
            written += len(writers[at : at + CHUNK])
            await asyncio.sleep(0)
    used = time.process_time() - cpu
    print(json.dumps({"writes": written, "cpu_s": used, "seconds": loop.time() - start}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    if way == "socket":
        accepting.cancel()


def main() -> None:
    """Entry point: socket|loop SIZE TICKS_PER_S SECONDS [CERTIFICATE]."""
    raise_file_limit()
    way, size, ticks, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
    uvloop.run(_main(way, size, ticks, seconds, sys.argv[5] if len(sys.argv) > 5 else ""))


if __name__ == "__main__":
    main()
