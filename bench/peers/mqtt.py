"""mosquitto: one topic, QoS 0 or QoS 1, by MQTT 3.1.1."""

from __future__ import annotations

import os
from collections.abc import Callable

from rcim_bench.peers.driver import HOST, Place, Program, version_of
from rcim_bench.peers.receivers import PeerFailed, Wire

TOPIC = b"rcim"
PUBLISH, DUP = 0x30, 0x08
PUBACK = b"\x40\x02"
PACKET_IDS = 65535


class Mosquitto(Program):
    """Sessions are clean and nothing is kept. No bound on what is queued or unacknowledged, no keep-alive."""

    program = "mosquitto"

    def __init__(self, qos: int) -> None:
        self.qos = qos
        self.name = f"mosquitto QoS {qos}"
        if qos == 0:
            self.keeps = "nothing: no answer to the sender, no acknowledgement by receivers"
        else:
            self.keeps = "nothing on disk: in memory, and sent again, until each receiver has acknowledged it"
            self.note = "every receiver reads and acknowledges each message"

    def version(self, program: str) -> str:
        """From its help: it has no option for it."""
        return version_of([program, "-h"])

    def command(self, program: str, place: Place) -> list[str]:
        """A configuration whose bounds are out of the way."""
        lines = [
            f"listener {place.port} {HOST}",
            "socket_domain ipv4",
            "max_connections -1",
            "allow_anonymous true",
            "persistence false",
            "max_inflight_messages 0",
            "max_queued_messages 0",
            "max_queued_bytes 0",
            "sys_interval 0",
            "log_type error",
            "log_dest stderr",
        ]
        if place.tls:
            lines += [f"certfile {place.certificate}", f"keyfile {place.key}"]
        if os.geteuid() == 0:
            lines.append("user root")  # else it becomes a user who can't read our certificate
        file = place.folder / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [program, "-c", str(file)]

    async def join(self, wire: Wire, number: int) -> None:
        """CONNECT, and SUBSCRIBE unless it is the sender. Raises PeerFailed."""
        wire.write(packet(0x10, _text(b"MQTT") + b"\x04\x02\x00\x00" + _text(b"m%05d" % number)))
        await wire.until(b"\x20\x02\x00\x00")
        if number:
            wire.write(packet(0x82, b"\x00\x01" + _text(TOPIC) + bytes([self.qos])))
            await wire.until(b"\x90\x03\x00\x01" + bytes([self.qos]))

    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """PUBLISH; packet ids go round."""
        topic, number = _text(TOPIC), 0

        def publish(text: bytes) -> bytes:
            nonlocal number
            if self.qos == 0:
                return packet(PUBLISH, topic + text)
            number = number % PACKET_IDS + 1
            return packet(PUBLISH | 2, topic + number.to_bytes(2, "big") + text)

        return publish

    def answering(self, wire: Wire, payload: int) -> Callable[[bytes], None] | None:
        """With QoS 1: PUBACK for each PUBLISH."""
        return Acknowledging(wire.write, payload).feed if self.qos else None


class Acknowledging:
    """Answers each PUBLISH of QoS 1. All have the same size, so that they are found without looking for them."""

    __slots__ = ("_at_id", "_rest", "_size", "_write")

    def __init__(self, write: Callable[[bytes], None], payload: int) -> None:
        message = packet(PUBLISH | 2, _text(TOPIC) + b"\x00\x00" + bytes(payload))
        self._size = len(message)
        self._at_id = self._size - payload - 2
        self._write = write
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take plaintext, cut anywhere. Raises PeerFailed if something else than a PUBLISH comes."""
        if self._rest:
            data = self._rest + data
        size, at_id = self._size, self._at_id
        whole = len(data) // size * size
        answers = []
        for at in range(0, whole, size):
            if data[at] & ~DUP != PUBLISH | 2:
                raise PeerFailed(f"sent something else than a message: {data[at : at + 16]!r}")
            answers.append(PUBACK + data[at + at_id : at + at_id + 2])
        self._rest = data[whole:]
        if answers:
            self._write(b"".join(answers))


def packet(head: int, body: bytes) -> bytes:
    """An MQTT packet: head, length in groups of seven bits, body."""
    length, sizes = len(body), bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        sizes.append(low | (0x80 if length else 0))
        if not length:
            return bytes([head]) + bytes(sizes) + body


def _text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text
