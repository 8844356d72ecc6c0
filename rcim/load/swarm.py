"""Many members in one process: for the demo, the benches and the crash test. Every delivery is checked.

Each member keeps the SEQ it expects in each conversation; the content of a delivery is decoded once for all members,
since all of them get the same bytes, and a member's bytes that differ from what is known are decoded anew.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import Platform, Priority
from rcim.client.link import Link, connect, decode
from rcim.content import elements
from rcim.wire import frames
from rcim.wire.header import HEADER_BYTES
from rcim.wire.schema import Frame
from rcim.wire.stream import RawFrame

STAMP = struct.Struct(">QQ")
STAMP_TYPE = "rcim.stamp"
"""Type name of the element that a stamped message carries: due time (ns, steady), number, padding."""
DECODED_MAX = 64
"""Bodies remembered as decoded: more than are under way at once."""
LATENCY_STEP_NS = 50_000
"""Latencies are counted in steps of 50 µs: finer than what they are read with."""
CONNECTING_AT_ONCE = 64


def stamped(due_ns: int, number: int, size: int) -> bytes:
    """A message body of about `size` bytes that says when it was due."""
    padding = bytes(max(0, size - STAMP.size - len(STAMP_TYPE) - 12))
    return elements.encode_body([elements.TypedBytes(STAMP_TYPE, STAMP.pack(due_ns, number) + padding)])


def read_stamp(body: bytes) -> tuple[int, int]:
    """(due time in ns, number) of a stamped body; (0, 0) of another."""
    for item in elements.decode_body(body):
        if isinstance(item, elements.TypedBytes) and item.type_name == STAMP_TYPE:
            due, number = STAMP.unpack_from(item.data)
            return int(due), int(number)
    return 0, 0


@dataclass(slots=True)
class Tally:
    """What all members together got."""

    delivered: int = 0
    duplicated: int = 0
    reordered: int = 0
    gaps: int = 0
    """SEQs that were skipped and have not come since."""
    resyncs: int = 0
    latency: Counter[int] = field(default_factory=Counter)
    """Deliveries by latency, in steps of LATENCY_STEP_NS."""
    closed: Counter[str] = field(default_factory=Counter)
    """Connections that ended, by reason."""


@dataclass(slots=True, frozen=True)
class _Row:
    seq: int
    due_ns: int


class Decoded:
    """Deliveries by their bytes."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str, tuple[_Row, ...]]] = {}
        self.on_message: Callable[[str, frames.Message], None] | None = None
        """Called once for each message the first time its bytes are seen."""

    def of(self, body: bytes) -> tuple[str, tuple[_Row, ...]]:
        """(conversation, its rows). Raises RcimError if the frame is wrong."""
        found = self._known.get(body)
        if found is None:
            frame = frames.Deliver.decode(body)
            rows = tuple(_Row(m.seq, read_stamp(m.body)[0]) for m in frame.messages)
            found = (frame.conversation, rows)
            if len(self._known) >= DECODED_MAX:
                del self._known[next(iter(self._known))]
            self._known[body] = found
            if self.on_message is not None:
                for message in frame.messages:
                    self.on_message(frame.conversation, message)
        return found


