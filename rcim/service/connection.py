"""A connection of an adapter: its requests in flight, its turns, login, deadlines and end.

It takes requests only while fewer than `requests_in_flight_max` are unanswered, its last command found room in the
mailbox, and its client reads what is sent. rcim/connect/incoming.py reads it, and outgoing.py sends.

An adapter's connection is a subclass. It has to define

    received(data), has_input           received bytes, decrypted
    take()                              take one request out of them, and call `submit` or `login`
    reply(token, result)                send a result
    refuse(token, error)                send the error of one request
    refuse_all(code, text), lost()      end the connection, with an error or without one
    logged_in, login_refused, expects_login, is_user
    going_away(notice), drained()       WI-07
    next_deadline_ms, on_deadline       the deadlines of its protocol

and may define `turn_done`, `all_answered` and `end`.
"""

from __future__ import annotations

import ssl
from abc import abstractmethod
from enum import Enum
from typing import Any

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import SERVER_ERROR, TOO_MANY_CONNECTIONS, TOO_SLOW, RcimError
from rcim.base.ids import is_guest
from rcim.base.limited_log import LimitedLog
from rcim.connect.codec import Codec, MessagesMissed
from rcim.connect.incoming import Incoming
from rcim.connect.logins import LoginRequest
from rcim.connect.outgoing import nowhere
from rcim.dispatch.request_ids import REQUEST_ID_MASK
from rcim.flow.buckets import RateClass
from rcim.service.requests import Request
from rcim.service.results import Result
from rcim.service.service import Held, Service, TooFrequentError

log = LimitedLog("rcim.service")

SLOW_S = 1.0
"""How long a user who continues after many refusals is not read, after each input with a further refusal."""


class Taken(Enum):
    """The result of `take`."""

    ONE = 1
    """A request was taken and submitted."""
    NONE = 2
    """There is no complete request."""
    TURN_OVER = 3
    """There may be more requests, but other connections have their turn first."""
    CLOSED = 4
    """No request may be taken: a login is being checked, or the connection is ending."""


