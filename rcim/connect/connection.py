"""One client's connection: transport, TLS and session put together, and its requests.

It takes requests only while it has fewer than `requests_in_flight_max` unanswered ones, its last command found room in
the mailbox, and it takes what it is sent. How it is read: incoming.py; what it is sent: outgoing.py.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import (
    HEARTBEAT_TIMEOUT,
    KICKED_BY_OTHER_DEVICE,
    LOGGED_OUT,
    SERVER_ERROR,
    TOO_MANY_CONNECTIONS,
    TOO_SLOW,
    ErrorCode,
    RcimError,
)
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import DeviceEnd, Platform
from rcim.connect.incoming import Incoming
from rcim.connect.outgoing import nowhere
from rcim.dispatch.requests import CommandRequest, Request
from rcim.handlers.context import ActorCommand, RunWorkflow, StoreQuery
from rcim.handlers.table import answer
from rcim.rules.devices import Device
from rcim.session.states import TAKES_FRAMES, State
from rcim.wire.frames import (
    GoingAway,
    GroupJoin,
    Login,
    Logout,
    Resync,
)
from rcim.wire.schema import Frame

if TYPE_CHECKING:
    from rcim.connect.hub import Hub

log = LimitedLog("rcim.connect")

FRAMES_PER_TURN = 64
"""Frames taken from one connection before the others have their turn: a few milliseconds of work at the most."""
NO_DEVICE = Device(0, Platform.SERVER, "", 0, 0)
TOKEN_TYPE_SHIFT = 32
"""A request's token is its frame type above its request id."""


