"""What comes in from one client: read a piece at a time, worked on in turns (turns.py), and charged (LI-01).

A connection is read only while its requests can be taken (`_blocked`), nothing of it waits in line (`_in_line`), and its
user has not cost too much (`_slowed`). Charged are every request, before it is decoded
(rcim/service/service.py), and the time that the input takes.
"""

from __future__ import annotations

import ssl
from abc import abstractmethod

from rcim.base import clock
from rcim.base.ids import is_guest
from rcim.base.limited_log import LimitedLog
from rcim.connect.codec import Codec
from rcim.connect.outgoing import Outgoing
from rcim.connect.table import ConnectionTable
from rcim.session.tls import TlsLimitError

log = LimitedLog("rcim.connect")

EARLY_BYTES = 4096
"""What is read of a stranger at a time: a frame before login is no longer (WI-04)."""
SETTLE_S = 0.001
"""Work on a user's input is charged when so much has come together."""


class Incoming(Outgoing):
    """The reading half of a connection. Everything runs in the loop's thread. `_pump` takes the frames that there are; it
    is the whole connection's."""

    __slots__ = ("_blocked", "_in_line", "_input", "_reading", "_slowed", "_spent_s")

    def __init__(self, table: ConnectionTable[Outgoing], codec: Codec, tls: ssl.SSLContext | None) -> None:
        super().__init__(table, codec, tls)
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

    # -- what its adapter does

    @property
    @abstractmethod
    def is_user(self) -> bool:
        """True once somebody is logged in on it."""

    @abstractmethod
    def received(self, data: bytes) -> None:
        """These bytes have come, decrypted. What they ask is taken by `_pump`."""

    @property
    @abstractmethod
    def has_input(self) -> bool:
        """True if bytes have come that are not taken yet."""

    @abstractmethod
    def _pump(self) -> None:
        """Take the requests that there are (rcim/service/connection.py)."""

    # -- reading

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what has come; it bounds what is read at a time."""
        return self._table.input_buffer if self.is_user else self._table.input_buffer[:EARLY_BYTES]

    def buffer_updated(self, nbytes: int) -> None:
        """So much has come (asyncio.BufferedProtocol)."""
        if self.closing:
            return
        data = self._table.input_buffer[:nbytes].tobytes()
        # A step of a handshake costs more than all else: it waits for its turn, unread meanwhile.
        shakes = self._tls is not None and not self._tls.ready
        if shakes or self._input or self._in_line or not self._table.turns.has_time:
            self._input += data
            self._ask_turn()
        else:
            self._table.turns.spent(self._work(data))

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
            turns = self._table.turns
            turns.ask(turns.users if self.is_user else turns.strangers, self.charged_to, self)
            self._set_reading()

    @property
    def charged_to(self) -> str:
        """Who pays for the work on its input: its user; for strangers and guests, who are new on each connection,
        the address that they come from."""
        principal = self.principal
        if principal is not None and self.is_user and not is_guest(principal.user_id):
            return principal.user_id
        return "@" + self.host

    def _work(self, data: bytes) -> float:
        """Take what has come; returns how many seconds it took. Never raises: a fault ends this connection alone."""
        now = self._table.turns.now
        began = now()
        try:
            self._take_input(data)
        except Exception as error:
            log.exception("handling the input of a connection failed", connection=self.id)
            self.failed(error)
        took = now() - began
        self._spent_s += took
        if self._spent_s > SETTLE_S:
            self._settle()
        return took

    def _take_input(self, data: bytes) -> None:
        if self._tls is not None and data:
            data = self._decrypt(data)
        if data and not self.closing:
            self.received(data)
        if not self.closing and (data or self._blocked or self.has_input):
            self._pump()
        if self._tls is not None and self._tls.eof:
            self.lost()
            self.close()
        self._set_reading()

    def _settle(self) -> None:
        """Charge the work on the input to the user; one who has cost too much is not read for a while."""
        spent_ms, self._spent_s = self._spent_s * 1000, 0.0
        principal = self.principal
        if principal is None or principal.admin or self.closing:
            return
        wait_ms = self._table.work_budget.spend(self.charged_to, spent_ms, clock.steady_ms())
        if wait_ms:
            self._table.counters.slowed += 1
            self._slow(wait_ms / 1000)

    def _slow(self, seconds: float) -> None:
        """Take nothing of it for so long."""
        if not self._slowed:
            self._slowed = True
            self._table.loop.call_later(seconds, self._slow_no_more)

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
            self._table.counters.tls_failures += 1
            self._table.counters.tls_limits += isinstance(error, TlsLimitError)
            self.lost()
            self._end(tls.data_to_send())
            return b""
        said = tls.data_to_send()
        if said:  # of the handshake, or an answer to a change of keys
            self._transport.write(said)
        return plain
