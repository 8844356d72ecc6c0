"""The connections of the bench: most only count bytes, some find every message and check it.

A message's text begins with a marker: MARK, when it was due (16 hex digits, steady ns), its number (8). A number is
never used twice on a server, so that a checker sees what is missing, doubled or out of order.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rcim_bench.counting import BYTES, FRAMES, RECORDS, Counting

from rcim.load.swarm import LATENCY_STEP_NS
from rcim.session.tls import TlsCore
from rcim.wire.header import HEADER_BYTES, LENGTH_BYTES

MARK = b"RCIM"
MARKER_BYTES = len(MARK) + 16 + 8
CHECKERS_MIN = 20
CHECKERS_SHARE = 0.05
FILLING = b"x"

_PATTERN = re.compile(MARK + rb"([0-9a-f]{16})([0-9a-f]{8})")


class PeerFailed(Exception):
    """The server can't be measured, or not further; the text is the reason in the row."""


def marked(due_ns: int, number: int, size: int) -> bytes:
    """A message's text of `size` bytes, at least MARKER_BYTES: letters and digits only, so that it goes everywhere."""
    return (b"%s%016x%08x" % (MARK, due_ns, number)).ljust(size, FILLING)


def checker_places(receivers: int) -> list[int]:
    """Which receivers check: CHECKERS_SHARE of them, CHECKERS_MIN at least, spread evenly; the last is one."""
    count = min(receivers, max(CHECKERS_MIN, round(receivers * CHECKERS_SHARE)))
    if count < 2:
        return [receivers - 1]
    return sorted({round(k * (receivers - 1) / (count - 1)) for k in range(count)})


def messages_in(counted: float, per_message: float) -> int:
    """How many messages `counted` bytes are, if one is `per_message` bytes."""
    return round(counted / per_message) if per_message else 0


@dataclass(slots=True)
class Tally:
    """What all checkers together saw."""

    duplicated: int = 0
    reordered: int = 0
    latency: Counter[int] = field(default_factory=Counter)
    """Deliveries by latency, in steps of LATENCY_STEP_NS."""


