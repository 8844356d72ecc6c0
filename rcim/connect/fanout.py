"""Fan-out: what a conversation delivers, given to every connection in it.

1. Encoded once; all connections get the same bytes, and all messages that wait at the beginning of a pass are in it.
2. A pass over many sockets is cut into chunks, with the loop's other work between them (design 2.6).
3. The next pass begins a slice after the last one began (flow/slices.py); after quiet, at once.
4. Who comes in while messages wait gets those that came after it, and none before. Who goes gets no more.
5. What waits is bounded: past the bound the conversation is congested and its actor pauses.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rcim.actor.records import Message
from rcim.base import clock
from rcim.base.limits import Limits
from rcim.base.terms import GROUP_PREFIX, GoneReason, Priority
from rcim.connect.connection import Connection
from rcim.flow.slices import slice_ms
from rcim.handlers.messages import deliver, split_for_frames
from rcim.wire.frames import GroupGone

PENDING_MESSAGES_MAX = 4096
"""Messages that wait for a pass of one conversation before it is congested: 32 MiB of the largest bodies."""


class Audience:
    """The connections of one conversation, and what waits for them."""

    __slots__ = (
        "at",
        "data",
        "first_seq",
        "gone",
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
        self.gone = False
        self.snapshot: list[Connection] = []
        self.at = 0
        self.removed: set[Connection] = set()
        self.data = b""
        self.first_seq = self.last_seq = 0
        self.priority = Priority.NORMAL
        self.started_ms = 0
        self.timer: asyncio.TimerHandle | None = None

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
        """What the next pass carries: all that waits, or what waits up to where somebody came in."""
        self._admit()
        count = min((before for before, _ in self.newcomers), default=len(self.pending))
        taken, self.pending = self.pending[:count], self.pending[count:]
        self.newcomers = [(before - count, who) for before, who in self.newcomers]
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
        """The conversation is over: what waits goes out, then everyone is told."""
        audience = self._audiences.pop(key, None)
        if audience is not None:
            audience.gone = True
            self._arm(audience)

    # -- passes

    def _arm(self, audience: Audience) -> None:
        if audience.passing or audience.timer is not None:
            return
        wait_ms = audience.started_ms + slice_ms(len(audience.members)) - clock.steady_ms()
        if wait_ms <= 0:
            self._begin(audience)
        else:
            audience.timer = self._loop.call_later(wait_ms / 1000, self._begin, audience)

    def _begin(self, audience: Audience) -> None:
        audience.timer = None
        messages = audience.take()
        if not messages:
            if audience.gone:
                self._tell_gone(audience)
            return
        runs = split_for_frames(messages, self._limits)
        audience.data = b"".join(deliver(audience.key, run) for run in runs)
        audience.first_seq, audience.last_seq = messages[0].seq, messages[-1].seq
        audience.priority = min(m.priority for m in messages)
        audience.snapshot, audience.at = list(audience.members), 0
        audience.passing = True
        audience.started_ms = clock.steady_ms()
        self.passes += 1
        self.deliveries += len(messages) * len(audience.snapshot)
        self._chunk(audience)

    def _chunk(self, audience: Audience) -> None:
        """Write to the next `fanout_chunk` connections: the innermost loop of the server."""
        data, removed = audience.data, audience.removed
        start = audience.at
        end = audience.at = start + self._limits.fanout_chunk
        for connection in audience.snapshot[start:end]:
            if removed and connection in removed:
                continue
            if not connection.quick:
                connection.offer(
                    data,
                    audience.key,
                    audience.first_seq,
                    audience.last_seq,
                    audience.priority,
                    audience.started_ms,
                )
            elif connection.out:
                connection.out.append(data)
            else:
                connection.write_now(data)
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
        if audience.pending or audience.gone:
            self._arm(audience)
        elif audience.empty:
            self._drop(audience)

    def _unpark(self, audience: Audience) -> None:
        if audience.parked:
            audience.parked = False
            self._resume(audience.key)

    def _tell_gone(self, audience: Audience) -> None:
        group_id = audience.key.removeprefix(GROUP_PREFIX)
        data = GroupGone(group_id, GoneReason.DISSOLVED).encode()
        for connection in audience.members:
            connection.write(data)
        audience.members.clear()
        self._drop(audience)
