"""Fan-out: what a conversation delivers, given to every connection in it.

1. A message is encoded once for each codec among those who get it. A round visits every connection and gives it, in one
   write, all that it has not got.
2. A round over many sockets is cut into chunks, with the loop's other work between them.
3. The next round begins a slice after the last one began (flow/slices.py); after quiet, at once.
4. Who comes in gets what comes after, and who goes gets no more (audience.py).
5. What is kept is bounded, and so is what one visit carries: past the first bound the conversation is congested and its
   actor pauses; past the second the next round begins at once.
6. When the conversation ends, what is kept and GROUP_GONE are given to everyone in one go, so that nothing of it can
   come behind a conversation that is made anew with its id.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Protocol

from rcim.actor.records import Change
from rcim.base import clock
from rcim.base.histogram import Histogram
from rcim.base.limits import Limits
from rcim.base.terms import GoneReason
from rcim.connect.audience import Audience, Visit
from rcim.connect.audiences import Audiences
from rcim.connect.codec import ConversationLeft, Encoded, GroupChangesNews, Push
from rcim.connect.outgoing import Outgoing
from rcim.connect.paced_rounds import PacedRounds
from rcim.connect.table import for_each
from rcim.dispatch.requests import Delivery
from rcim.flow.ceiling import Ceiling
from rcim.flow.slices import gather_ms, wait_ms
from rcim.rules.conversation_kinds import open_address
from rcim.rules.targets import Target, matches

TOLD_MAX = 256
"""Notices, transient messages and changes of messages that wait while others are given out; more are left out."""
KEPT_MESSAGES_MAX = 4096
"""Messages kept for one conversation before it is congested: 32 MiB of the largest bodies."""


class RoundWatch(Protocol):
    """Follows messages to the sockets (rcim/app/tracing/traces.py). Called from the loop; never raises."""

    def put(self, audience: Audience, messages: Sequence[Delivery]) -> None:
        """These are kept for everyone in the audience."""

    def began(self, audience: Audience) -> None:
        """A round begins, with all that is kept."""

    def ended(self, audience: Audience) -> None:
        """It has visited everyone. What it has gathered is written in the next turn of the loop."""


class Fanout(Audiences):
    """All audiences, and what is given to them. `resume` is called with the key of a conversation that is congested no
    longer, `on_empty` with that of one which nobody is in any more. `written` counts how long messages wait here until
    the connections have them, in seconds, by the kind of the conversation; of kinds that it lacks nothing (OP-02)."""

    def __init__(
        self,
        limits: Limits,
        loop: asyncio.AbstractEventLoop,
        resume: Callable[[str], None],
        on_empty: Callable[[str], None],
        written: Mapping[str, Histogram] | None = None,
    ) -> None:
        super().__init__(limits)
        self._written = written or {}
        self._loop = loop
        self._resume = resume
        self._on_empty = on_empty
        self._chunked = 0
        """Rounds under way that are cut into chunks."""
        self._paced = PacedRounds(loop, 1, lambda: self._chunked > 0)
        self.ceiling = Ceiling(0)
        self.take_limits()
        self.watch: RoundWatch | None = None
        """Who follows messages; None: nobody."""
        self.rounds = 0
        self.visits = 0
        self.deliveries = 0
        self.notices = 0
        self.untold = 0
        """Frames with joined changes (GT-15) that were given out."""

    def take_limits(self) -> None:
        """What is made of limits follows them (OP-03)."""
        self._paced.set_rate(self._limits.paced_deliveries_per_s)
        self.ceiling.set_rate(self._limits.deliveries_per_s_max)

    @property
    def paced_waiting(self) -> int:
        """Rounds of paced conversations that are not at their end."""
        return len(self._paced)

    def remove(self, key: str, connection: Outgoing) -> None:
        """`connection` gets nothing of `key` any more."""
        audience = self._audiences.get(key)
        if audience is not None:
            audience.remove(connection)
            for child in audience.children.values():
                child.remove(connection)
            if audience.empty:
                self._drop(audience)

    def _drop(self, audience: Audience) -> None:
        """Nobody is in it: what is kept for nobody is forgotten, and who waited for room goes on."""
        if self._audiences.get(audience.key) is audience:
            del self._audiences[audience.key]
            self._heard.pop(audience.key, None)
            self._on_empty(audience.key)
            for child in audience.children.values():
                self._heard.pop(open_address(child.key), None)
                self._drop(child)
        audience.forget()
        if audience.changes_timer is not None:
            audience.changes_timer.cancel()
            audience.changes_timer = None
        if audience.timer is not None:
            audience.timer.cancel()
            audience.timer = None
        self._unpark(audience)

    def congested(self, key: str) -> bool:
        """True if the actor of `key` has to wait for `resume`."""
        audience = self.hearing(key)
        if audience is None or audience.kept < KEPT_MESSAGES_MAX:
            return False
        audience.parked = True
        return True

    def deliver(self, key: str, messages: Sequence[Delivery]) -> None:
        """Give `messages` to everyone in `key`, which is an address."""
        audience = self.hearing(key)
        if audience is None:
            return
        if audience.parent is not None:
            self.fill(audience)
        now_ms = clock.steady_ms()
        audience.head_seq, audience.head_ms = messages[-1].message.seq, now_ms
        self._heard[key] = audience
        self._heard.move_to_end(key)
        if self._limits.deliveries_per_s_max:
            sockets = len(audience.members)
            messages = [m for m in messages if self.ceiling.admits(m.priority, sockets, now_ms)]
        if messages:
            audience.put(messages)
            if self.watch is not None:
                self.watch.put(audience, messages)
            if self._written and not audience.put_s:
                audience.put_s = perf_counter()
            self._arm(audience)

    # -- notices

    def announce(self, key: str, change: Change) -> None:
        """Tell everyone in `key` of `change`, together with what else happens in it in its slice (GT-15)."""
        audience = self.hearing(key)
        if audience is None:
            return
        if not audience.changes.add(change):
            self._tell_changes(audience)
            audience.changes.add(change)
        if audience.changes.full:
            self._tell_changes(audience)
        elif audience.changes_timer is None:
            since_ms = clock.steady_ms() - audience.changes_told_ms
            wait = max(0, gather_ms(len(audience.members)) - since_ms)
            audience.changes_timer = self._loop.call_later(wait / 1000, self._tell_changes, audience)

    def _tell_changes(self, audience: Audience) -> None:
        if audience.changes_timer is not None:
            audience.changes_timer.cancel()
            audience.changes_timer = None
        audience.changes_told_ms = clock.steady_ms()
        rows = audience.changes.rows()
        if rows:
            hearers = audience.hearers
            self.notices += len(hearers)
            self._tell(hearers, Encoded(audience.key, [GroupChangesNews(rows)]))

    def tell_all(self, key: str, push: Push) -> None:
        """Give `push` to everyone in `key`. While others are being given it waits, and goes with what comes."""
        audience = self.hearing(key)
        if audience is None:
            return
        if len(audience.told) >= TOLD_MAX:
            self.untold += len(audience.members)
            return
        audience.told.append(push)
        if not audience.telling:
            self._tell_next(audience)

    def tell_those_meant(self, key: str, push: Push, target: Target) -> None:
        """Give `push` to those in `key`, a paced conversation, whose labels match `target`, some at a time."""
        audience = self._audiences.get(key)
        if audience is None:
            return
        if len(self._paced) >= TOLD_MAX:
            self.untold += len(audience.members)
            return
        encoded = Encoded(key, [push])

        def tell(one: Outgoing) -> None:
            if one.principal is not None and matches(target, one.principal.labels):
                one.offer_notice(encoded(one.codec))

        self._visit_paced(audience, tell)

    def _tell_next(self, audience: Audience) -> None:
        pushes, audience.told = audience.told, []
        audience.telling = bool(pushes)
        if pushes and audience.paced:
            self._tell_paced(audience, Encoded(audience.key, pushes))
        elif pushes:
            self._tell(audience.hearers, Encoded(audience.key, pushes), 0, audience)

    def _tell_paced(self, audience: Audience, encoded: Encoded) -> None:
        """Give a notice to all in a paced conversation, some at a time."""
        self._visit_paced(
            audience, lambda one: one.offer_notice(encoded(one.codec)), lambda: self._tell_next(audience)
        )

    def _visit_paced(
        self, audience: Audience, visit: Callable[[Outgoing], None], done: Callable[[], None] = lambda: None
    ) -> None:
        """`visit` everyone who is in a paced conversation now, some at a time; then `done`."""
        left = deque(audience.members)

        def step(size: int) -> tuple[int, bool]:
            some = [left.popleft() for _ in range(min(size, len(left)))]
            for_each(some, visit)
            if not left:
                done()
            return len(some), bool(left)

        self._paced.add(step)

    def _tell(
        self, connections: list[Outgoing], encoded: Encoded, at: int = 0, audience: Audience | None = None
    ) -> None:
        """Some at a time, with the loop's other work between them."""
        end = at + self._limits.fanout_chunk
        for_each(connections[at:end], lambda one: one.offer_notice(encoded(one.codec)))
        if end < len(connections):
            self._loop.call_soon(self._tell, connections, encoded, end, audience)
        elif audience is not None:
            self._tell_next(audience)

    def end(self, key: str, silently: bool = False, reason: GoneReason = GoneReason.DISSOLVED) -> None:
        """The conversation is over: what is kept goes out, then everyone is told, all of it at once. It is written at
        the end of the turn, some hundred connections at a time."""
        audience = self.hearing(key)
        if audience is None:
            return
        for child in list(audience.children):
            self.end(open_address(child), silently=True)
        if audience.parent is not None:
            self.fill(audience)
            audience.parent.children.pop(audience.key, None)
            self._heard.pop(key, None)
        gone = Encoded(audience.key, [] if silently else [ConversationLeft(reason)])
        for_each(list(audience.members), lambda connection: self._end_of(audience, connection, gone))
        audience.members.clear()
        self._drop(audience)

    def _end_of(self, audience: Audience, connection: Outgoing, gone: Encoded) -> None:
        """Give a connection all that it has not got, and `gone`."""
        number = audience.members[connection]
        while number < audience.next:
            visit = self._visit(audience, connection, number)
            number = visit.end
            if connection.quick:
                connection.write(visit.data)
            else:
                self._offer(audience, connection, visit)
        connection.write(gone(connection.codec))

    # -- rounds

    def _arm(self, audience: Audience, *, in_turn: bool = False) -> None:
        """Begin a round when it is time; with `in_turn` not before the loop has turned to others."""
        if audience.in_round:
            return
        since_ms = clock.steady_ms() - audience.started_ms
        wait = 0 if audience.backlog else wait_ms(len(audience.members), since_ms, audience.waiting)
        if audience.timer is not None:
            if wait > 0:
                return
            audience.timer.cancel()
            audience.timer = None
        if wait > 0:
            audience.timer = self._loop.call_later(wait / 1000, self._begin, audience)
        elif in_turn:
            audience.timer = self._loop.call_soon(self._begin, audience)
        else:
            self._begin(audience)

    def _begin(self, audience: Audience) -> None:
        audience.timer = None
        audience.order, audience.at = list(audience.members), 0
        audience.in_round, audience.backlog = True, False
        audience.started_ms = clock.steady_ms()
        audience.round_s, audience.put_s = audience.put_s, 0.0
        self.rounds += 1
        if self.watch is not None:
            self.watch.began(audience)
        if audience.paced:
            self._paced.add(lambda size: self._portion(audience, size))
        elif len(audience.order) <= self._limits.fanout_chunk:
            self._gather(audience)
        else:
            self._chunked += 1
            self._chunk(audience)

    def _offer(self, audience: Audience, connection: Outgoing, visit: Visit) -> None:
        connection.offer(
            visit.data, audience.key, visit.first_seq, visit.last_seq, visit.priority, audience.started_ms
        )

    def _gather(self, audience: Audience) -> None:
        """A round over few: written at the end of the turn, with what other conversations have for the same ones."""
        members, newest = audience.members, audience.next
        given, directed, known, codec = 0, audience.directed, newest, None
        for connection in audience.order:
            number = members[connection]
            if number == newest:
                continue
            if directed:
                visit = self._visit(audience, connection, number)
            elif number != known or connection.codec is not codec:  # mostly all have got the same
                known, codec = number, connection.codec
                visit = audience.visit(number, codec)
            members[connection] = visit.end
            given += visit.end - number
            self.visits += 1
            try:
                if not connection.quick:
                    self._offer(audience, connection, visit)
                elif connection.out:  # it is written at the end of the turn anyway
                    connection.out.append(visit.data)
                else:
                    connection.write(visit.data)
            except Exception as error:  # it is this connection's; the round goes on for the others
                connection.failed(error)
        self.deliveries += given
        audience.deliveries += given
        self._finish(audience)

    def _chunk(self, audience: Audience) -> None:
        """Visit the next `fanout_chunk` connections; the others after the loop has turned to others."""
        if self._visit_next(audience, self._limits.fanout_chunk):
            self._loop.call_soon(self._chunk, audience)
        else:
            self._chunked -= 1
            self._finish(audience)

    def _portion(self, audience: Audience, size: int) -> tuple[int, bool]:
        """Visit the next `size` connections of a paced conversation (paced_rounds.Step)."""
        visited = min(size, len(audience.order) - audience.at)
        more = self._visit_next(audience, size)
        if not more:
            self._finish(audience)
        return visited, more

    def _visit_next(self, audience: Audience, size: int) -> bool:
        """Visit the next `size` connections: the innermost loop of the server. True if there are more."""
        if audience.directed:  # it may have come in the middle of a round
            return self._visit_each(audience, size)
        members, newest = audience.members, audience.next
        start = audience.at
        end = audience.at = start + size
        number_of = members.get
        known, each, codec = newest, 0, None
        written = given = 0
        for connection in audience.order[start:end]:
            number = number_of(connection, newest)
            if number != known or connection.codec is not codec:  # mostly all of a chunk have got the same
                given += written * each
                self.visits += written
                known, codec, written = number, connection.codec, 0
                if number != newest:
                    visit = audience.visit(number, codec)
                    data, after, each = visit.data, visit.end, visit.end - number
            if number == newest:  # it has gone, or come just now
                continue
            members[connection] = after
            written += 1
            try:
                if not connection.quick:
                    self._offer(audience, connection, visit)
                elif connection.out:
                    connection.out.append(data)
                else:
                    connection.put(data)
            except Exception as error:  # it is this connection's; the round goes on for the others
                connection.failed(error)
        self.visits += written
        given += written * each
        self.deliveries += given
        audience.deliveries += given
        return end < len(audience.order)

    @staticmethod
    def _visit(audience: Audience, connection: Outgoing, number: int) -> Visit:
        if audience.directed and connection.principal is not None:
            return audience.visit_of(number, connection.codec, connection.principal)
        return audience.visit(number, connection.codec)

    def _visit_each(self, audience: Audience, size: int) -> bool:
        """As `_visit_next`, while something is not for all (MS-07): each connection's bytes are its own."""
        members = audience.members
        start = audience.at
        end = audience.at = start + size
        for connection in audience.order[start:end]:
            number = members.get(connection, audience.next)
            if number == audience.next:
                continue
            visit = self._visit(audience, connection, number)
            members[connection] = visit.end
            self.visits += 1
            self.deliveries += visit.end - number
            audience.deliveries += visit.end - number
            try:
                self._offer(audience, connection, visit)
            except Exception as error:  # it is this connection's; the round goes on for the others
                connection.failed(error)
        return end < len(audience.order)

    def _finish(self, audience: Audience) -> None:
        audience.in_round = False
        audience.order = []
        if self.watch is not None:
            self.watch.ended(audience)
        audience.trim()
        if audience.round_s and audience.kind in self._written:
            self._written[audience.kind].observe(perf_counter() - audience.round_s)
        if audience.kept < KEPT_MESSAGES_MAX // 2:
            self._unpark(audience)
        if audience.parent is not None and not audience.waiting:
            audience.members.clear()
        if audience.empty:
            self._drop(audience)
        elif audience.waiting:
            self._arm(audience, in_turn=True)

    def _unpark(self, audience: Audience) -> None:
        if audience.parked:
            audience.parked = False
            self._resume(audience.key)
