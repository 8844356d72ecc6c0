"""Who is online in one conversation, how far each of them has got, and what is kept for those who are behind.

Messages are numbered in the order in which they came, from 0; each connection has the number of the next one it is to
get. So who comes in gets what comes after, who goes gets nothing more, and everyone gets everything once and in order,
however the rounds of the fan-out and the coming and going fall together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rcim.base.limits import Limits
from rcim.base.terms import Priority
from rcim.connect.changes import Changes
from rcim.dispatch.requests import Packed
from rcim.handlers.messages import deliver_stem
from rcim.wire.frames import Deliver
from rcim.wire.rows import frame_of_rows

VISIT_BYTES_MAX = 64 * 1024
"""Bytes of one visit to a socket: below the outbound bounds, and cheap to encrypt in chunks."""
VISIT_ROWS_MAX = 500
FRAME_RESERVE = 512
"""What a DELIVER holds besides its rows."""


class Visit(NamedTuple):
    """What a connection gets in one visit: one DELIVER, and the number that comes after it."""

    data: bytes
    end: int
    first_seq: int
    last_seq: int
    priority: Priority


class Audience:
    """The connections of one conversation. `order`, `at` and `in_round` belong to the round under way."""

    __slots__ = (
        "_base",
        "_kept",
        "_low",
        "_size_max",
        "_stem",
        "_visits",
        "at",
        "backlog",
        "changes",
        "changes_timer",
        "changes_told_ms",
        "directed",
        "heard_ms",
        "heard_seq",
        "in_round",
        "key",
        "members",
        "newest_seq",
        "order",
        "parked",
        "started_ms",
        "telling",
        "timer",
        "told",
        "users",
    )

    def __init__(self, key: str, limits: Limits) -> None:
        self.key = key
        self.members: dict[Any, int] = {}
        """Connection to the number of the next message it is to get; in the order in which they came in."""
        self.users = 0
        """How many users the connections belong to."""
        self.newest_seq = 0
        """The SEQ of the message that came last; 0 if none has come."""
        self.heard_seq = 0
        """The SEQ of the newest message, also if it is delivered to nobody (LI-03)."""
        self.heard_ms = 0
        """When it came (steady time)."""
        self._kept: list[Packed] = []
        self._base = 0
        self._low = 0
        self._stem = deliver_stem(key)
        self._size_max = min(VISIT_BYTES_MAX, limits.frame_bytes_max) - FRAME_RESERVE
        self._visits: dict[int, Visit] = {}
        self.directed = 0
        """How many of what is kept are not for all (MS-07): while there are any, a visit is made for its user."""
        self.in_round = False
        self.backlog = False
        """True if a visit of this round could not carry all that there was."""
        self.parked = False
        """True if the actor was found congested and waits for `resume`."""
        self.order: list[Any] = []
        self.at = 0
        self.started_ms = 0
        self.timer: Any = None
        self.changes = Changes(limits.notice_users_max)
        """Weak notices that wait (GT-15)."""
        self.told: list[bytes] = []
        """Frames that wait while others are given out."""
        self.telling = False
        self.changes_timer: Any = None
        self.changes_told_ms = 0

    def add(self, connection: Any) -> None:
        """From the next message on, `connection` gets what is delivered."""
        self.members.setdefault(connection, self.next)

    def remove(self, connection: Any) -> None:
        """From now on `connection` gets nothing."""
        self.members.pop(connection, None)

    def has_got_all(self, connection: Any) -> bool:
        """True if nothing that is kept here is still to be given to `connection`."""
        return self.members.get(connection, self.next) == self.next

    def put(self, messages: Sequence[Packed]) -> None:
        """Keep `messages` for everyone who is in it now."""
        self._kept.extend(messages)
        for message in messages:
            if message.only:
                self.directed += 1
        self.newest_seq = messages[-1].seq
        self._visits.clear()

    @property
    def next(self) -> int:
        """The number of the next message that comes."""
        return self._base + len(self._kept)

    @property
    def waiting(self) -> int:
        """How many messages somebody had not got when `trim` was called last, and what has come since."""
        return self.next - self._low

    @property
    def kept(self) -> int:
        """How many messages are in memory."""
        return len(self._kept)

    @property
    def empty(self) -> bool:
        """True if nobody is in it and nothing is under way."""
        return not self.members and not self.in_round

    @property
    def idle(self) -> bool:
        """True if nothing is on its way to anybody."""
        return not (self.in_round or self.waiting or self.told or self.timer is not None)

    def visit(self, number: int) -> Visit:
        """What a connection gets whose next message is `number`, which is below `next`. The same bytes for all."""
        found = self._visits.get(number)
        if found is None:
            found = self._visits[number] = self._made(number)
        return found

    def visit_of(self, number: int, user_id: str) -> Visit:
        """As `visit`, of one user, while not everything is for all."""
        start = number - self._base
        mine = [i for i, m in enumerate(self._kept[start : start + VISIT_ROWS_MAX]) if m.only and user_id in m.only]
        if not mine:
            return self.visit(number)
        return self._made(number, frozenset(mine))

    def _made(self, number: int, mine: frozenset[int] = frozenset()) -> Visit:
        """`mine`: which of the rows from `number` on that are not for all are for this user."""
        start = number - self._base
        end, size, kept = start, 0, self._kept
        most = min(len(kept), start + VISIT_ROWS_MAX)
        while end < most and (end == start or size + len(kept[end].row) <= self._size_max):
            size += len(kept[end].row)
            end += 1
        self.backlog |= end < len(kept)
        rows = kept[start:end]
        data = frame_of_rows(
            Deliver.TYPE,
            self._stem,
            [m.row if not m.only or i in mine else m.veiled for i, m in enumerate(rows)],
        )
        return Visit(data, self._base + end, rows[0].seq, rows[-1].seq, min(m.priority for m in rows))

    def trim(self) -> None:
        """Forget what everyone has got."""
        self._low = min(self.members.values(), default=self.next)
        if self.directed:
            self.directed -= sum(1 for message in self._kept[: self._low - self._base] if message.only)
        del self._kept[: self._low - self._base]
        self._base = self._low
        self._visits.clear()

    def forget(self) -> None:
        """Nothing is kept for anyone any more."""
        self._base = self._low = self.next
        self._kept.clear()
        self.directed = 0
        self._visits.clear()
        self.order, self.at = [], 0
