"""What goes out to one client: gathered, sealed, written, left out, and closed.

What one turn of the loop has for it is one write (`write` gathers, `flush` writes). Deliveries to a connection that is
not quick go by the rules of flow/outbound.py; the fan-out writes to a quick one by `put`, without asking anything.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rcim.base import clock
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import Priority
from rcim.flow.outbound import OutboundQueue
from rcim.handlers.context import Principal
from rcim.session.server import ServerSession
from rcim.session.tls import TlsCore

if TYPE_CHECKING:
    from rcim.connect.hub import Hub

log = LimitedLog("rcim.connect")

LINGER_MS = 3000
"""What was written last may take this long to leave before a closing connection is cut. One that is closed for being
slow has `out_slow_ms`."""


def nowhere(_: bytes) -> None:
    """There is no transport yet, or no more."""


class Outgoing(asyncio.BufferedProtocol):
    """The writing half of a connection. Everything runs in the loop's thread."""

    __slots__ = (
        "_hub",
        "_tls",
        "_transport",
        "closing",
        "held_bytes",
        "id",
        "linger_ms",
        "out",
        "paused",
        "principal",
        "put",
        "queue",
        "quick",
        "session",
    )

    def __init__(self, hub: Hub, tls: ssl.SSLContext | None) -> None:
        self._hub = hub
        self._tls = (
            TlsCore(tls, server_side=True, handshake_bytes_max=hub.limits.handshake_bytes_max)
            if tls is not None
            else None
        )
        self._transport: Any = None
        self.session = ServerSession(hub.limits, clock.steady_ms())
        self.queue = OutboundQueue(hub.limits)
        self.out: list[bytes] = []
        """What this turn has for the client; `flush` writes it. While the transport is full it stays here, unsealed: so
        it can be thrown away, which nothing can be that TLS has sealed (RX-07)."""
        self.paused = False
        """True while the transport is full."""
        self.held_bytes = 0
        """Bytes in `out` while it is."""
        self.linger_ms = LINGER_MS
        self.put: Callable[[bytes], None] = nowhere
        """`write_now` for the innermost loop: it may raise, and then `failed` is to be called."""
        self.quick = False
        """True while deliveries may be written without asking the queue."""
        self.closing = False
        self.principal: Principal | None = None
        self.id = 0

    def write(self, data: bytes) -> None:
        """Give `data` to the client with what else this turn has for it."""
        if self.closing:
            return
        if self.paused:
            self.held_bytes += len(data)
        elif not self.out:
            self._hub.flush_later(self)
        self.out.append(data)

    def _put_sealed(self, data: bytes) -> None:
        tls = self._tls
        assert tls is not None
        if tls.ready:
            self._transport.write(tls.seal(data))

    def write_now(self, data: bytes) -> None:
        """Give `data` to the transport at once. Only if nothing is gathered (`out` is empty). Never raises: what goes
        wrong here is this connection's, and ends it."""
        try:
            self.put(data)
        except Exception as error:
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Writing failed with `error`: it is the end of this connection, and of no other."""
        log.info("writing to connection %d failed: %s", self.id, error)
        self.session.lost()
        self._end(b"")

    def flush(self) -> None:
        """Write what was gathered, as one, if the transport takes it."""
        if self.out and not self.paused and not self.closing:
            data = self.out[0] if len(self.out) == 1 else b"".join(self.out)
            self.out.clear()
            self.write_now(data)

    def throw_away(self) -> None:
        """What waits for the transport to have room will not be written."""
        self.out.clear()
        self.held_bytes = 0

    def offer(
        self, frame: bytes, conversation: str, first_seq: int, last_seq: int, priority: Priority, now_ms: int
    ) -> None:
        """A delivery to a connection that is not `quick` (RX-07)."""
        if self.closing or self.principal is None:
            return
        queued = self.queued_bytes + len(frame)
        if self.queue.may_deliver(queued, now_ms, conversation, first_seq, last_seq, priority):
            self.write(frame)
        else:
            self._hub.counters.left_out += last_seq - first_seq + 1

    def offer_notice(self, frame: bytes) -> None:
        """A notice, which is left out for who does not take what it is sent (RX-07): it is not kept anywhere."""
        if self.closing or self.principal is None:
            return
        if self.quick or self.queued_bytes <= self._hub.limits.out_soft_bytes:
            self.write(frame)
        else:
            self._hub.counters.left_out += 1

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait to be sent."""
        gathered = self.held_bytes if self.paused else sum(map(len, self.out))
        return int(self._transport.get_write_buffer_size()) + gathered

    def close(self) -> None:
        """Write what there is, close TLS in order, close; cut after `linger_ms` if the client takes nothing."""
        if self.closing:
            return
        self.paused = False
        self.flush()
        last = b""
        if self._tls is not None and self._tls.ready:
            self._tls.close()
            last = self._tls.data_to_send()
        self._end(last)

    def _end(self, last: bytes) -> None:
        """Nothing more is taken or given; `last` goes out if it can."""
        if self.closing:
            return
        self.closing = True
        self.quick = False
        self.out.clear()
        self._hub.wheel.set(self, clock.steady_ms() + self.linger_ms)
        if last:
            self._transport.write(last)
        self._transport.close()
