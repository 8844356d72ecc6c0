"""The listening socket: TLS (or plain, for a trusted wire and for measuring) on one port (WI-01)."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from rcim.connect.connection import Connection
from rcim.connect.hub import Hub

BACKLOG = 512
"""Connections that the kernel holds for us while a storm of them comes in. All that wait are accepted in one turn of the
loop, in 40 µs each; who finds no room tries again within a second by itself."""


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate chain. Raises OSError or ssl.SSLError if the files are no good."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    # No tickets: resumption saves little with ECDSA, and each ticket costs a write and memory (design 2.5).
    # `num_tickets` speaks of TLS 1.3 alone, OP_NO_TICKET of TLS 1.2.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return context


async def listen(
    hub: Hub, host: str, port: int, tls: ssl.SSLContext | None, *, shared: bool = False
) -> asyncio.Server:
    """Listen on `host`:`port` (0: any free one); `shared`: beside other processes. Raises OSError."""
    return await hub.loop.create_server(
        lambda: Connection(hub, tls), host, port, backlog=BACKLOG, reuse_port=shared or None
    )
