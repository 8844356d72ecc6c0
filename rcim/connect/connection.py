"""One client's connection: transport, TLS and session put together, and its back-pressure.

In:  it is read only while it has fewer than `requests_in_flight_max` unanswered requests, its last command found
     room in the mailbox, and it takes what it is sent.
Out: what one turn of the loop has for it is one write (`write` gathers, `flush` writes). Deliveries to a connection
     that is not quick go by the rules of flow/outbound.py.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import TOO_MANY_CONNECTIONS, TOO_SLOW, ErrorCode, RcimError
from rcim.base.terms import Priority
from rcim.dispatch.requests import Request
from rcim.flow.outbound import OutboundQueue
from rcim.handlers.desk import Caller, ToActor, ToStore
from rcim.handlers.table import answer
from rcim.session.server import ServerSession
from rcim.session.states import TAKES_FRAMES, State
from rcim.session.tls import TlsCore
from rcim.wire.frames import GoingAway, GroupCreate, GroupJoin, Login, Logout, Resync
from rcim.wire.schema import Frame

if TYPE_CHECKING:
    from rcim.connect.hub import Hub

log = logging.getLogger("rcim.connect")

FRAMES_PER_TURN = 64
"""Frames taken from one connection before the others have their turn: a few milliseconds of work at the most."""
ENTERS_A_GROUP = frozenset({GroupCreate.TYPE, GroupJoin.TYPE})
"""Requests that count against the groups of a user while they are under way."""
LINGER_MS = 3000
"""What was written last may take this long to leave before a closing connection is cut."""
TOKEN_TYPE_SHIFT = 32
"""A request's token is its frame type above its request id."""


def _nowhere(_: bytes) -> None:
    """There is no transport yet."""


