"""Fan-out: what a conversation delivers, given to every connection in it.

1. Encoded once; all connections get the same bytes, and all messages that wait at the beginning of a pass are in it.
2. A pass over many sockets is cut into chunks, with the loop's other work between them (design 2.6).
3. The next pass begins a slice after the last one began (flow/slices.py); after quiet, at once.
4. Who comes in while messages wait gets those that came after it, and none before. Who goes gets no more.
5. What waits is bounded, and so is what one pass carries: past the first bound the conversation is congested and its
   actor pauses; past the second the next pass begins at once.
6. When the conversation ends, what waits and GROUP_GONE are given to everyone in one go, so that nothing of it can come
   behind a conversation that is made anew with its id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from rcim.actor.records import Message
from rcim.base import clock
from rcim.base.limits import Limits
from rcim.base.terms import GROUP_PREFIX, GoneReason, Priority
from rcim.connect.connection import Connection
from rcim.flow.slices import slice_ms
from rcim.handlers.messages import deliver, split_for_frames
from rcim.wire.frames import GroupGone

log = logging.getLogger("rcim.connect")

PENDING_MESSAGES_MAX = 4096
"""Messages that wait for a pass of one conversation before it is congested: 32 MiB of the largest bodies."""
PASS_BYTES_MAX = 64 * 1024
"""Bytes of bodies that one pass carries to each socket: below the outbound bounds, and cheap to encrypt in chunks."""


class Audience:
    """The connections of one conversation, and what waits for them."""

    __slots__ = (
        "at",
        "backlog",
        "data",
        "first_seq",
        "key",
        "last_seq",
        "members",
        "newcomers",
        "parked",
        "passing",
        "pending",
        "priority",
        "removed",
        "snapshot",
        "started_ms",
        "timer",
        "users",
    )

    def __init__(self, key: str) -> None:
        self.key = key
        self.members: dict[Connection, None] = {}
        self.users = 0
        """How many users the connections belong to."""
        self.pending: list[Message] = []
        self.newcomers: list[tuple[int, Connection]] = []
        """(so many of `pending` came before it, connection)."""
        self.passing = False
        self.parked = False
        """True if the actor was found congested and waits for `resume`."""
        self.backlog = False
        """True if the last pass could not carry all that waited."""
        self.snapshot: list[Connection] = []
        self.at = 0
        self.removed: set[Connection] = set()
        self.data = b""
        self.first_seq = self.last_seq = 0
        self.priority = Priority.NORMAL
        self.started_ms = 0
        self.timer: asyncio.Handle | None = None

    def add(self, connection: Connection) -> None:
        """From the next message on, `connection` gets what is delivered."""
        if self.pending:
            self.newcomers.append((len(self.pending), connection))
        else:
            self.members[connection] = None

    def remove(self, connection: Connection) -> None:
        """From now on `connection` gets nothing."""
        self.members.pop(connection, None)
        self.newcomers = [n for n in self.newcomers if n[1] is not connection]
        if self.passing:
            self.removed.add(connection)

    @property
    def empty(self) -> bool:
        """True if nobody is in it and nothing is under way."""
        return not (self.members or self.newcomers or self.passing)

    def take(self) -> list[Message]:
        """What the next pass carries: what waits, up to where somebody came in, and to PASS_BYTES_MAX."""
        self._admit()
        end = min((before for before, _ in self.newcomers), default=len(self.pending))
        count = size = 0
        while count < end and (count == 0 or size < PASS_BYTES_MAX):
            size += len(self.pending[count].body)
            count += 1
        taken, self.pending = self.pending[:count], self.pending[count:]
        self.newcomers = [(before - count, who) for before, who in self.newcomers]
        self.backlog = count < end
        return taken

    def _admit(self) -> None:
        for before, who in self.newcomers:
            if before == 0:
                self.members[who] = None
        self.newcomers = [n for n in self.newcomers if n[0] > 0]


class Fanout:
    """All audiences. `resume` is called with the key of a conversation that is congested no longer."""

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop, resume: Callable[[str], None]) -> None:
        self._limits = limits
        self._loop = loop
        self._resume = resume
        self._audiences: dict[str, Audience] = {}
        self.passes = 0
        self.deliveries = 0

    def __len__(self) -> int:
        return len(self._audiences)

    def audience(self, key: str) -> Audience:
        """The audience of `key`, made if there is none."""
        return self._audiences.get(key) or self._audiences.setdefault(key, Audience(key))

    def find(self, key: str) -> Audience | None:
        """The audience of `key` if anybody is online in it."""
        return self._audiences.get(key)

    def remove(self, key: str, connection: Connection) -> None:
        """`connection` gets nothing of `key` any more."""
        audience = self._audiences.get(key)
        if audience is not None:
            audience.remove(connection)
            if audience.empty:
                self._drop(audience)

    def _drop(self, audience: Audience) -> None:
        """Nobody is in it: what waits for nobody is forgotten, and who waited for room goes on."""
        if self._audiences.get(audience.key) is audience:
            del self._audiences[audience.key]
        audience.pending.clear()
        if audience.timer is not None:
            audience.timer.cancel()
            audience.timer = None
        self._unpark(audience)

    def congested(self, key: str) -> bool:
        """True if the actor of `key` has to wait for `resume`."""
        audience = self._audiences.get(key)
        if audience is None or len(audience.pending) < PENDING_MESSAGES_MAX:
            return False
        audience.parked = True
        return True

    def deliver(self, key: str, messages: Sequence[Message]) -> None:
        """Give `messages` to everyone in `key`."""
        audience = self._audiences.get(key)
        if audience is not None:
            audience.pending.extend(messages)
            self._arm(audience)

    def end(self, key: str) -> None:
        """The conversation is over: what waits goes out, then everyone is told, all of it at once. It is written at the
        end of the turn, some hundred connections at a time."""
        audience = self._audiences.get(key)
        if audience is None:
            return
        if audience.passing:
            rest = audience.snapshot[audience.at :]
            self._give(audience, [c for c in rest if c not in audience.removed])
            audience.at, audience.snapshot = 0, []
        while audience.pending:
            self._prepare(audience, audience.take())
            self._give(audience, list(audience.members))
        gone = GroupGone(key.removeprefix(GROUP_PREFIX), GoneReason.DISSOLVED).encode()
        for connection in [*audience.members, *(who for _, who in audience.newcomers)]:
            connection.write(gone)
        audience.members.clear()
        audience.newcomers.clear()
        self._drop(audience)

    def _give(self, audience: Audience, connections: Sequence[Connection]) -> None:
        """What was prepared, gathered with what else each connection gets in this turn."""
        for connection in connections:
            if connection.quick:
                connection.write(audience.data)
            else:
                self._offer(audience, connection)

    # -- passes

    def _arm(self, audience: Audience, *, in_turn: bool = False) -> None:
        """Begin a pass when it is time; with `in_turn` not before the loop has turned to others."""
        if audience.passing or audience.timer is not None:
            return
        wait_ms = audience.started_ms + slice_ms(len(audience.members)) - clock.steady_ms()
        if wait_ms <= 0 or audience.backlog:
            if in_turn:
                audience.timer = self._loop.call_soon(self._begin, audience)
            else:
                self._begin(audience)
        else:
            audience.timer = self._loop.call_later(wait_ms / 1000, self._begin, audience)

    def _begin(self, audience: Audience) -> None:
        audience.timer = None
        messages = audience.take()
        if not messages:
            return
        self._prepare(audience, messages)
        audience.snapshot, audience.at = list(audience.members), 0
        audience.passing = True
        audience.started_ms = clock.steady_ms()
        self.passes += 1
        self.deliveries += len(messages) * len(audience.snapshot)
        self._chunk(audience)

    def _prepare(self, audience: Audience, messages: Sequence[Message]) -> None:
        """Encode `messages`, once for all."""
        runs = split_for_frames(messages, self._limits)
        audience.data = b"".join(deliver(audience.key, run) for run in runs)
        audience.first_seq, audience.last_seq = messages[0].seq, messages[-1].seq
        audience.priority = min(m.priority for m in messages)

    def _offer(self, audience: Audience, connection: Connection) -> None:
        connection.offer(
            audience.data,
            audience.key,
            audience.first_seq,
            audience.last_seq,
            audience.priority,
            audience.started_ms,
        )

    def _chunk(self, audience: Audience) -> None:
        """Write to the next `fanout_chunk` connections: the innermost loop of the server."""
        data, removed = audience.data, audience.removed
        start = audience.at
        end = audience.at = start + self._limits.fanout_chunk
        for connection in audience.snapshot[start:end]:
            if removed and connection in removed:
                continue
            try:
                if not connection.quick:
                    self._offer(audience, connection)
                elif connection.out:
                    connection.out.append(data)
                else:
                    connection.write_now(data)
            except Exception:  # it is this connection's; the pass goes on for the others
                log.exception("giving to connection %d failed", connection.id)
        if end < len(audience.snapshot):
            self._loop.call_soon(self._chunk, audience)
        else:
            self._finish(audience)

    def _finish(self, audience: Audience) -> None:
        audience.passing = False
        audience.snapshot, audience.data = [], b""
        audience.removed.clear()
        if len(audience.pending) < PENDING_MESSAGES_MAX // 2:
            self._unpark(audience)
        if audience.pending:
            self._arm(audience, in_turn=True)
        elif audience.empty:
            self._drop(audience)

    def _unpark(self, audience: Audience) -> None:
        if audience.parked:
            audience.parked = False
            self._resume(audience.key)
