"""The conversations in memory by what they do (OP-02): which are busy, which are held back, which wait.

1. All mailboxes are looked at in steps of 2 ms; so a query over 200,000 conversations takes half of the thread for a
   fraction of a second, and nothing waits for it longer than a step.
2. Who is online in them, and how many deliveries they had, is asked of who holds connections, of the rows of the page
   alone; to sort by these, the largest are asked for first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping
from typing import Any

from rcim.actor import looking
from rcim.actor.broadcast import BroadcastActor
from rcim.actor.group import GroupActor
from rcim.actor.live_queries import ActivityQuery, AudiencesQuery, BusiestQuery, HotQuery
from rcim.actor.pair import PairActor
from rcim.actor.queries import Look
from rcim.actor.state import GroupState
from rcim.base import clock
from rcim.base.terms import HotSort
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.stepping import Largest, in_steps
from rcim.flow.activity import Activity
from rcim.rules.conversation_kinds import kind_name, kind_of, open_address
from rcim.store.live_answers import ConversationActivity, HotPage, HotRow, SenderRow

LATELY_MS = 60_000
ASK_ONLINE = (HotSort.ONLINE, HotSort.DELIVERIES)
ACTORS = (GroupActor, PairActor, BroadcastActor)


def _state(mailbox: Mailbox) -> GroupState | None:
    """None while its actor is being loaded."""
    actor = mailbox.actor
    return actor.state if isinstance(actor, ACTORS) else None


def _waiting(mailbox: Mailbox) -> int:
    return len(mailbox.queue) + len(mailbox.waits)


_OF_STATE: dict[HotSort, Callable[[GroupState], int]] = {
    HotSort.SEQ: lambda state: state.timeline.newest,
    HotSort.OFFERED: looking.offered,
    HotSort.WITHHELD: looking.withheld,
    HotSort.MEMBERS: lambda state: state.roster.count,
    HotSort.LAST: lambda state: state.timeline.last_msg_time_ms,
}


class HotConversations:
    """See the module's text. `look` asks who holds connections, `now_ms` is the trusted time,
    `open_channels` are the public channels in memory. In the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        mailboxes: Mapping[str, Mailbox],
        activity: Activity,
        look: Callable[[Look, Callable[[Any], None]], None],
        now_ms: Callable[[], int],
        open_channels: Container[str],
    ) -> None:
        self._loop = loop
        self._mailboxes = mailboxes
        self._activity = activity
        self._look = look
        self._now_ms = now_ms
        self._open_channels = open_channels

    def page(self, query: HotQuery, done: Callable[[HotPage], None]) -> None:
        """Answer the query. One after the other: it takes up to half of the thread's time."""
        if query.sort in ASK_ONLINE:
            busiest = BusiestQuery(query.sort is HotSort.DELIVERIES, query.search, query.skip + query.limit)
            self._look(busiest, lambda found: self._scan(query, lambda m: found.get(m.key, 0), done))
        else:
            self._scan(query, self._value(query.sort), done)

    def one(self, query: ActivityQuery, done: Callable[[ConversationActivity], None]) -> None:
        """What one conversation does. Costs 1 ms where very much was sent in the last minute."""
        mailbox = self._mailboxes.get(query.key)
        state = _state(mailbox) if mailbox is not None else None
        if mailbox is None or state is None:
            done(ConversationActivity([], [], True))
            return
        senders, complete = looking.senders(state, self._now_ms() - LATELY_MS)
        named = [SenderRow(user_id, count) for user_id, count in senders]
        self._rows([mailbox], lambda rows: done(ConversationActivity(rows, named, complete)))

    def _value(self, sort: HotSort) -> Callable[[Mailbox], int | str]:
        """By what a mailbox is sorted."""
        activity = self._activity
        share = activity.share(clock.steady_ms())
        if sort is HotSort.IN_10S:
            return lambda mailbox: activity.in_10s(mailbox.key, share)
        if sort is HotSort.IN_60S:
            return lambda mailbox: activity.in_60s(mailbox.key, share)
        if sort is HotSort.WAITING:
            return _waiting
        if sort is HotSort.ID:
            return lambda mailbox: mailbox.key
        of_state = _OF_STATE[sort]

        def value(mailbox: Mailbox) -> int:
            state = _state(mailbox)
            return of_state(state) if state is not None else 0

        return value

    def _scan(self, query: HotQuery, value: Callable[[Mailbox], int | str], done: Callable[[HotPage], None]) -> None:
        """Find the page among all mailboxes."""
        best: Largest[Mailbox] = Largest(query.skip + query.limit, smallest=query.ascending)
        search, found = query.search, 0

        def look(mailbox: Mailbox) -> None:
            nonlocal found
            if search in mailbox.key and kind_of(mailbox.key) is not None:
                found += 1
                best.add(value(mailbox), mailbox)

        def over() -> None:
            page = [mailbox for _, mailbox in best.take(query.skip)]
            self._rows(page, lambda rows: done(HotPage(rows, found)))

        in_steps(self._loop, list(self._mailboxes.values()), look, over)

    def _rows(self, page: list[Mailbox], done: Callable[[list[HotRow]], None]) -> None:
        """The rows of a page, with what connections say of them."""
        if not page:
            done([])
            return

        def heard(found: dict[str, tuple[int, int]]) -> None:
            share = self._activity.share(clock.steady_ms())
            pairs = zip(page, addresses, strict=True)
            done([self._row(mailbox, *found.get(address, (0, 0)), share) for mailbox, address in pairs])

        addresses = [self._address(mailbox.key) for mailbox in page]
        self._look(AudiencesQuery(addresses), heard)

    def _address(self, key: str) -> str:
        """Where what the conversation says is delivered."""
        return open_address(key) if key in self._open_channels else key

    def _row(self, mailbox: Mailbox, online: int, deliveries: int, share: float) -> HotRow:
        state = _state(mailbox)
        of = looking.figures(state) if state is not None else looking.ConversationFigures("", 0, 0, 0, 0, 0)
        return HotRow(
            conversation=mailbox.key,
            kind=kind_name(mailbox.key),
            type=of.type,
            members=of.members,
            online=online,
            in_10s=self._activity.in_10s(mailbox.key, share),
            in_60s=self._activity.in_60s(mailbox.key, share),
            seq=of.seq,
            offered=of.offered,
            withheld=of.withheld,
            waiting=_waiting(mailbox),
            deliveries=deliveries,
            last_msg_time_ms=of.last_msg_time_ms,
        )