class Connection(asyncio.Protocol):
    """See the module's text. Everything runs in the loop's thread."""

    __slots__ = (
        "_early",
        "_held",
        "_hub",
        "_in_flight",
        "_logout_id",
        "_paused",
        "_pump_due",
        "_tls",
        "_transport",
        "address",
        "caller",
        "closing",
        "connected_ms",
        "device_tag",
        "id",
        "out",
        "platform",
        "put",
        "queue",
        "quick",
        "session",
    )

    def __init__(self, hub: Hub, tls: ssl.SSLContext | None) -> None:
        self._hub = hub
        self._tls = TlsCore(tls, server_side=True) if tls is not None else None
        self._transport: Any = None
        self._held: Request | None = None
        self._in_flight = 0
        self._logout_id = 0
        self._paused = False
        self._early = b""
        self._pump_due = False
        self.connected_ms = clock.steady_ms()
        self.session = ServerSession(hub.limits, self.connected_ms)
        self.queue = OutboundQueue(hub.limits)
        self.out: list[bytes] = []
        """What this turn has for the client; `flush` writes it."""
        self.put: Callable[[bytes], None] = _nowhere
        """`write_now` for the innermost loop: it may raise, and then `failed` is to be called."""
        self.quick = False
        """True while deliveries may be written without asking the queue."""
        self.closing = False
        self.caller: Caller | None = None
        self.id = 0
        self.address = ""
        self.platform = 0
        self.device_tag = ""

    # -- transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.put = transport.write if self._tls is None else self._put_sealed
        peer = transport.get_extra_info("peername")
        self.address = f"{peer[0]}:{peer[1]}" if peer else ""
        transport.set_write_buffer_limits(
            high=self._hub.limits.out_soft_bytes, low=self._hub.limits.out_soft_bytes // 2
        )
        if not self._hub.admit(self):
            self.refuse_all(TOO_MANY_CONNECTIONS)

    def data_received(self, data: bytes) -> None:
        if self.closing:
            return
        if self._tls is not None:
            if not self._tls.ready:
                # A step of the handshake costs more than all else: it waits for its turn, unread meanwhile.
                self._early += data
                self._pause()
                self._hub.gate.ask(self)
                return
            data = self._decrypt(data)
        self._take_plain(data)

    def handshake_step(self) -> None:
        """This connection's turn to go on with its TLS handshake (HandshakeGate)."""
        early, self._early = self._early, b""
        if not self.closing:
            self._resume()
            self._take_plain(self._decrypt(early))

    def _take_plain(self, data: bytes) -> None:
        if data:
            self.session.receive(data, clock.steady_ms())
            self._pump()
        if self._tls is not None and self._tls.eof:
            self.session.lost()
            self.close()

    def _decrypt(self, data: bytes) -> bytes:
        tls = self._tls
        assert tls is not None
        try:
            plain = tls.receive(data)
        except ssl.SSLError:
            # Not TLS, or a damaged stream: the alert, if there is one, and the end. Not one frame can be said.
            self._hub.counters.tls_failures += 1
            self.session.lost()
            self._end(tls.data_to_send())
            return b""
        said = tls.data_to_send()
        if said:  # of the handshake, or an answer to a change of keys
            self._transport.write(said)
        return plain

    def pause_writing(self) -> None:
        """The client does not take what it is sent (RX-07)."""
        if not self.closing:
            now_ms = clock.steady_ms()
            self.quick = False
            self.queue.slow_since_ms = self.queue.slow_since_ms or now_ms
            self._hub.wheel.set(self, now_ms + self._hub.limits.out_slow_ms)
            self._hub.counters.slow_receivers += 1

    def resume_writing(self) -> None:
        if self.closing:
            return
        for conversation, first, newest in self.queue.drained(self._transport.get_write_buffer_size()):
            self.write(Resync(conversation, first, newest).encode())
            self._hub.counters.resyncs += 1
        self.quick = self.caller is not None and not self.queue.troubled
        self._pump_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        self.put = _nowhere  # it holds this connection: memory is given back now, and not when a collector comes
        self.closing = True
        self.quick = False
        self.session.lost()
        held, self._held = self._held, None
        if held is not None and held.token >> TOKEN_TYPE_SHIFT in ENTERS_A_GROUP and self.caller is not None:
            self.caller.reserve(-1)  # it will never be answered
        self._hub.forget(self)

    # -- requests

    def _pump(self) -> None:
        """Take requests for as long as there are any and they may be taken; then say what there is to say."""
        session = self.session
        wall_ms = clock.wall_ms()
        session.budget = FRAMES_PER_TURN
        in_flight_max = self._hub.limits.requests_in_flight_max
        while self._held is None and self._in_flight < in_flight_max and not self.queue.slow_since_ms:
            found = session.next_request(wall_ms)
            if found is None:
                if session.budget == 0 and not session.closed:
                    self._pause()
                    self._pump_soon()
                elif session.state in TAKES_FRAMES:
                    self._resume()
                else:
                    self._pause()  # a login is checked, or it is over: what comes now stays with the client
                break
            self._take(found[0], found[1])
        else:
            self._pause()
        self.say()

    def _pump_soon(self) -> None:
        if not self._pump_due and (self._paused or self.session.pending_bytes):
            self._pump_due = True
            self._hub.loop.call_soon(self._pump_if_open)

    def _pump_if_open(self) -> None:
        self._pump_due = False
        if not self.closing:
            self._pump()

    def _take(self, frame: Frame, request_id: int) -> None:
        if isinstance(frame, Login):
            self._hub.logins.begin(self, frame, request_id)
            return
        if isinstance(frame, Logout):
            self._logout_id = request_id
            self._end_if_answered()
            return
        caller = self.caller
        assert caller is not None, "the session table lets no other request through before login"
        hub = self._hub
        hub.counters.requests += 1
        try:
            work = hub.handlers.work(frame, caller, hub)
        except RcimError as error:
            self.session.refuse(error.code, request_id, frame.TYPE, error.detail, error.retry_after_ms)
            return
        token = frame.TYPE << TOKEN_TYPE_SHIFT | request_id
        if frame.TYPE in ENTERS_A_GROUP:
            caller.reserve(1)
        if isinstance(work, ToActor):
            self._in_flight += 1
            request = Request(work.key, work.command, self, token)
            if not hub.owner.submit(request):
                self._held = request
        elif isinstance(work, ToStore):
            self._in_flight += 1
            hub.owner.ask(Request("", work.query, self, token))
        else:
            self.write(work.encode(request_id))

    def mailbox_drained(self, key: str) -> None:
        """There is room again for the command that is held (Origin)."""
        request, self._held = self._held, None
        if request is None or self.closing:
            return
        if not self._hub.owner.submit(request):
            self._held = request
            return
        self._pump_soon()

    def answer(self, token: int, result: Any) -> None:
        """A request of this connection has its result (Origin)."""
        self._in_flight -= 1
        type_, request_id = token >> TOKEN_TYPE_SHIFT, token & 0xFFFFFFFF
        if type_ in ENTERS_A_GROUP and self.caller is not None:
            self.caller.reserve(-1)
        if self.closing:
            return
        if type(result) is Refused:
            self.session.refuse(result.code, request_id, type_, result.detail, result.retry_after_ms)
            self.say()
        else:
            self.write(answer(result, type_, self._hub).encode(request_id))
        if self._logout_id:
            self._end_if_answered()
        elif self._paused:
            self._pump_soon()

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered."""
        return self._in_flight

    def _end_if_answered(self) -> None:
        if self._in_flight == 0 and self.session.state is State.LOGGING_OUT:
            self.session.answered(self._logout_id)
            self.say()

    # -- login, decided by hub.logins

    def opened(self) -> None:
        """The login was accepted: what waited behind it is taken."""
        self.quick = not self.queue.troubled
        self._hub.wheel.set(self, self.session.deadline_ms)
        self.say()
        self._pump_soon()

    # -- writing

    def write(self, data: bytes) -> None:
        """Give `data` to the client with what else this turn has for it."""
        if self.closing:
            return
        if not self.out:
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
        """Write what was gathered, as one."""
        if self.out and not self.closing:
            data = self.out[0] if len(self.out) == 1 else b"".join(self.out)
            self.out.clear()
            self.write_now(data)

    def say(self) -> None:
        """Pass on what the session has to say; close if that was all."""
        data = self.session.data_to_send()
        if data:
            self.write(data)
        if self.session.closed:
            self.close()

    def offer(
        self, frame: bytes, conversation: str, first_seq: int, last_seq: int, priority: Priority, now_ms: int
    ) -> None:
        """A delivery to a connection that is not `quick` (RX-07)."""
        if self.closing or self.caller is None:
            return
        queued = self._transport.get_write_buffer_size() + len(frame)
        if self.queue.may_deliver(queued, now_ms, conversation, first_seq, last_seq, priority):
            self.write(frame)
        else:
            self._hub.counters.left_out += last_seq - first_seq + 1

    def offer_notice(self, frame: bytes) -> None:
        """A notice, which is left out for who does not take what it is sent (RX-07): it is not kept anywhere."""
        if self.closing or self.caller is None:
            return
        if self.quick or self.queued_bytes <= self._hub.limits.out_soft_bytes:
            self.write(frame)
        else:
            self._hub.counters.left_out += 1

    @property
    def queued_bytes(self) -> int:
        """Bytes that wait to be sent."""
        return int(self._transport.get_write_buffer_size()) + sum(map(len, self.out))

    # -- time and the end

    def on_timer(self, now_ms: int) -> None:
        """A deadline of this connection may have come; sets the next one."""
        if self.closing:
            self._transport.abort()
            return
        if self.queue.too_slow(now_ms):
            self.refuse_all(TOO_SLOW)
            return
        self.session.on_timer(now_ms)
        self.say()
        if not self.closing:
            deadline = self.session.deadline_ms
            if self.queue.slow_since_ms:
                deadline = min(deadline, self.queue.slow_since_ms + self._hub.limits.out_slow_ms)
            self._hub.wheel.set(self, deadline)

    def going_away(self, push: GoingAway) -> None:
        """The server is stopping (WI-07)."""
        self.session.going_away(push)
        self.say()

    def drained(self) -> None:
        """The grace is over: close what is still open."""
        if self.session.state is State.DRAINING:
            self.session.answered()
        else:
            self.session.lost()
        self.say()

    def refuse_all(self, code: ErrorCode) -> None:
        """Close for a reason that is no request's."""
        self.session.refuse(code, 0)
        self.say()

    def close(self) -> None:
        """Write what there is, close TLS in order, close; cut after LINGER_MS if the client takes nothing."""
        if self.closing:
            return
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
        self._hub.wheel.set(self, clock.steady_ms() + LINGER_MS)
        if last:
            self._transport.write(last)
        self._transport.close()

    def _pause(self) -> None:
        if not self._paused and not self.closing:
            self._paused = True
            self._transport.pause_reading()

    def _resume(self) -> None:
        if self._paused and not self.closing:
            self._paused = False
            self._transport.resume_reading()
