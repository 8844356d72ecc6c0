"""nats-server: core publish and subscribe, without JetStream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence

from rcim_bench.peers.driver import HOST, Place, Program
from rcim_bench.peers.receivers import Wire

SUBJECT = b"rcim"
PENDING_BYTES_MAX = 1 << 30
"""Of one subscriber: above all that is under way in a bench."""
FIRST_PING_S = 6.0
"""The server asks every new client once, after 2 to 2.4 seconds."""


class Nats(Program):
    """Nothing is kept; slow subscribers are not dropped; no PING but the first."""

    name = "nats-server"
    program = "nats-server"
    keeps = "nothing (core NATS, no JetStream): who isn't connected never gets it"
    tls_first = False

    def command(self, program: str, place: Place) -> list[str]:
        """A configuration whose bounds are out of the way."""
        lines = [
            f"listen: {json.dumps(f'{HOST}:{place.port}')}",
            f"max_connections: {place.connections + 100}",
            f"max_pending: {PENDING_BYTES_MAX}",
            'write_deadline: "60s"',
            'ping_interval: "1h"',
            "max_payload: 65536",
        ]
        if place.tls:
            lines.append(f"tls {{ cert_file: {json.dumps(str(place.certificate))}")
            lines.append(f"      key_file: {json.dumps(str(place.key))}\n      timeout: 60 }}")
        file = place.folder / "nats.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [program, "-c", str(file)]

    async def join(self, wire: Wire, number: int) -> None:
        """INFO, TLS if it is on, CONNECT, and SUB unless it is the sender. Raises PeerFailed."""
        await wire.until(b"\r\n")
        await wire.secure()
        about = {"verbose": False, "pedantic": False, "echo": False, "lang": "python", "version": "1", "protocol": 0}
        subscribe = b"SUB %s 1\r\n" % SUBJECT if number else b""
        wire.write(b"CONNECT %s\r\n%sPING\r\n" % (json.dumps(about).encode(), subscribe))
        await wire.until(b"PONG\r\n")

    async def ripen(self, wires: Sequence[Wire]) -> None:
        """Answer the PING that the server sends to every new client once."""

        async def answer(wire: Wire) -> None:
            await wire.until(b"PING\r\n")
            wire.write(b"PONG\r\n")

        try:
            async with asyncio.timeout(FIRST_PING_S):
                await asyncio.gather(*(answer(wire) for wire in wires))
        except TimeoutError:
            pass  # a version that doesn't ask: the bytes of the counters would show it if it does later

    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """PUB."""
        return lambda text: b"PUB %s %d\r\n%s\r\n" % (SUBJECT, len(text), text)
