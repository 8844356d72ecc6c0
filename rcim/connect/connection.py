"""One client's connection: transport, TLS and session put together, and its back-pressure.

In:  it is read only while it has fewer than `requests_in_flight_max` unanswered requests, its last command found
     room in the mailbox, it takes what it is sent, and nothing of it waits in line (turns.py). What its user costs is
     charged (LI-01): every frame before it is decoded, and the time that its input takes.
Out: see outgoing.py.
"""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Any

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import (
    FLOODING,
    HEARTBEAT_TIMEOUT,
    KICKED_BY_OTHER_DEVICE,
    LOGGED_OUT,
    SERVER_ERROR,
    TOO_FREQUENT,
    TOO_MANY_CONNECTIONS,
    TOO_SLOW,
    ErrorCode,
    RcimError,
)
from rcim.base.ids import is_guest
from rcim.base.terms import DeviceEnd, Platform
from rcim.connect.outgoing import Outgoing, nowhere
from rcim.dispatch.requests import Request
from rcim.flow.buckets import Operation, Patience
from rcim.handlers.desk import ToActor, ToStore
from rcim.handlers.table import answer
from rcim.rules.devices import Device
from rcim.session.states import TAKES_FRAMES, State
from rcim.session.tls import TlsLimitError
from rcim.wire.frames import (
    ConversationRead,
    GoingAway,
    GroupJoin,
    History,
    Login,
    Logout,
    Ping,
    Pong,
    Resync,
    Search,
    Send,
    Sync,
)
from rcim.wire.schema import FRAMES, Frame

if TYPE_CHECKING:
    from rcim.connect.hub import Hub

log = logging.getLogger("rcim.connect")

FRAMES_PER_TURN = 64
"""Frames taken from one connection before the others have their turn: a few milliseconds of work at the most."""
EARLY_BYTES = 4096
"""What is read of a stranger at a time: a frame before login is no longer (WI-04)."""
SETTLE_S = 0.001
"""Work on a user's input is charged when so much has come together."""
SLOW_S = 1.0
"""A user who goes on after many refusals is not read for so long after each piece of input with one more."""
COUNTED = {
    Send.TYPE: Operation.SEND,
    History.TYPE: Operation.READ,
    ConversationRead.TYPE: Operation.READ,
    Sync.TYPE: Operation.READ,
    Search.TYPE: Operation.READ,
    Ping.TYPE: Operation.CONTROL,
    Pong.TYPE: Operation.CONTROL,
}
"""LI-01: what is counted apart. Other requests are OTHER, frames that are not known CONTROL."""
NO_DEVICE = Device(0, Platform.SERVER, "", 0, 0)
IS_USER = frozenset({State.OPEN, State.DRAINING, State.LOGGING_OUT})
TOKEN_TYPE_SHIFT = 32
"""A request's token is its frame type above its request id."""


