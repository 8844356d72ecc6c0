"""What comes in from one client: read a piece at a time, worked on in turns (turns.py), and charged (LI-01).

A connection is read only while its requests can be taken (`_blocked`), nothing of it waits in line (`_in_line`), and its
user has not cost too much (`_slowed`). Charged are every frame, before it is decoded, and the time that the input takes.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from rcim.base import clock
from rcim.base.errors import FLOODING, TOO_FREQUENT, RcimError
from rcim.base.ids import is_guest
from rcim.connect.outgoing import Outgoing
from rcim.flow.buckets import Patience, RateClass
from rcim.session.states import State
from rcim.session.tls import TlsLimitError
from rcim.wire.frames import ConversationRead, History, Ping, Pong, Search, Send, Sync
from rcim.wire.peeking import is_transient
from rcim.wire.schema import FRAMES

if TYPE_CHECKING:
    from rcim.connect.hub import Hub

EARLY_BYTES = 4096
"""What is read of a stranger at a time: a frame before login is no longer (WI-04)."""
SETTLE_S = 0.001
"""Work on a user's input is charged when so much has come together."""
SLOW_S = 1.0
"""A user who goes on after many refusals is not read for so long after each piece of input with one more."""
COUNTED = {
    Send.TYPE: RateClass.SEND,
    History.TYPE: RateClass.READ,
    ConversationRead.TYPE: RateClass.READ,
    Sync.TYPE: RateClass.READ,
    Search.TYPE: RateClass.READ,
    Ping.TYPE: RateClass.CONTROL,
    Pong.TYPE: RateClass.CONTROL,
}
"""LI-01: what is counted apart. Other requests are OTHER, frames that are not known CONTROL; a SEND that says that it is
transient is TRANSIENT."""
IS_USER = frozenset({State.OPEN, State.DRAINING, State.LOGGING_OUT})


class Incoming(Outgoing):
    """The reading half of a connection. Everything runs in the loop's thread. `_pump` takes the frames that there are; it
    is the whole connection's."""

    __slots__ = ("_blocked", "_in_line", "_input", "_reading", "_slowed", "_spent_s", "address")

    def __init__(self, hub: Hub, tls: ssl.SSLContext | None) -> None:
        super().__init__(hub, tls)
        self.address = ""
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

    def _pump(self) -> None:
        """Take the frames that there are: the whole connection's (connection.py)."""

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
        principal = self.principal
        if principal is not None and self._is_user and not is_guest(principal.user_id):
            return principal.user_id
        return "@" + self.address.rpartition(":")[0]

    @property
    def _is_user(self) -> bool:
        state = self.session.state
        return state is State.OPEN or state in IS_USER

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
        principal = self.principal
        if principal is None or principal.admin or self.closing:
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

    def _charge(self, type_: int, body: bytes) -> None:
        """LI-01. Raises RcimError: the frame is refused, undecoded, with TOO_FREQUENT; in the end with FLOODING."""
        principal = self.principal
        assert principal is not None
        rates, now_ms = self._hub.rates, clock.steady_ms()
        frame = FRAMES.get(type_)
        operation = COUNTED.get(type_, RateClass.OTHER if frame is not None else RateClass.CONTROL)
        if type_ == Send.TYPE and is_transient(body):
            operation = RateClass.TRANSIENT
        wait = rates.take(principal.user_id, operation, now_ms)
        if not wait:
            return
        self._hub.counters.too_frequent += 1
        patience = rates.refused(principal.user_id, now_ms)
        if patience is Patience.CLOSE:
            raise RcimError(FLOODING, "", rates.flooding_ms(principal.user_id, now_ms))
        if patience is Patience.SLOW:
            self._slow(SLOW_S)
        name = frame.NAME if frame is not None else f"frame type {type_:#06x}"
        if operation is RateClass.TRANSIENT:
            name += ", transient"
        raise RcimError(
            TOO_FREQUENT, f"{name}: too many requests of this kind in a minute; wait before the next", wait
        )