class Checker:
    """Finds every message in what one receiver gets. `delivered` counts those that came for the first time."""

    __slots__ = ("_rest", "_tally", "delivered", "expected", "missing", "on_seen", "timed")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._rest = b""
        self.expected = 0
        self.missing: set[int] = set()
        self.delivered = 0
        self.timed = True
        self.on_seen: Callable[[int], None] | None = None
        """Called with the number of messages found in one reading."""

    def feed(self, data: bytes) -> None:
        """Take plaintext, cut anywhere."""
        if self._rest:
            data = self._rest + data
        now_ns = time.monotonic_ns()
        expected, end, seen = self.expected, 0, 0
        for match in _PATTERN.finditer(data):
            number = int(match[2], 16)
            if number == expected:
                expected += 1
                seen += 1
            else:
                seen += self._out_of_line(number, expected)
                expected = max(expected, number + 1)
            if self.timed:
                self._tally.latency[(now_ns - int(match[1], 16)) // LATENCY_STEP_NS] += 1
            end = match.end()
        self.expected = expected
        self._rest = data[max(end, len(data) - MARKER_BYTES + 1) :]
        if seen:
            self.delivered += seen
            if self.on_seen is not None:
                self.on_seen(seen)

    def _out_of_line(self, number: int, expected: int) -> int:
        """1 if the message is new for this receiver."""
        if number > expected:
            self.missing.update(range(expected, number))
            return 1
        if number in self.missing:
            self.missing.discard(number)
            self._tally.reordered += 1
            return 1
        self._tally.duplicated += 1
        return 0


class FrameCount:
    """Counts the frames of rcim in plaintext: what counters see in headers, checkers have to see too."""

    __slots__ = ("_head", "_rest", "frames")

    def __init__(self) -> None:
        self._head = b""
        self._rest = 0
        """Bytes until the next header."""
        self.frames = 0

    def feed(self, data: bytes) -> None:
        """Take plaintext, cut anywhere."""
        if self._head:
            data, self._head = self._head + data, b""
        at = self._rest
        while at + HEADER_BYTES <= len(data):
            at += int.from_bytes(data[at : at + LENGTH_BYTES], "big") + LENGTH_BYTES
            self.frames += 1
        if at < len(data):
            self._head, at = data[at:], len(data)
        self._rest = at - len(data)


class Wire(asyncio.Protocol):
    """One connection, with TLS where there is a context. Until `take` is set, what comes waits for `until`."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self._context = context
        self._tls: TlsCore | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._buffer = b""
        self._lost = False
        self.transport: Any = None
        self.take: Callable[[bytes], None] | None = None
        self.received = 0
        """Bytes of plaintext."""
        self.heard = 0.0

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    async def secure(self) -> None:
        """Go over to TLS, if there is a context. Raises PeerFailed."""
        if self._context is None:
            return
        self._tls = tls = TlsCore(self._context, server_side=False, server_hostname="localhost")
        self.transport.write(tls.data_to_send())
        while not tls.ready:
            await self._more()

    def data_received(self, data: bytes) -> None:
        tls = self._tls
        if tls is not None:
            shaking = not tls.ready
            try:
                data = tls.receive(data)
            except ssl.SSLError:
                self.transport.abort()
                return
            if shaking:
                self.transport.write(tls.data_to_send())
                self._wake()
            if not data:
                return
        self.received += len(data)
        self.heard = time.monotonic()
        if self.take is not None:
            self.take(data)
        else:
            self._buffer += data
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _more(self) -> None:
        if self._lost:
            raise PeerFailed(f"closed a connection: {self._buffer[-200:]!r}")
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    @property
    def lost(self) -> bool:
        """True if the connection has ended."""
        return self._lost

    def write(self, data: bytes) -> None:
        """Send plaintext."""
        self.transport.write(data if self._tls is None else self._tls.seal(data))

    async def some(self) -> bytes:
        """What has come, at least one byte of it. Raises PeerFailed if the connection ends."""
        while not self._buffer:
            await self._more()
        data, self._buffer = self._buffer, b""
        return data

    async def until(self, *marks: bytes) -> bytes:
        """What has come up to the end of the first of `marks`; the rest stays. Raises PeerFailed."""
        while True:
            ends = [self._buffer.find(mark) + len(mark) for mark in marks if mark in self._buffer]
            if ends:
                data, self._buffer = self._buffer[: min(ends)], self._buffer[min(ends) :]
                return data
            await self._more()


def discard(_: bytes) -> None:
    """Take bytes and forget them."""


class Fleet:
    """All receivers of one server, and what they got since `mark`; the sender is one of them if it gets its own."""

    def __init__(self, sender: Wire, receivers: list[Wire], *, echo: bool, tls: bool, frame_bytes: int = 0) -> None:
        self.sender = sender
        self.tally = Tally()
        self.checkers: list[tuple[Wire, Checker]] = []
        self.echo = Checker(self.tally) if echo else None
        """The sender's own; its bytes are no measure, since answers are among them."""
        # TLS hides frames, but a frame with several messages is one write, and that can be seen in the records.
        way = RECORDS if tls else FRAMES if frame_bytes else BYTES
        self._counting = Counting(asyncio.get_running_loop(), way)
        self._frame_bytes = frame_bytes
        self._frames: dict[Wire, FrameCount] = {}
        self._acknowledging: list[Wire] = []
        self._receivers = receivers
        self._base: dict[Wire, int] = {}

    def hand_over(self, answering: Callable[[Wire], Callable[[bytes], None] | None]) -> None:
        """Make checkers of some and counters of the rest. All has to be quiet."""
        places = set(checker_places(len(self._receivers)))
        self.sender.take = self.echo.feed if self.echo is not None else discard
        for number, wire in enumerate(self._receivers):
            answer = answering(wire)
            if number in places:
                checker = Checker(self.tally)
                self.checkers.append((wire, checker))
                wire.take = checker.feed if answer is None else _both(answer, checker.feed)
                if self._frame_bytes:
                    self._frames[wire] = FrameCount()
                    wire.take = _both(self._frames[wire].feed, wire.take)
            elif answer is not None:
                wire.take = answer
                self._acknowledging.append(wire)
            else:
                self._counting.take(wire.transport)

    @property
    def members(self) -> int:
        """How many get each message."""
        return len(self._receivers) + (self.echo is not None)

    @property
    def checked(self) -> int:
        """How many of them check."""
        return len(self.checkers) + (self.echo is not None)

    @property
    def counted(self) -> int:
        """How many of them only count."""
        return self.members - self.checked

    @property
    def lost_connections(self) -> int:
        """Connections that the server has closed."""
        return self._counting.ended + self.sender.lost + sum(wire.lost for wire in self._receivers)

    def _all_checkers(self) -> list[Checker]:
        found = [checker for _, checker in self.checkers]
        return found if self.echo is None else [*found, self.echo]

    def mark(self, *, timed: bool) -> None:
        """Begin to count anew; messages that are still missing will be counted when they come."""
        self._counting.reset()
        self._base = {wire: wire.received for wire in self._receivers}
        self.tally.latency = Counter()
        self.tally.duplicated = self.tally.reordered = 0
        for checker in self._all_checkers():
            checker.delivered, checker.timed = 0, timed
        for found in self._frames.values():
            found.frames = 0

    def _bytes(self) -> list[int]:
        """What each of the counters got, without what comes on top for each frame."""
        counted = [got - units * self._frame_bytes for got, units in self._counting.all()]
        return [*counted, *(wire.received - self._base[wire] for wire in self._acknowledging)]

    def per_message(self) -> float:
        """Bytes of one message to one receiver, by the checker that has got the most."""
        wire, checker = max(self.checkers, key=lambda pair: pair[1].delivered)
        got = wire.received - self._base[wire]
        if wire in self._frames:
            got -= self._frames[wire].frames * self._frame_bytes
        return got / checker.delivered if checker.delivered else 0.0

    def progress(self) -> int:
        """Something that grows while messages come."""
        acknowledged = sum(wire.received for wire in self._acknowledging)
        return self._counting.total + acknowledged + sum(c.delivered for c in self._all_checkers())

    def complete(self, messages: int) -> bool:
        """True if everyone has got `messages` messages since `mark`."""
        if any(checker.delivered < messages for checker in self._all_checkers()):
            return False
        acknowledged = sum(wire.received - self._base[wire] for wire in self._acknowledging)
        expected = round(self.per_message() * messages * self.counted)
        if self._counting.total + acknowledged < expected:
            return False  # cheap, and true for most of the time
        return not self._frame_bytes or sum(self._bytes()) >= expected

    def deliveries(self, messages: int) -> tuple[int, int, int]:
        """(deliveries, lost, doubled) since `mark`, when `messages` were sent."""
        checked = sum(checker.delivered for checker in self._all_checkers())
        per_message = self.per_message()
        found = [messages_in(count, per_message) for count in self._bytes()]
        lost = messages * self.checked - checked + sum(max(0, messages - count) for count in found)
        doubled = self.tally.duplicated + sum(max(0, count - messages) for count in found)
        return checked + sum(found), max(0, lost), doubled

    def close(self) -> None:
        """Close those that only count; whoever made the wires closes the rest."""
        self._counting.close()


def _both(first: Callable[[bytes], None], second: Callable[[bytes], None]) -> Callable[[bytes], None]:
    def take(data: bytes) -> None:
        first(data)
        second(data)

    return take
