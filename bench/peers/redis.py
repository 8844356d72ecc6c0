"""redis-server: PUBLISH to subscribers of one channel."""

from __future__ import annotations

from collections.abc import Callable

from rcim_bench.peers.driver import HOST, Place, Program
from rcim_bench.peers.receivers import Wire

CHANNEL = b"rcim"
SPARE_CONNECTIONS = 100
"""Over those of the bench: what it opens to see whether the server is there, and the server's own."""


class Redis(Program):
    """Nothing is kept, output buffers of subscribers are not bounded, no thread but the main one serves."""

    name = "redis pub/sub"
    program = "redis-server"
    keeps = "nothing: who isn't connected never gets it"

    def command(self, program: str, place: Place) -> list[str]:
        """A configuration without snapshots and without a bound for slow subscribers."""
        port, tls_port = (0, place.port) if place.tls else (place.port, 0)
        lines = [
            f"bind {HOST}",
            "daemonize no",
            f"dir {place.folder}",
            'save ""',
            "appendonly no",
            f"maxclients {place.connections + SPARE_CONNECTIONS}",
            "tcp-backlog 511",
            "timeout 0",
            "client-output-buffer-limit pubsub 0 0 0",
            f"port {port}",
        ]
        if place.tls:
            lines += [
                f"tls-port {tls_port}",
                f"tls-cert-file {place.certificate}",
                f"tls-key-file {place.key}",
                f"tls-ca-cert-file {place.certificate}",
                "tls-auth-clients no",
            ]
        file = place.folder / "redis.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [program, str(file)]

    async def join(self, wire: Wire, number: int) -> None:
        """Subscribe, unless it is the sender. Raises PeerFailed."""
        if number:
            wire.write(_command(b"SUBSCRIBE", CHANNEL))
            await wire.until(b":1\r\n")

    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """PUBLISH."""
        return lambda text: _command(b"PUBLISH", CHANNEL, text)


def _command(*parts: bytes) -> bytes:
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)