class Connection(Outgoing):
    """See the module's text. Everything runs in the loop's thread."""

    __slots__ = (
        "_blocked",
        "_held",
        "_in_flight",
        "_in_line",
        "_input",
        "_logout_id",
        "_reading",
        "_slowed",
        "_spent_s",
        "address",
        "connected_ms",
        "device",
        "heads_ms",
    )

    def __init__(self, hub: Hub, tls: ssl.SSLContext | None) -> None:
        super().__init__(hub, tls)
        self._held: Request | None = None
        self._in_flight = 0
        self._logout_id = 0
        self._reading = True
        self._blocked = False
        """True while no request of it can be taken."""
        self._in_line = False
        """True while it waits for its turn."""
        self._slowed = False
        """True while its user has to wait for having cost too much."""
        self._input = b""
        """What has come and waits for its turn; INPUT_BYTES at the most."""
        self._spent_s = 0.0
        """Work that is not charged yet."""
        self.connected_ms = self.heads_ms = clock.steady_ms()
        """`heads_ms`: when it was told last how far its conversations are."""
        self.address = ""
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

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what has come; it bounds what is read at a time."""
        return self._hub.input_buffer if self._is_user else self._hub.input_buffer[:EARLY_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """So much has come (asyncio.BufferedProtocol)."""
        if self.closing:
            return
        data = self._hub.input_buffer[:nbytes].tobytes()
        # A step of a handshake costs more than all else: it waits for its turn, unread meanwhile.
        shakes = self._tls is not None and not self._tls.ready
        if shakes or self._input or self._in_line or not self._hub.turns.has_time:
            self._input += data
            self._ask_turn()
        else:
            self._hub.turns.spent(self._work(data))

    def take_turn(self) -> None:
        """It is this connection's turn to have its input worked on (turns.py)."""
        self._in_line = False
        if self.closing:
            return
        data, self._input = self._input, b""
        self._work(data)

    def _ask_turn(self) -> None:
        """Go on with the input when it is this connection's turn; it is not read meanwhile."""
        if not self._in_line:
            self._in_line = True
            turns = self._hub.turns
            turns.ask(turns.users if self._is_user else turns.strangers, self.charged_to, self)
            self._set_reading()

    @property
    def charged_to(self) -> str:
        """Who pays for the work on its input: its user; for strangers and guests, who are new on each connection,
        the address that they come from."""
        caller = self.caller
        if caller is not None and self._is_user and not is_guest(caller.user_id):
            return caller.user_id
        return "@" + self.address.rpartition(":")[0]

    @property
    def _is_user(self) -> bool:
        return self.session.state in IS_USER

    def _work(self, data: bytes) -> float:
        """Take what has come; returns how many seconds it took."""
        now = self._hub.turns.now
        began = now()
        if self._tls is not None and data:
            data = self._decrypt(data)
        if data and not self.closing:
            self.session.receive(data, clock.steady_ms())
        if not self.closing and (data or self._blocked or self.session.pending_bytes):
            self._pump()
        if self._tls is not None and self._tls.eof:
            self.session.lost()
            self.close()
        self._set_reading()
        took = now() - began
        self._spent_s += took
        if self._spent_s > SETTLE_S:
            self._settle()
        return took

    def _settle(self) -> None:
        """Charge the work on the input to the user; one who has cost too much is not read for a while."""
        spent_ms, self._spent_s = self._spent_s * 1000, 0.0
        caller = self.caller
        if caller is None or caller.admin or self.closing:
            return
        wait_ms = self._hub.work_budget.spend(self.charged_to, spent_ms, clock.steady_ms())
        if wait_ms:
            self._hub.counters.slowed += 1
            self._slow(wait_ms / 1000)

    def _slow(self, seconds: float) -> None:
        """Take nothing of it for so long."""
        if not self._slowed:
            self._slowed = True
            self._hub.loop.call_later(seconds, self._slow_no_more)

    def _slow_no_more(self) -> None:
        self._slowed = False
        if not self.closing:
            self._ask_turn()

    def _set_reading(self) -> None:
        """Let the transport read, or not, as is right now."""
        wanted = not (self._blocked or self._in_line or self._slowed)
        if wanted is not self._reading and not self.closing:
            self._reading = wanted
            if wanted:
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _decrypt(self, data: bytes) -> bytes:
        tls = self._tls
        assert tls is not None
        try:
            plain = tls.receive(data)
        except ssl.SSLError as error:
            # Not TLS, a damaged stream, or too much of it: the alert, if there is one, and the end. No frame can be said.
            self._hub.counters.tls_failures += 1
            self._hub.counters.tls_limits += isinstance(error, TlsLimitError)
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
        self.put = nowhere  # it holds this connection: memory is given back now, and not when a collector comes
        self.closing = True
        self.quick = False
        self.session.lost()
        held, self._held = self._held, None
        if held is not None and held.token >> TOKEN_TYPE_SHIFT == GroupJoin.TYPE and self.caller is not None:
            self.caller.reserve(-1)  # it will never be answered
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
        self.say()
        if session.pinged:
            session.pinged = False
            self._hub.tell_heads(self)

    def _pump_soon(self) -> None:
        if not self._reading or self.session.pending_bytes:
            self._ask_turn()

    def _charge(self, type_: int) -> None:
        """LI-01. Raises RcimError: the frame is refused, undecoded, with TOO_FREQUENT; in the end with FLOODING."""
        caller = self.caller
        assert caller is not None
        rates, now_ms = self._hub.rates, clock.steady_ms()
        frame = FRAMES.get(type_)
        operation = COUNTED.get(type_, Operation.OTHER if frame is not None else Operation.CONTROL)
        wait = rates.take(caller.user_id, operation, now_ms)
        if not wait:
            return
        self._hub.counters.too_frequent += 1
        patience = rates.refused(caller.user_id, now_ms)
        if patience is Patience.CLOSE:
            raise RcimError(FLOODING, "", rates.flooding_ms(caller.user_id, now_ms))
        if patience is Patience.SLOW:
            self._slow(SLOW_S)
        name = frame.NAME if frame is not None else f"frame type {type_:#06x}"
        raise RcimError(TOO_FREQUENT, f"{name}: too many of its kind in a minute", wait)

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
            work = hub.work(frame, caller)
        except RcimError as error:
            self.session.refuse(error.code, request_id, frame.TYPE, error.detail, error.retry_after_ms)
            return
        token = frame.TYPE << TOKEN_TYPE_SHIFT | request_id
        if frame.TYPE == GroupJoin.TYPE:
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
        if type_ == GroupJoin.TYPE and self.caller is not None:
            self.caller.reserve(-1)
        if self.closing:
            return
        if type(result) is Refused:
            self.session.refuse(result.code, request_id, type_, result.detail, result.retry_after_ms)
            self.say()
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
            log.exception("an answer to frame type %#06x can not be encoded", type_)
            self.session.refuse(SERVER_ERROR, request_id, type_)
            self.say()
            return
        self.write(data)

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered."""
        return self._in_flight

    def _end_if_answered(self) -> None:
        if self._in_flight == 0 and self.session.state is State.LOGGING_OUT:
            self.session.answered(self._logout_id)
            self.say()

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
        caller, rates = self.caller, self._hub.rates
        if rates.limited and caller is not None and not caller.admin:
            self.session.charge = self._charge
        self.quick = not self.queue.troubled
        self._hub.wheel.set(self, self.session.deadline_ms)
        self.say()
        self._pump_soon()

    def say(self) -> None:
        """Pass on what the session has to say; close if that was all."""
        data = self.session.data_to_send()
        if data:
            self.write(data)
        if self.session.closed:
            self.close()

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

    def refuse_all(self, code: ErrorCode, text: str = "") -> None:
        """Close for a reason that is no request's."""
        self.session.refuse(code, 0, 0, text)
        self.say()