class Connection(Incoming):
    """See the module's text. Everything runs in the loop's thread."""

    __slots__ = (
        "_held",
        "_in_flight",
        "_logout_id",
        "connected_ms",
        "device",
        "heads_ms",
    )

    def __init__(self, hub: Hub, tls: ssl.SSLContext | None) -> None:
        super().__init__(hub, tls)
        self._held: CommandRequest | None = None
        self._in_flight = 0
        self._logout_id = 0
        self.connected_ms = self.heads_ms = clock.steady_ms()
        """`heads_ms`: when it was told last how far its conversations are."""
        self.device = NO_DEVICE
        """What it is of the user's (ID-04), once it has said so."""

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

    def pause_writing(self) -> None:
        """The client does not take what it is sent (RX-07)."""
        if not self.closing:
            self.quick = False
            self.paused = True
            self.held_bytes = sum(map(len, self.out))
            self.queue.slow_since_ms = self.queue.slow_since_ms or clock.steady_ms()
            self.set_timer()
            self._hub.counters.slow_receivers += 1

    def resume_writing(self) -> None:
        if self.closing:
            return
        self.paused = False
        self.held_bytes = 0
        self.flush()
        if self.paused or self.closing:
            return
        # Nobody will say when it has become shorter still, and so it is short enough.
        for conversation, first, newest in self.queue.drained(0):
            self.write(Resync(conversation, first, newest).encode())
            self._hub.counters.resyncs += 1
        self.quick = self.principal is not None and not self.queue.troubled
        self._pump_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        self.put = nowhere  # it holds this connection: memory is given back now, and not when a collector comes
        self.closing = True
        self.quick = False
        self.session.lost()
        held, self._held = self._held, None
        if held is not None and held.token >> TOKEN_TYPE_SHIFT == GroupJoin.TYPE and self.principal is not None:
            self.principal.reserve(-1)  # it will never be answered
        self._hub.forget(self)

    # -- requests

    def _pump(self) -> None:
        """Take requests for as long as there are any and they may be taken; then say what there is to say."""
        session = self.session
        wall_ms = clock.wall_ms()
        session.budget = FRAMES_PER_TURN
        in_flight_max = self._hub.limits.requests_in_flight_max
        self._blocked = False
        while not self._slowed:
            if self._held is not None or self._in_flight >= in_flight_max or self.queue.slow_since_ms:
                self._blocked = True
                break
            found = session.next_request(wall_ms)
            if found is not None:
                self._take(found[0], found[1])
                continue
            if session.budget == 0 and not session.closed:
                self._ask_turn()
            elif session.state not in TAKES_FRAMES:
                self._blocked = True  # a login is checked, or it is over: what comes now stays with the client
            break
        self._set_reading()
        self.flush_session()
        if session.pinged:
            session.pinged = False
            self._hub.tell_heads(self)

    def _pump_soon(self) -> None:
        if not self._reading or self.session.pending_bytes:
            self._ask_turn()

    def _take(self, frame: Frame, request_id: int) -> None:
        if isinstance(frame, Login):
            self._hub.logins.begin(self, frame, request_id)
            return
        if isinstance(frame, Logout):
            self._logout_id = request_id
            self._end_if_answered()
            return
        principal = self.principal
        assert principal is not None, "the session table lets no other request through before login"
        hub = self._hub
        hub.counters.requests += 1
        try:
            work = hub.work(frame, principal)
        except RcimError as error:
            self.session.refuse(error.code, request_id, frame.TYPE, error.detail, error.retry_after_ms)
            return
        token = frame.TYPE << TOKEN_TYPE_SHIFT | request_id
        if frame.TYPE == GroupJoin.TYPE:
            principal.reserve(1)
        if isinstance(work, ActorCommand):
            self._in_flight += 1
            request = Request(work.key, work.command, self, token)
            if not hub.owner.submit(request):
                self._held = request
        elif isinstance(work, StoreQuery):
            self._in_flight += 1
            hub.owner.ask(Request("", work.query, self, token))
        elif isinstance(work, RunWorkflow):
            self._in_flight += 1
            hub.owner.run(Request("", work.workflow, self, token))
        else:
            self.write(work.encode(request_id))

    def mailbox_drained(self, key: str) -> None:
        """There is room again for the command that is held (ReplyTo)."""
        request, self._held = self._held, None
        if request is None or self.closing:
            return
        if not self._hub.owner.submit(request):
            self._held = request
            return
        self._pump_soon()

    def answer(self, token: int, result: Any) -> None:
        """A request of this connection has its result (ReplyTo)."""
        self._in_flight -= 1
        type_, request_id = token >> TOKEN_TYPE_SHIFT, token & 0xFFFFFFFF
        if type_ == GroupJoin.TYPE and self.principal is not None:
            self.principal.reserve(-1)
        if self.closing:
            return
        if type(result) is Refused:
            self.session.refuse(result.code, request_id, type_, result.detail, result.retry_after_ms)
            self.flush_session()
        else:
            self._reply(result, type_, request_id)
        if self._logout_id:
            self._end_if_answered()
        elif self._blocked:
            self._pump_soon()

    def _reply(self, result: Any, type_: int, request_id: int) -> None:
        try:
            data = answer(result, type_, self._hub).encode(request_id)
        except Exception:  # a fault of ours: who asked must not wait for ever
            log.exception("an answer to frame type %#06x cannot be encoded", type_)
            self.session.refuse(SERVER_ERROR, request_id, type_)
            self.flush_session()
            return
        self.write(data)

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered."""
        return self._in_flight

    def _end_if_answered(self) -> None:
        if self._in_flight == 0 and self.session.state is State.LOGGING_OUT:
            self.session.answered(self._logout_id)
            self.flush_session()

    @property
    def end(self) -> DeviceEnd:
        """How it has ended, if it has."""
        by = self.session.closed_by
        if self._logout_id or by is LOGGED_OUT:
            return DeviceEnd.LOGOUT
        if by is KICKED_BY_OTHER_DEVICE:
            return DeviceEnd.REPLACED
        return DeviceEnd.TIME_OUT if by in (HEARTBEAT_TIMEOUT, TOO_SLOW) else DeviceEnd.LINK_CLOSE

    # -- login, decided by hub.logins

    def opened(self) -> None:
        """The login was accepted: what waited behind it is taken."""
        principal, rates = self.principal, self._hub.rates
        if rates.limited and principal is not None and not principal.admin:
            self.session.charge = self._charge
        self.quick = not self.queue.troubled
        self.set_timer()
        self.flush_session()
        self._pump_soon()

    def flush_session(self) -> None:
        """Pass on what the session has to say; close if that was all."""
        data = self.session.data_to_send()
        if data:
            self.write(data)
        if self.session.closed:
            self.close()

    # -- time and the end

    def set_timer(self) -> None:
        """Have `on_timer` called at the earliest of all deadlines. To be called when one of them may have become an
        earlier one; later ones are looked at when it is time."""
        deadline = self.session.deadline_ms
        if self.queue.slow_since_ms:
            deadline = min(deadline, self.queue.slow_since_ms + self._hub.limits.out_slow_ms)
        self._hub.wheel.set(self, deadline)

    def on_timer(self, now_ms: int) -> None:
        """A deadline of this connection may have come; sets the next one."""
        if self.closing:
            self._transport.abort()
            return
        if self.queue.too_slow(now_ms):
            self.throw_away()  # the fewer bytes are before it, the likelier does it arrive
            self.linger_ms = self._hub.limits.out_slow_ms
            self.refuse_all(TOO_SLOW)
            return
        self.session.on_timer(now_ms)
        self.flush_session()
        if not self.closing:
            self.set_timer()

    def going_away(self, push: GoingAway) -> None:
        """The server is stopping (WI-07)."""
        self.session.going_away(push)
        self.flush_session()

    def drained(self) -> None:
        """The grace is over: close what is still open."""
        if self.session.state is State.DRAINING:
            self.session.answered()
        else:
            self.session.lost()
        self.flush_session()

    def refuse_all(self, code: ErrorCode, text: str = "") -> None:
        """Close for a reason that is no request's."""
        self.session.refuse(code, 0, 0, text)
        self.flush_session()
