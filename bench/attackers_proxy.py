"""What a hostile or broken proxy does to the listener of clients in `rcim-bench attack`: each function is one connection
from an address that the server takes for a proxy's."""

from __future__ import annotations

import asyncio
import random
import socket

SOURCE = "127.0.0.2"
"""Their address: not that of those who are measured."""
PROXY_ON = f"server.proxy_from={SOURCE}"
HALF, FORGED, BROKEN = 1500, 64, 32
"""How many there are of each; more half headers than may wait."""
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
BAD = (b"PROXY TCP4 " * 12, b"\x16\x03\x01", SIGNATURE + b"\x21\x11\xff\xff", b"PROXY TCP4 1.1.1.1 1.1.1.1 1 x\r\n")


async def _dial(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(SOURCE, 0))


async def half_header(port: int) -> None:
    """A header that never ends."""
    reader, writer = await _dial(port)
    try:
        writer.write(SIGNATURE + b"\x21\x11\x07")
        await reader.read(1)
    finally:
        writer.close()


async def forged(port: int, rng: random.Random) -> None:
    """A good header with a client that nobody else was, and what is no TLS after it."""
    reader, writer = await _dial(port)
    try:
        host = rng.getrandbits(32).to_bytes(4)
        writer.write(
            SIGNATURE + b"\x21\x11\x00\x0c" + host + socket.inet_aton(SOURCE) + bytes(4) + rng.randbytes(200)
        )
        await reader.read(4096)
    finally:
        writer.close()


async def broken(port: int, rng: random.Random) -> None:
    """A header that is none."""
    reader, writer = await _dial(port)
    try:
        writer.write(rng.choice(BAD))
        await reader.read(4096)
    finally:
        writer.close()
