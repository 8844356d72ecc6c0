"""Who is online in one conversation, how far each of them has got, and what is kept for those who are behind.

Messages are numbered in the order in which they came, from 0; each connection has the number of the next one it is to
get. So who comes in gets what comes after, who goes gets nothing more, and everyone gets everything once and in order,
however the rounds of the fan-out and the coming and going fall together.
"""

from __future__ import annotations

from asyncio import Handle, TimerHandle
from collections.abc import Sequence
from typing import NamedTuple

from rcim.actor.joining import JoinedChanges
from rcim.base.limits import Limits
from rcim.base.terms import MessageState, Priority
from rcim.connect.codec import Codec, Push, encoded_delivery, encoded_message
from rcim.connect.outgoing import Outgoing
from rcim.connect.principal import Principal
from rcim.dispatch.requests import Delivery
from rcim.rules.conversation_kinds import is_paced, kind_name
from rcim.rules.targets import matches

VISIT_BYTES_MAX = 64 * 1024
"""Bytes of one visit to a socket: below the outbound bounds, and cheap to encrypt in chunks."""
VISIT_ROWS_MAX = 500
STEM_RESERVE = 512
"""What a delivery holds besides its messages."""


class Visit(NamedTuple):
    """What a connection gets in one visit: one delivery, and the number of the message that comes after it."""

    data: bytes
    end: int
    first_seq: int
    last_seq: int
    priority: Priority


class Kept:
    """A message that somebody has not got yet, encoded once for each codec among those who get it."""

    __slots__ = (
        "_codec",
        "_conversation",
        "_encoded",
        "_others",
        "for_some",
        "message",
        "only",
        "priority",
        "seq",
        "target",
    )

    def __init__(self, delivery: Delivery, conversation: str) -> None:
        self._conversation = conversation
        self.message = message = delivery.message
        self.seq = message.seq
        self.priority = delivery.priority
        extra = message.extra
        self.only = message.recipients if extra is not None else ()
        """If not empty: the users who get it (MS-07); all others get its place alone."""
        self.target = extra.target if extra is not None else None
        """Not None: whom a broadcast is for (SY-04); the same."""
        self.for_some = extra is not None and (bool(self.only) or self.target is not None)
        self._codec: Codec | None = None
        """Most conversations have one codec: what it made stands in `_encoded`."""
        self._encoded = b""
        self._others: dict[tuple[Codec, bool], bytes] | None = None
        """What other codecs made, and places alone (True)."""

    def is_for(self, principal: Principal) -> bool:
        """True if the user gets it, of what is not for all."""
        return principal.user_id in self.only if self.only else matches(self.target, principal.labels)

    def encoded(self, codec: Codec) -> bytes:
        """The message, for those who may see it."""
        if codec is self._codec:
            return self._encoded
        if self._codec is None:
            self._codec, self._encoded = codec, encoded_message(codec, self.message, self._conversation)
            return self._encoded
        return self._other(codec, hidden=False)

    def hidden(self, codec: Codec) -> bytes:
        """Its place alone, for all others (MS-07)."""
        return self._other(codec, hidden=True)

    def _other(self, codec: Codec, *, hidden: bool) -> bytes:
        others = self._others
        if others is None:
            others = self._others = {}
        found = others.get((codec, hidden))
        if found is None:
            message = self.message.veiled(MessageState.NOT_FOR_YOU) if hidden else self.message
            found = others[codec, hidden] = encoded_message(codec, message, self._conversation)
        return found