class Connection(Incoming):
    """See the module's text. Everything runs in the loop's thread."""

    __slots__ = ("_held", "_in_flight", "limited", "service")

    def __init__(self, service: Service, codec: Codec, tls: ssl.SSLContext | None) -> None:
        super().__init__(service.hub.table, codec, tls)
        self.service = service
        self._held: Held | None = None
        self._in_flight = 0
        self.limited = False
        """True if its user's requests are counted (LI-01)."""

    # -- what the adapter does, besides what Incoming and Outgoing ask for

    def begin_turn(self) -> None:
        """Called before `take` is called for a while."""

    @abstractmethod
    def take(self) -> Taken:
        """Take one request."""

    def turn_done(self) -> None:
        """Called when no more requests are taken for now."""

    @abstractmethod
    def reply(self, token: int, result: Result) -> None:
        """Send the result of the request with this token. Raises if it cannot be encoded."""

    @abstractmethod
    def refuse(self, token: int, error: RcimError) -> None:
        """Send the error that answers the request with this token."""

    def all_answered(self) -> None:
        """Called when no request is in flight any more."""

    @property
    @abstractmethod
    def next_deadline_ms(self) -> int:
        """When `on_deadline` has something to do (steady time)."""

    @abstractmethod
    def on_deadline(self, now_ms: int) -> None:
        """How late that may be noticed."""

    # -- transport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self.put = transport.write if self._tls is None else self._put_sealed
        if not self.address:
            peer = transport.get_extra_info("peername")
            self.address = f"{peer[0]}:{peer[1]}" if peer else ""
        soft = self._table.limits.out_soft_bytes
        transport.set_write_buffer_limits(high=soft, low=soft // 2)
        if not self._table.admit(self):
            self.refuse_all(TOO_MANY_CONNECTIONS)

    def pause_writing(self) -> None:
        """The client does not read what it is sent (RX-07)."""
        if not self.closing:
            self.quick = False
            self.paused = True
            self.held_bytes = sum(map(len, self.out))
            self.queue.slow_since_ms = self.queue.slow_since_ms or clock.steady_ms()
            self.set_timer()
            self._table.counters.slow_receivers += 1

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
            self.push(conversation, MessagesMissed(first, newest))
            self._table.counters.resyncs += 1
        self.quick = self.principal is not None and not self.queue.troubled
        self.pump_soon()

    def connection_lost(self, exc: Exception | None) -> None:
        self.put = nowhere  # it holds this connection: memory is given back now, and not when a collector comes
        self.closing = True
        self.quick = False
        self.lost()
        held, self._held = self._held, None
        if held is not None:
            self.service.dropped(held)
        self.service.hub.forget(self)

    # -- requests

    @property
    def in_flight(self) -> int:
        """Requests taken and not yet answered."""
        return self._in_flight

    @property
    def charged_to(self) -> str:
        """Who pays for the time of its input: the user; before login and for guests, who are new on each connection,
        the address."""
        principal = self.principal
        if principal is not None and self.is_user and not is_guest(principal.user_id):
            return principal.user_id
        return "@" + self.host

    def charge(self, rate: RateClass, what: str) -> None:
        """LI-01: count a request of this class, before it is decoded; `what` names it in the error. Raises
        RcimError(TOO_FREQUENT), and RcimError(FLOODING), which ends the connection."""
        principal = self.principal
        if not self.limited or principal is None:
            return
        try:
            self.service.charge(principal, rate, what)
        except TooFrequentError as error:
            if error.slow:
                self._slow(SLOW_S)
            raise

    def _pump(self) -> None:
        """Take requests while there are any and they may be taken; then send the pending output."""
        in_flight_max = self._table.limits.requests_in_flight_max
        self._blocked = False
        self.begin_turn()
        while not self._slowed:
            if self._held is not None or self._in_flight >= in_flight_max or self.queue.slow_since_ms:
                self._blocked = True
                break
            taken = self.take()
            if taken is Taken.ONE:
                continue
            if taken is Taken.TURN_OVER:
                self._ask_turn()
            elif taken is Taken.CLOSED:
                self._blocked = True  # what comes now stays with the client
            break
        self._set_reading()
        self.turn_done()

    def pump_soon(self) -> None:
        """Take the requests that have arrived, when it is this connection's turn."""
        if not self._reading or self.has_input:
            self._ask_turn()

    def submit(self, request: Request, token: int) -> None:
        """Hand a request to the service; its result comes by `reply` or `refuse`, with this token."""
        principal = self.principal
        assert principal is not None, "nothing is submitted before the log-in"
        self._table.counters.requests += 1
        self._in_flight += 1
        try:
            self._held = self.service.submit(principal, request, self, token)
        except RcimError as error:
            self._in_flight -= 1
            self._table.refused_by[error.code.kind] += 1
            self.refuse(token, error)

    def mailbox_drained(self, key: str) -> None:
        """There is room again for the command that is held (ReplyTo)."""
        held, self._held = self._held, None
        if held is None or self.closing:
            return
        if not self.service.retry(held):
            self._held = held
            return
        self.pump_soon()

    def answer(self, token: int, result: Result) -> None:
        """A request of this connection has its result (ReplyTo)."""
        self._in_flight -= 1
        if self.closing:
            return
        if type(result) is Refused:
            self._table.refused_by[result.code.kind] += 1
            self.refuse(token, RcimError(result.code, result.detail, result.retry_after_ms))
        else:
            try:
                self.reply(token, result)
            except Exception:  # a fault of ours: who asked must not wait for ever
                log.exception(
                    "a result can't be encoded",
                    connection=self.id,
                    request_id=token & REQUEST_ID_MASK,
                    result=type(result).__name__,
                )
                self._table.refused_by[SERVER_ERROR.kind] += 1
                self.refuse(token, RcimError(SERVER_ERROR))
        if not self._in_flight:
            self.all_answered()
        if self._blocked:
            self.pump_soon()

    # -- log-in

    def login(self, request: LoginRequest, token: int) -> None:
        """Check a login; `logged_in` or `login_refused` is called with the result."""
        self.service.hub.logins.begin(self, request, token)

    def opened(self) -> None:
        """To be called by `logged_in`: deliveries may be sent, and waiting requests are taken."""
        self.count_frames()
        self.quick = not self.queue.troubled
        self.set_timer()
        self.pump_soon()

    def count_frames(self) -> None:
        """Look again whether its frames are counted (LI-01): after a login, and when limits or administrators have
        changed (OP-03)."""
        principal = self.principal
        self.limited = self._table.rates.limited and principal is not None and not principal.admin

    # -- time

    @property
    def deadline_ms(self) -> int:
        """The earliest of all deadlines (steady time)."""
        if self.queue.slow_since_ms:
            return min(self.next_deadline_ms, self.queue.slow_since_ms + self._table.limits.out_slow_ms)
        return self.next_deadline_ms

    def set_timer(self) -> None:
        """Have `on_timer` called at the earliest of all deadlines. To be called when a deadline may have become
        earlier; a deadline that becomes later needs no call."""
        self._table.wheel.set(self, self.deadline_ms)

    def on_timer(self, now_ms: int) -> None:
        """A deadline of this connection may have passed; sets the next one."""
        if self.closing:
            self._transport.abort()
            return
        if self.queue.too_slow(now_ms):
            self.throw_away()  # the fewer bytes are before it, the likelier does it arrive
            self.linger_ms = self._table.limits.out_slow_ms
            self.refuse_all(TOO_SLOW)
            return
        self.on_deadline(now_ms)
        if not self.closing:
            self.set_timer()
