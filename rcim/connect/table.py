"""The table of connections: their ids, bounds, deadlines, and what they share: input turns, rates, and the end of a turn,
when what was gathered for each is written. Everything runs in the loop's thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from rcim.base import clock
from rcim.base.error_kinds import ErrorKind
from rcim.base.limits import Limits
from rcim.connect.turns import Turns
from rcim.flow.buckets import UserRates, WorkBudget
from rcim.flow.wheel import TimingWheel

FLUSH_CHUNK = 256
"""Connections written to at the end of one turn; more of them wait for the next."""
NUMBER_SHIFT = 40
"""A connection's id is a number within its table, and above these bits the table's number. It begins with the clock, in
milliseconds: so ids do not come again after a restart, unless there were more than a thousand connections a second."""
INPUT_BYTES = 16 * 1024
"""What is read of one connection at a time: in records of one byte each it costs 3 ms."""
INPUT_BURST_S = 2
"""A user's input may cost as much at once as it may in so many seconds."""
WHEEL_TICK_S = 0.25
"""How late a deadline of a connection may be noticed."""


class Counters:
    """What the connections of this process have done since the start."""

    __slots__ = (
        "accepted",
        "audit_lost",
        "left_out",
        "logins",
        "proxy_headers_refused",
        "refused_connections",
        "refused_logins",
        "requests",
        "resyncs",
        "slow_receivers",
        "slowed",
        "tls_failures",
        "tls_limits",
        "too_frequent",
    )

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    accepted: int
    audit_lost: int
    """Lines of the audit log that could not be written."""
    left_out: int
    logins: int
    proxy_headers_refused: int
    """Connections of proxies that were closed because their header was missing, late or wrong."""
    refused_connections: int
    refused_logins: int
    requests: int
    resyncs: int
    slow_receivers: int
    slowed: int
    tls_failures: int
    tls_limits: int
    too_frequent: int


class Admitted(Protocol):
    """What the table needs of a connection."""

    id: int
    address: str
    from_proxy: bool

    @property
    def deadline_ms(self) -> int:
        """When `on_timer` has something to do, at the earliest (steady time)."""

    def on_timer(self, now_ms: int) -> None:
        """A deadline may have come."""

    def flush(self) -> None:
        """Write what was gathered in this turn."""

    def failed(self, error: Exception) -> None:
        """It is the end of this connection. Never raises."""


C = TypeVar("C", bound=Admitted)


def for_each(connections: Iterable[C], call: Callable[[C], object]) -> None:
    """Do something with each connection. What one of them raises ends that one, and no other notices."""
    for connection in connections:
        try:
            call(connection)
        except Exception as error:
            connection.failed(error)


class ConnectionTable(Generic[C]):
    """See the module's text. `start` once, `stop` at the end. `number` tells several tables of one server apart: ids of
    connections begin with it."""

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop, number: int = 0) -> None:
        self.limits = limits
        self.loop = loop
        self.counters = Counters()
        self.refused_by = dict.fromkeys(ErrorKind, 0)
        """Requests that were answered with an error, by whose fault it was."""
        self.turns = Turns(0.0, 0.0, loop.call_soon)
        self.input_buffer = memoryview(bytearray(INPUT_BYTES))
        """Where the transport puts what has come; it is taken out at once."""
        self.wheel: TimingWheel[Admitted] = TimingWheel(clock.steady_ms(), int(WHEEL_TICK_S * 1000))
        self.rates = UserRates((0, 0, 0, 0, 0, 0))
        self.work_budget = WorkBudget(0, INPUT_BURST_S)
        self.take_limits()
        self._connections: dict[int, C] = {}
        self._by_address: dict[str, int] = {}
        self._last_id = (number << NUMBER_SHIFT) + clock.wall_ms() % (1 << NUMBER_SHIFT)
        self._to_flush: list[Admitted] = []
        self._ticker: asyncio.TimerHandle | None = None

    def take_limits(self) -> None:
        """What is made of limits follows them (OP-03)."""
        limits = self.limits
        self.turns.set_budgets(limits.input_turn_ms / 1000, limits.handshake_turn_ms / 1000)
        self.rates.set_rates(
            (
                limits.sends_per_min,
                limits.reads_per_min,
                limits.requests_per_min,
                limits.control_per_min,
                limits.refusals_per_min,
                limits.transients_per_min,
            )
        )
        self.work_budget.set_rate(limits.input_ms_per_s)

    def start(self) -> None:
        """Begin to watch deadlines."""
        self._ticker = self.loop.call_later(WHEEL_TICK_S, self._tick)

    def stop(self) -> None:
        """No more timers."""
        if self._ticker is not None:
            self._ticker.cancel()

    def _tick(self) -> None:
        self._ticker = self.loop.call_later(WHEEL_TICK_S, self._tick)
        now_ms = clock.steady_ms()
        for_each(self.wheel.advance(now_ms), lambda connection: connection.on_timer(now_ms))

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[C]:
        """In the order of their ids."""
        return iter(list(self._connections.values()))

    def find(self, connection_id: int) -> C | None:
        """The connection with this id, if it is still there."""
        return self._connections.get(connection_id)

    def after(self, connection_id: int) -> Iterator[C]:
        """Those with larger ids, in order. Nothing may be added or removed meanwhile."""
        return (one for number, one in self._connections.items() if number > connection_id)

    def admit(self, connection: C) -> bool:
        """Take in a new connection. False: it is over a bound, and to be closed."""
        self._last_id += 1
        connection.id = self._last_id
        self._connections[connection.id] = connection
        host = connection.address.rpartition(":")[0]
        count = self._by_address[host] = self._by_address.get(host, 0) + 1
        self.wheel.set(connection, connection.deadline_ms)
        crowded = count > self.limits.connections_per_address_max and not connection.from_proxy
        if len(self._connections) > self.limits.connections_max or crowded:
            self.counters.refused_connections += 1
            return False
        self.counters.accepted += 1
        return True

    def forget(self, connection: C) -> bool:
        """The connection is gone. False if it was not there."""
        if self._connections.pop(connection.id, None) is None:
            return False
        self.wheel.discard(connection)
        host = connection.address.rpartition(":")[0]
        self._by_address[host] -= 1
        if not self._by_address[host]:
            del self._by_address[host]
        return True

    def flush_later(self, connection: Admitted) -> None:
        """`connection` has something to write at the end of this turn."""
        if not self._to_flush:
            self.loop.call_soon(self._flush)
        self._to_flush.append(connection)

    def _flush(self) -> None:
        now, self._to_flush = self._to_flush[:FLUSH_CHUNK], self._to_flush[FLUSH_CHUNK:]
        if self._to_flush:
            self.loop.call_soon(self._flush)
        for connection in now:
            connection.flush()
