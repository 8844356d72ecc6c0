"""A stand-in for APNs: HTTP/2 over TLS, checked as Apple documents it. For tests, and for measuring in another process.

It checks method, path, headers, payload and the provider token with its signature and age. `answers` says by device token
what else is to happen: an error, or a Trouble with the connection.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NamedTuple, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from rcim_bench.standin_certificates import Certificate

PAYLOAD_BYTES = 4096
TOKEN_AGE_S = 3600
TOKEN_RENEW_S = 20 * 60
STREAMS = 1000


class Said(NamedTuple):
    """An answer: a status, Apple's word, and further headers."""

    status: int
    reason: str = ""
    headers: Mapping[str, str] = {}


class Trouble(Enum):
    """What happens instead of an answer."""

    BREAK = "the connection is cut"
    GOAWAY = "GOAWAY for everything from this stream on, then the end"
    GOAWAY_AFTER = "GOAWAY, and then the answers to what was sent before"
    REFUSED_STREAM = "the stream is refused"
    RESET = "the stream is reset"
    HANG = "nothing"
    GARBAGE = "bytes that are no HTTP/2"
    FLOOD = "an answer of 10 MB"


class Seen(NamedTuple):
    """A request that was answered with 200."""

    token: str
    headers: Mapping[str, str]
    payload: Mapping[str, object]
    connection: int


@dataclass
class ApnsStandin:
    """See the module's text. `keys` are the known keys by key id, with the team; a key that is taken out is revoked."""

    keys: dict[str, tuple[str, ec.EllipticCurvePublicKey]]
    topics: frozenset[str]
    answers: dict[str, list[Said | Trouble]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    keeps: bool = True
    """Remember what was sent; not while measuring."""
    streams_max: int = STREAMS
    now_s: float = 0.0
    """The time by which tokens are judged, seconds since 1970; 0: that of the clock."""
    taken: int = 0
    connections: int = 0
    tokens: set[str] = field(default_factory=set)
    """Provider tokens that were taken."""
    _server: asyncio.Server | None = None
    _open: set[_Connection] = field(default_factory=set)

    async def start(self, certificate: Certificate, *protocols: str) -> str:
        """The URL."""
        context = certificate.serving(*(protocols or ("h2",)))
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(self), "127.0.0.1", 0, ssl=context
        )
        return f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for connection in list(self._open):
            connection.cut()
        await self._server.wait_closed()

    def judge(self, headers: Mapping[str, str], body: bytes, issued: dict[str, int]) -> Said:
        """Apple's answer, if nothing else is to happen. `issued` has the newest token of each key on this connection."""
        token = headers.get(":path", "").removeprefix("/3/device/")
        checks = [
            (headers.get(":method") == "POST", Said(405, "MethodNotAllowed")),
            (headers.get(":path", "").startswith("/3/device/"), Said(404, "BadPath")),
            (token, Said(400, "MissingDeviceToken")),
            (headers.get("apns-topic"), Said(400, "MissingTopic")),
            (headers.get("apns-push-type") == "alert", Said(400, "InvalidPushType")),
            (headers.get("apns-priority") in ("1", "5", "10"), Said(400, "BadPriority")),
            (headers.get("apns-expiration", "").isdigit(), Said(400, "BadExpirationDate")),
            (len(headers.get("apns-collapse-id", "").encode()) <= 64, Said(400, "BadCollapseId")),
            (len(headers.get("apns-id", "")) == 36, Said(400, "BadMessageId")),
            (body, Said(400, "PayloadEmpty")),
            (len(body) <= PAYLOAD_BYTES, Said(413, "PayloadTooLarge")),
        ]
        wrong = next((said for good, said in checks if not good), None) or self._of_token(headers, issued)
        if wrong is not None:
            return wrong
        return Said(200) if headers["apns-topic"] in self.topics else Said(400, "TopicDisallowed")

    def _of_token(self, headers: Mapping[str, str], newest: dict[str, int]) -> Said | None:
        """What is wrong with the provider token; None: nothing."""
        text = headers.get("authorization", "").removeprefix("bearer ")
        if not text:
            return Said(403, "MissingProviderToken")
        try:
            head, claims, signature = text.split(".")
            key_id, issued = _decoded(head)["kid"], _decoded(claims)["iat"]
            team, key = self.keys[key_id]
            if text not in self.tokens:
                _verify(key, f"{head}.{claims}".encode(), signature)
            if _decoded(claims)["iss"] != team or _decoded(head)["alg"] != "ES256":
                return Said(403, "InvalidProviderToken")
        except (ValueError, KeyError, InvalidSignature):
            return Said(403, "InvalidProviderToken")
        if abs((self.now_s or time.time()) - issued) > TOKEN_AGE_S:
            return Said(403, "ExpiredProviderToken")
        before = newest.setdefault(key_id, issued)
        if 0 < issued - before < TOKEN_RENEW_S:
            return Said(429, "TooManyProviderTokenUpdates")
        newest[key_id] = max(before, issued)
        self.tokens.add(text)
        return None


