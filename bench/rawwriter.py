"""A writer without a protocol: accepts connections, then writes the same bytes to each of them on a schedule, as fast as
the same loop and the same TLS can. What it costs is what a server of this kind can at best cost on this machine.

Run as a process of its own by limits.py: it says its port, waits for a line on standard input, writes, says what it used.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from typing import Any

import uvloop

from rcim.app.server import raise_file_limit
from rcim.session.tls import TlsCore


class _Peer(asyncio.Protocol):
    def __init__(self, peers: list[_Peer], context: ssl.SSLContext | None) -> None:
        self.tls = TlsCore(context, server_side=True) if context else None
        self._peers = peers
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self.tls is None:
            self._peers.append(self)

    def data_received(self, data: bytes) -> None:
        if self.tls is not None:
            was_ready = self.tls.ready
            self.tls.receive(data)
            self.transport.write(self.tls.data_to_send())
            if self.tls.ready and not was_ready:
                self._peers.append(self)


async def _main(size: int, ticks_per_s: float, seconds: float, certificate: str) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.replace("cert.pem", "key.pem"))
        context.num_tickets = 0
    peers: list[_Peer] = []
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: _Peer(peers, context), "127.0.0.1", 0, backlog=4096)
    print(json.dumps({"port": listener.sockets[0].getsockname()[1]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    data = bytes(size)
    cpu, start = time.process_time(), loop.time()
    written = 0
    for tick in range(int(ticks_per_s * seconds)):
        await asyncio.sleep(start + tick / ticks_per_s - loop.time())
        for at in range(0, len(peers), 64):
            for peer in peers[at : at + 64]:
                peer.transport.write(peer.tls.seal(data) if peer.tls else data)
            written += len(peers[at : at + 64])
            await asyncio.sleep(0)
    used = time.process_time() - cpu
    print(json.dumps({"writes": written, "cpu_s": used, "seconds": loop.time() - start}), flush=True)
    for peer in peers:
        peer.transport.abort()


def main() -> None:
    """Entry point: SIZE TICKS_PER_S SECONDS [CERTIFICATE]."""
    raise_file_limit()
    size, ticks, seconds = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    uvloop.run(_main(size, ticks, seconds, sys.argv[4] if len(sys.argv) > 4 else ""))


if __name__ == "__main__":
    main()