class Audience:
    """The connections of one conversation. `order`, `at` and `in_round` belong to the round under way."""

    __slots__ = (
        "_base",
        "_kept",
        "_low",
        "_size_max",
        "_visits",
        "aside",
        "at",
        "backlog",
        "changes",
        "changes_timer",
        "changes_told_ms",
        "children",
        "deliveries",
        "directed",
        "head_ms",
        "head_seq",
        "in_round",
        "key",
        "kind",
        "members",
        "newest_seq",
        "order",
        "paced",
        "parent",
        "parked",
        "put_s",
        "round_s",
        "started_ms",
        "telling",
        "timer",
        "told",
        "users",
    )

    def __init__(self, key: str, limits: Limits, parent: Audience | None = None) -> None:
        """`parent`: that of the ultra group of which this is a public channel (UG-02). Whoever hears the group hears it:
        its own `members` are filled when there is something to give out, and empty when everyone has it."""
        self.key = key
        self.kind = kind_name(key)
        """The name of the conversation's kind."""
        self.paced = is_paced(key)
        """Its rounds are paced (paced_rounds.py)."""
        self.parent = parent
        self.children: dict[str, Audience] = {}
        """Of an ultra group: its public channels of which something was said."""
        self.members: dict[Outgoing, int] = {}
        """Connection to the number of the next message it is to get; in the order in which they came in."""
        self.aside: dict[Outgoing, None] = {}
        """Of an ultra group: connections of members who want nothing of it delivered (RX-01), and hear its channels."""
        self.users = 0
        """How many users the connections belong to."""
        self.newest_seq = 0
        """The SEQ of the message that came last; 0 if none has come."""
        self.head_seq = 0
        """The SEQ of the newest message, also if it is delivered to nobody (LI-03)."""
        self.head_ms = 0
        """When it came (steady time)."""
        self.deliveries = 0
        """Messages given to its connections."""
        self._kept: list[Kept] = []
        self._base = 0
        self._low = 0
        self._size_max = min(VISIT_BYTES_MAX, limits.frame_bytes_max) - STEM_RESERVE
        self._visits: dict[Codec, dict[int, Visit]] = {}
        self.directed = 0
        """How many of what is kept are not for all (MS-07, SY-04): while there are any, a visit is made for its user."""
        self.in_round = False
        self.backlog = False
        """True if a visit of this round could not carry all that there was."""
        self.parked = False
        """True if the actor was found congested and waits for `resume`."""
        self.order: list[Outgoing] = []
        self.at = 0
        self.started_ms = 0
        self.put_s = self.round_s = 0.0
        """If it is measured: when the first message came that no round has begun with, and when the first one of the
        round under way did (`time.perf_counter`, OP-02)."""
        self.timer: TimerHandle | Handle | None = None
        self.changes = JoinedChanges(limits.notice_users_max)
        """Weak notices that wait (GT-15)."""
        self.told: list[Push] = []
        """What waits while others are given out."""
        self.telling = False
        self.changes_timer: TimerHandle | None = None
        self.changes_told_ms = 0

    def add(self, connection: Outgoing) -> None:
        """From the next message on, `connection` gets what is delivered."""
        self.aside.pop(connection, None)
        self.members.setdefault(connection, self.next)

    def put_aside(self, connection: Outgoing) -> None:
        """From now on `connection` gets nothing of an ultra group but what is said in its channels."""
        self.members.pop(connection, None)
        self.aside[connection] = None

    def remove(self, connection: Outgoing) -> None:
        """From now on `connection` gets nothing."""
        self.members.pop(connection, None)
        self.aside.pop(connection, None)

    @property
    def hearers(self) -> list[Outgoing]:
        """Who hears it now, whether anything is on its way to them or not."""
        return list(self.members) if self.parent is None else [*self.parent.members, *self.parent.aside]

    def is_heard_by(self, connection: Outgoing) -> bool:
        """True if the connection hears it."""
        parent = self.parent
        return (
            connection in self.members
            if parent is None
            else connection in parent.members or connection in parent.aside
        )

    def has_got_all(self, connection: Outgoing) -> bool:
        """True if nothing that is kept here is still to be given to `connection`."""
        return self.members.get(connection, self.next) == self.next

    def put(self, deliveries: Sequence[Delivery]) -> None:
        """Keep these messages for everyone who is in it now."""
        for delivery in deliveries:
            one = Kept(delivery, self.key)
            self._kept.append(one)
            if one.for_some:
                self.directed += 1
        self.newest_seq = deliveries[-1].message.seq
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
        return not (self.members or self.aside or self.in_round)

    @property
    def idle(self) -> bool:
        """True if nothing is on its way to anybody."""
        return not (self.in_round or self.waiting or self.told or self.timer is not None)

    def visit(self, number: int, codec: Codec) -> Visit:
        """What a connection with this codec gets whose next message is `number`, which is below `next`. The same bytes
        for all of them."""
        visits = self._visits.get(codec)
        if visits is None:
            visits = self._visits[codec] = {}
        found = visits.get(number)
        if found is None:
            found = visits[number] = self._made(number, codec)
        return found

    def visit_of(self, number: int, codec: Codec, principal: Principal) -> Visit:
        """As `visit`, of one user, while not everything is for all."""
        start = number - self._base
        mine = [
            i for i, m in enumerate(self._kept[start : start + VISIT_ROWS_MAX]) if m.for_some and m.is_for(principal)
        ]
        if not mine:
            return self.visit(number, codec)
        return self._made(number, codec, frozenset(mine))

    def _made(self, number: int, codec: Codec, mine: frozenset[int] = frozenset()) -> Visit:
        """`mine`: which of the messages from `number` on that are not for all are for this user."""
        start = number - self._base
        end, size, kept = start, 0, self._kept
        most = min(len(kept), start + VISIT_ROWS_MAX)
        rows: list[bytes] = []
        while end < most:
            one = kept[end]
            row = one.hidden(codec) if one.for_some and end - start not in mine else one.encoded(codec)
            size += len(row)
            if rows and size > self._size_max:
                break
            rows.append(row)
            end += 1
        self.backlog |= end < len(kept)
        part = kept[start:end]
        first, last = part[0], part[-1]
        priority = first.priority if first is last else min([one.priority for one in part])
        data = encoded_delivery(codec, self.key, rows, first.seq, last.seq)
        return Visit(data, self._base + end, first.seq, last.seq, priority)

    def trim(self) -> None:
        """Forget what everyone has got."""
        self._low = min(self.members.values(), default=self.next)
        if self.directed:
            self.directed -= sum(1 for message in self._kept[: self._low - self._base] if message.for_some)
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
