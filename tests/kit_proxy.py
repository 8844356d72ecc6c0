"""A proxy in the tests: connections from an address of its own that begin with a PROXY header."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl

from tests.kit import Raw, TestServer

PROXY = "127.0.0.2"
"""Where proxies are in the tests; ordinary clients come from 127.0.0.1."""
PROXY_ON = (f"server.proxy_from={PROXY}/32", f"http.proxy_from={PROXY}/32")
SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
LOCAL = SIGNATURE + bytes.fromhex("20000000")
"""A health check of the proxy's own."""


def v1(host: str, port: int) -> bytes:
    """A header of version 1: the connection comes from there."""
    version = ipaddress.ip_address(host).version
    return f"PROXY TCP{version} {host} {'127.0.0.1' if version == 4 else '::1'} {port} 7460\r\n".encode()


def v2(host: str, port: int, tlvs: bytes = b"") -> bytes:
    """As `v1`, of version 2."""
    address = ipaddress.ip_address(host)
    block = address.packed + address.packed + port.to_bytes(2) + (7460).to_bytes(2) + tlvs
    return SIGNATURE + bytes([0x21, 0x11 if address.version == 4 else 0x21]) + len(block).to_bytes(2) + block


async def dial(port: int, source: str = PROXY) -> socket.socket:
    """A connection from this address. Raises OSError."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setblocking(False)
    made.bind((source, 0))
    await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", port))
    return made


async def streams(
    made: socket.socket, *pieces: bytes, tls: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Send these pieces on a connection, one after the other, then begin TLS."""
    loop = asyncio.get_running_loop()
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        await loop.sock_sendall(made, piece)
        await asyncio.sleep(0)
    return await asyncio.open_connection(sock=made, ssl=tls, server_hostname="127.0.0.1" if tls else None)


async def through(server: TestServer, *pieces: bytes, source: str = PROXY) -> Raw:
    """A client that a proxy hands on to the server, with a header in these pieces."""
    return Raw(*await streams(await dial(server.port, source), *pieces, tls=server.trust()))