class SwarmMember:
    """One user with one connection. `expected` maps a conversation to the next SEQ this member is to get."""

    __slots__ = (
        "_decoded",
        "_tally",
        "expected",
        "link",
        "messages",
        "missing",
        "push_bytes",
        "pushes",
        "told",
        "user_id",
    )

    def __init__(self, user_id: str, link: Link, decoded: Decoded, tally: Tally) -> None:
        self.user_id = user_id
        self.link = link
        self._decoded = decoded
        self._tally = tally
        self.expected: dict[str, int] = {}
        self.missing: set[tuple[str, int]] = set()
        self.told: dict[str, int] = {}
        """Conversation to the newest SEQ that a RESYNC named."""
        self.messages = self.pushes = self.push_bytes = 0
        """How many messages were delivered, and in how many frames and bytes."""
        link.on_push = self._on_push
        link.on_closed = self._on_closed

    def _on_closed(self, error: Exception | None) -> None:
        self._tally.closed[str(error or "closed")] += 1

    def _on_push(self, raw: RawFrame) -> None:
        if raw.type != frames.Deliver.TYPE:
            if raw.type == frames.Resync.TYPE:
                push = frames.Resync.decode(raw.body)
                self.told[push.conversation] = push.newest_seq
                self._tally.resyncs += 1
            return
        conversation, rows = self._decoded.of(raw.body)
        self.pushes += 1
        self.push_bytes += HEADER_BYTES + len(raw.body)
        self.messages += len(rows)
        tally = self._tally
        now_ns = time.monotonic_ns()
        expected = self.expected.get(conversation, rows[0].seq)
        tally.delivered += len(rows)
        for row in rows:
            if row.due_ns:
                tally.latency[(now_ns - row.due_ns) // LATENCY_STEP_NS] += 1
            if row.seq == expected:
                expected += 1
            else:
                expected = self._out_of_line(conversation, row.seq, expected)
        self.expected[conversation] = expected

    def _out_of_line(self, conversation: str, seq: int, expected: int) -> int:
        tally = self._tally
        if seq > expected:
            self.missing.update((conversation, s) for s in range(expected, seq))
            tally.gaps += seq - expected
            return seq + 1
        if (conversation, seq) in self.missing:
            self.missing.discard((conversation, seq))
            tally.gaps -= 1
            tally.reordered += 1
        else:
            tally.duplicated += 1
        return expected

    def knows(self, conversation: str) -> int:
        """The newest SEQ of which it has heard."""
        return max(self.expected.get(conversation, 1) - 1, self.told.get(conversation, 0))

    async def ask(self, frame: Frame) -> Frame:
        """Send a request and wait for its reply. Raises RcimError."""
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()

        def answer(found: Frame | RcimError) -> None:
            if future.done():
                return
            if isinstance(found, RcimError):
                future.set_exception(found)
            else:
                future.set_result(found)

        self.link.request(frame, answer)
        return await future

    def send(
        self,
        conversation: str,
        client_msg_id: str,
        body: bytes,
        answer: Callable[[Frame | RcimError], None],
        priority: Priority = Priority.NORMAL,
    ) -> None:
        """Send a message; `answer` gets the reply."""
        self.link.request(frames.Send(conversation, client_msg_id, priority, body), answer)

    def send_together(
        self,
        conversation: str,
        messages: Sequence[tuple[str, bytes]],
        answer: Callable[[Frame | RcimError], None],
        priority: Priority = Priority.NORMAL,
    ) -> None:
        """Send (client message id, body) pairs in one write; `answer` gets each reply."""
        self.link.request_all((frames.Send(conversation, name, priority, body) for name, body in messages), answer)


class Swarm:
    """Connects members and looks after their heartbeats. `tally` is what they got."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        sign: Callable[[str], str],
        *,
        server_hostname: str = "localhost",
        sources: Sequence[str] = (),
    ) -> None:
        self._host, self._port = host, port
        self._tls = tls
        self._sign = sign
        self._server_hostname = server_hostname
        self._sources = list(sources)
        self.decoded = Decoded()
        self.tally = Tally()
        self.members: list[SwarmMember] = []
        self._timer: asyncio.TimerHandle | None = None

    async def connect(self, user_ids: Sequence[str], progress: Callable[[int], None] | None = None) -> None:
        """Connect and log in all of `user_ids`, CONNECTING_AT_ONCE at a time. Raises what the first failure says."""
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def one(user_id: str) -> SwarmMember:
            async with gate:
                member = await self.connect_one(user_id)
                if progress is not None:
                    progress(1)
                return member

        self.members += await asyncio.gather(*(one(user_id) for user_id in user_ids))
        if self._timer is None:
            self._tick()

    async def connect_one(self, user_id: str, platform: Platform = Platform.SERVER) -> SwarmMember:
        """Connect and log in one member. Raises RcimError, OSError or ssl.SSLError."""
        loop = asyncio.get_running_loop()
        login = frames.Login(user_id, self._sign(user_id), platform, "")
        link = Link(login, self._tls, self._server_hostname, agent="rcim-swarm")
        opened: asyncio.Future[None] = loop.create_future()

        def on_open(_: frames.LoginOk) -> None:
            if not opened.done():
                opened.set_result(None)

        def on_closed(error: Exception | None) -> None:
            if not opened.done():
                opened.set_exception(error or ConnectionResetError("closed before login"))

        member = SwarmMember(user_id, link, self.decoded, self.tally)
        link.on_open, link.on_closed = on_open, on_closed
        source = (self._sources[hash(user_id) % len(self._sources)], 0) if self._sources else None
        await connect(link, self._host, self._port, source)
        await opened
        link.on_closed = member._on_closed
        return member

    def _tick(self) -> None:
        now_ms = clock.steady_ms()
        for member in self.members:
            member.link.on_timer(now_ms)
        self._timer = asyncio.get_running_loop().call_later(5.0, self._tick)

    def close(self) -> None:
        """Close all connections."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for member in self.members:
            member.link.on_closed = _ignore
            member.link.close()

    def drop(self) -> None:
        """Forget all members, whose server is gone."""
        self.close()
        self.members.clear()


def _ignore(_: object) -> None:
    """A closing that was meant."""


__all__ = ["LATENCY_STEP_NS", "Swarm", "SwarmMember", "Tally", "decode", "read_stamp", "stamped"]