class _Connection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, standin: ApnsStandin) -> None:
        self._standin = standin
        config = H2Configuration(client_side=False, header_encoding="utf-8", validate_inbound_headers=False)
        self._h2 = H2Connection(config)
        self._headers: dict[int, dict[str, str]] = {}
        self._bodies: dict[int, bytearray] = {}
        self._issued: dict[str, int] = {}
        self._floods: set[int] = set()
        self._held: list[int] = []
        """Streams that get no answer until GOAWAY_AFTER."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._standin.connections += 1
        self._number = self._standin.connections
        self._standin._open.add(self)
        self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: self._standin.streams_max})
        self._h2.initiate_connection()
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._standin._open.discard(self)

    def cut(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        try:
            for event in self._h2.receive_data(data):
                self._handle(event)
        except ProtocolError:
            pass
        self._flush()

    def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._transport.is_closing():
            self._transport.write(data)

    def _handle(self, event: events.Event) -> None:
        if isinstance(event, events.RequestReceived):
            self._headers[event.stream_id] = {str(name): str(value) for name, value in event.headers}
            self._bodies[event.stream_id] = bytearray()
        elif isinstance(event, events.DataReceived):
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._bodies[event.stream_id] += event.data
        elif isinstance(event, events.StreamReset):
            self._headers.pop(event.stream_id, None)
            self._floods.discard(event.stream_id)
        elif isinstance(event, events.WindowUpdated):
            for stream in self._floods:
                self._flood(stream)
        elif isinstance(event, events.StreamEnded):
            self._answer(event.stream_id)

    def _answer(self, stream: int) -> None:
        headers = self._headers.pop(stream)
        body = bytes(self._bodies.pop(stream))
        token = headers[":path"].removeprefix("/3/device/")
        planned = self._standin.answers.get(token)
        said: Said | Trouble = planned.pop(0) if planned else Said(200)
        judged = self._standin.judge(headers, body, self._issued)
        if isinstance(said, Trouble):
            self._make(said, stream)
            return
        if said.status == 200 or judged.status == 403:
            said = judged
        if said.status == 200:
            self._standin.taken += 1
            if self._standin.keeps:
                self._standin.seen.append(Seen(token, headers, json.loads(body), self._number))
        self._say(stream, said, headers.get("apns-id", ""))

    def _say(self, stream: int, said: Said, apns_id: str = "") -> None:
        fields = [(":status", str(said.status)), ("apns-id", apns_id), *said.headers.items()]
        self._h2.send_headers(stream, fields, end_stream=not said.reason)
        if said.reason:
            told = {"reason": said.reason} | ({"timestamp": 1_700_000_000_000} if said.status == 410 else {})
            self._h2.send_data(stream, json.dumps(told).encode(), end_stream=True)

    def _make(self, trouble: Trouble, stream: int) -> None:
        if trouble is Trouble.BREAK:
            self._flush()
            self._transport.abort()
        elif trouble is Trouble.GOAWAY:
            self._h2.close_connection(last_stream_id=max(0, stream - 2), additional_data=b'{"reason":"Shutdown"}')
            self._flush()
            self._transport.close()
        elif trouble is Trouble.GOAWAY_AFTER:
            self._go_away_politely(stream)
        elif trouble is Trouble.REFUSED_STREAM:
            self._h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        elif trouble is Trouble.RESET:
            self._h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        elif trouble is Trouble.GARBAGE:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)
        elif trouble is Trouble.FLOOD:
            self._h2.send_headers(stream, [(":status", "200")])
            self._floods.add(stream)
            self._flood(stream)
        elif trouble is Trouble.HANG:
            self._held.append(stream)

    def _flood(self, stream: int) -> None:
        """As much as the window allows, and again when it opens."""
        room = self._h2.local_flow_control_window(stream)
        while room > 0:
            size = min(room, self._h2.max_outbound_frame_size)
            self._h2.send_data(stream, b"x" * size)
            room -= size

    def _go_away_politely(self, stream: int) -> None:
        """The frame first, then the answers: as a server that works on what it has (RFC 9113, 6.8)."""
        frame = bytes.fromhex("000008070000000000") + stream.to_bytes(4, "big") + bytes(4)
        self._flush()
        self._transport.write(frame)
        for held in [*self._held, stream]:
            self._say(held, Said(200))
        self._held = []
        self._flush()


def _decoded(part: str) -> dict[str, str | int]:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _verify(key: ec.EllipticCurvePublicKey, text: bytes, signature: str) -> None:
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(der, text, ec.ECDSA(hashes.SHA256()))


async def serve(folder: Path, key_id: str, team_id: str, topic: str) -> None:
    """Serve until the process is ended; the URL is the first line of output. `folder` has what the other side made."""
    public = serialization.load_pem_public_key((folder / "apns-public.pem").read_bytes())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    standin = ApnsStandin({key_id: (team_id, public)}, frozenset([topic]), keeps=False)
    print(await standin.start(Certificate(folder / "standin-cert.pem", folder / "standin-key.pem")), flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """`python -m rcim_bench.standin_apns FOLDER KEY_ID TEAM_ID TOPIC`."""
    import uvloop

    folder, key_id, team_id, topic = sys.argv[1:]
    uvloop.run(serve(Path(folder), key_id, team_id, topic))


if __name__ == "__main__":
    main()
