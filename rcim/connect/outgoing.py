"""What goes out to one client: gathered, sealed, written, left out, and closed.

What one turn of the loop has for it is one write (`write` gathers, `flush` writes). Deliveries to a connection that is
not quick go by the rules of flow/outbound.py; the fan-out writes to a quick one by `put`, without asking anything.
"""

from __future__ import annotations

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from rcim.base import clock
from rcim.base.errors import ErrorCode, RcimError
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import DeviceEnd, Platform, Priority
from rcim.connect.codec import Codec, GoingAway, Push, encoded_push
from rcim.connect.principal import Principal
from rcim.connect.proxies import Peer
from rcim.connect.table import ConnectionTable
from rcim.flow.outbound import OutboundQueue
from rcim.rules.devices import Device
from rcim.session.tls import TlsCore

log = LimitedLog("rcim.connect")

NO_DEVICE = Device(connection_id=0, platform=Platform.SERVER, tag="", began_ms=0, login_ms=0)

LINGER_MS = 3000
"""What was written last may take this long to leave before a closing connection is cut. One that is closed for being
slow has `out_slow_ms`."""


def nowhere(_: bytes) -> None:
    """There is no transport yet, or no more."""


class Outgoing(asyncio.BufferedProtocol, ABC):
    """The writing half of a connection: what deliveries and logins need of it. An adapter's connection is a subclass
    (rcim/service/connection.py). Everything runs in the loop's thread."""

    __slots__ = (
        "_table",
        "_tls",
        "_transport",
        "address",
        "closing",
        "codec",
        "connected_ms",
        "device",
        "from_proxy",
        "heads_ms",
        "held_bytes",
        "id",
        "linger_ms",
        "out",
        "paused",
        "principal",
        "put",
        "queue",
        "quick",
    )

    def __init__(self, table: ConnectionTable[Outgoing], codec: Codec, tls: ssl.SSLContext | None) -> None:
        self._table = table
        self._tls = (
            TlsCore(tls, server_side=True, handshake_bytes_max=table.limits.handshake_bytes_max)
            if tls is not None
            else None
        )
        self._transport: Any = None
        self.codec = codec
        self.queue = OutboundQueue(table.limits)
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
        self.address = ""
        """`host:port` of the client."""
        self.from_proxy = False
        """True if it is a proxy's own, such as a health check: no bound per address is meant for it."""
        self.device = NO_DEVICE
        """What it is of the user's (ID-04), once it has said so."""
        self.connected_ms = self.heads_ms = clock.steady_ms()
        """`heads_ms`: when it was told last how far its conversations are."""

    def comes_from(self, peer: Peer) -> None:
        """A proxy has handed it on from there. Before `connection_made`."""
        self.address = f"{peer.host}:{peer.port}"
        self.from_proxy = peer.is_proxy

    @property
    def host(self) -> str:
        """Where it comes from: `address` without the port."""
        return self.address.rpartition(":")[0]

    # -- what its adapter does

    @property
    def agent(self) -> str:
        """What the client says that it is; empty if it says nothing."""
        return ""

    @abstractmethod
    def count_frames(self) -> None:
        """Look again whether its frames are counted (LI-01): limits or administrators have changed (OP-03)."""

    @property
    @abstractmethod
    def deadline_ms(self) -> int:
        """When `on_timer` has something to do, at the earliest (steady time)."""

    @abstractmethod
    def on_timer(self, now_ms: int) -> None:
        """A deadline of this connection may have come; sets the next one."""

    @property
    @abstractmethod
    def expects_login(self) -> bool:
        """True while a login of it is being checked."""

    @abstractmethod
    def logged_in(self, token: int, history_id: int) -> None:
        """The login with this token was accepted; `principal` and `device` are set."""

    @abstractmethod
    def login_refused(self, token: int, error: RcimError) -> None:
        """The login with this token was not accepted: say so, and close."""

    @abstractmethod
    def refuse_all(self, code: ErrorCode, text: str = "") -> None:
        """Say why, and close: for a reason that is no request's."""

    def lost(self) -> None:
        """The transport is gone or unusable: nothing can be said any more."""

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered."""
        return 0

    @property
    def end(self) -> DeviceEnd:
        """How it has ended, if it has."""
        return DeviceEnd.LINK_CLOSE

    @property
    @abstractmethod
    def charged_to(self) -> str:
        """Who pays for the work on its input: its user, or its address."""

    @abstractmethod
    def going_away(self, notice: GoingAway) -> None:
        """The server is stopping (WI-07): tell the client, and close when all is answered."""

    @abstractmethod
    def drained(self) -> None:
        """The grace is over: close it now."""

    # -- writing

    def write(self, data: bytes) -> None:
        """Give `data` to the client with what else this turn has for it."""
        if self.closing or not data:
            return
        if self.paused:
            self.held_bytes += len(data)
        elif not self.out:
            self._table.flush_later(self)
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
        """Something failed with `error`: it is the end of this connection, and of no other. Never raises."""
        log.info("a connection failed and is closed", connection=self.id, error=error)
        try:
            self.lost()
        except Exception:
            log.exception("closing a connection failed", connection=self.id)
        self._end(b"")

    def flush(self) -> None:
        """Write what was gathered, as one, if the transport takes it."""
        if self.out and not self.paused and not self.closing:
            data = self.out[0] if len(self.out) == 1 else b"".join(self.out)
            self.out.clear()
            self.write_now(data)

    def push(self, conversation: str, push: Push) -> None:
        """Send it, encoded for this connection alone."""
        self.write(encoded_push(self.codec, conversation, push))

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
            self._table.counters.left_out += last_seq - first_seq + 1

    def offer_notice(self, frame: bytes) -> None:
        """A notice, which is left out for who does not take what it is sent (RX-07): it is not kept anywhere."""
        if self.closing or self.principal is None:
            return
        if self.quick or self.queued_bytes <= self._table.limits.out_soft_bytes:
            self.write(frame)
        else:
            self._table.counters.left_out += 1

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
        self._table.wheel.set(self, clock.steady_ms() + self.linger_ms)
        if last:
            self._transport.write(last)
        self._transport.close()
