"""Questions to all gateways, and what they have seen put together."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from rcim.actor.live_queries import AudiencesQuery, BusiestQuery, LiveLook, ProcessesQuery, SlowQuery
from rcim.actor.queries import (
    ConnectionsQuery,
    CountersQuery,
    FiguresQuery,
    HealthQuery,
    Look,
    MetricsQuery,
    OnlineQuery,
)
from rcim.base.terms import SlowSort
from rcim.bus import messages as m
from rcim.bus.kept_totals import KeptTotals
from rcim.bus.pipe import encoded
from rcim.dispatch.counters import summed
from rcim.store.answers import Figures, Metrics
from rcim.store.connection_answers import ConnectionRow
from rcim.store.decoders import converted
from rcim.store.health import HealthRow
from rcim.store.live_answers import ProcessRow, SlowRow

LOOK_S = 2.0
"""How long gateways may take to say what is to be seen; who is later is left out."""
HEALTH_S = 1.2
"""The same for their health: an answer has to be there within 2 s."""
ONLINE_LARGE, ONLINE_FRESH_S = 500, 1.0
"""With so many users at other gateways, how many are online is counted once in so many seconds."""

SLOW_FIELDS = {
    SlowSort.QUEUED: "queued_bytes",
    SlowSort.SLOW: "slow_ms",
    SlowSort.RESYNCS: "resyncs",
    SlowSort.DROPPED: "dropped",
    SlowSort.IN_FLIGHT: "in_flight",
    SlowSort.AGE: "age_ms",
    SlowSort.USER: "user_id",
    SlowSort.ADDRESS: "address",
}
"""The field of a row by which connections are sorted."""


class Sending(Protocol):
    """What is asked: a gateway's link."""

    def send(self, data: bytes) -> None: ...


L = TypeVar("L", bound=Sending)


class ScatterGather(Generic[L]):
    """See the module's text. `there` are all that can be asked; `is_at` says if a user is at one of them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        there: Callable[[], set[L]],
        is_at: Callable[[L, str], bool],
    ) -> None:
        self._loop = loop
        self._there = there
        self._is_at = is_at
        self._pending: dict[int, tuple[set[L], list[Any], Callable[[list[Any], bool], None]]] = {}
        self._online: dict[tuple[L, str], tuple[float, int]] = {}
        """Of large conversations: when it was counted, and what `online_beside` found."""
        self._counting: dict[tuple[L, str], list[Callable[[int], None]]] = {}
        """Who waits for a count that is under way."""
        self._last_look = 0
        self._totals = KeptTotals()

    def forget_old(self) -> None:
        """Counts that are no longer fresh."""
        now = self._loop.time()
        self._online = {where: known for where, known in self._online.items() if now - known[0] < ONLINE_FRESH_S}

    def gone(self, link: L) -> None:
        """It will answer nothing more."""
        for number in [number for number, (missing, _, _) in self._pending.items() if link in missing]:
            self.looked(link, number, None)

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        """Ask all of them; `done` gets what they have found together, or None (DeliverySink.look)."""

        there = self._there()
        asked = len(there)

        def over(found: list[Any], complete: bool) -> None:
            sure = complete or not isinstance(query, OnlineQuery)
            if isinstance(query, MetricsQuery | CountersQuery):
                total = self._totals.with_kept([converted(part, Figures) for part in found])
                if isinstance(query, MetricsQuery):
                    done(Metrics(total.rows, asked - len(found)))
                else:
                    done(summed([{"gateways": len(found)}, total.counts, total.levels]))
            else:
                done(_together(query, found) if sure else None)

        self._ask_all(FiguresQuery() if isinstance(query, MetricsQuery | CountersQuery) else query, there, over)

    def online_beside(self, link: L, key: str, done: Callable[[int], None]) -> None:
        """How many users are online in `key` at other gateways and not at `link`. Of large conversations it may be
        ONLINE_FRESH_S old."""
        known = self._online.get((link, key))
        if known is not None and self._loop.time() - known[0] < ONLINE_FRESH_S:
            done(known[1])
            return
        wait = self._counting.setdefault((link, key), [])
        wait.append(done)
        if len(wait) > 1:
            return  # it is being counted

        def counted(found: list[Any], complete: bool) -> None:
            there = {user_id for part in found for user_id in part}
            count = sum(not self._is_at(link, user_id) for user_id in there)
            if len(there) >= ONLINE_LARGE:
                self._online[(link, key)] = (self._loop.time(), count)
            for each in self._counting.pop((link, key)):
                each(count)

        self._ask_all(OnlineQuery(key), {o for o in self._there() if o is not link}, counted)

    def _ask_all(self, query: Look, links: set[L], done: Callable[[list[Any], bool], None]) -> None:
        if not links:
            done([], True)
            return
        self._last_look += 1
        number = self._last_look
        self._pending[number] = (links, [], done)
        data = encoded(m.LookAt(number, query))
        for link in links:
            link.send(data)
        within_s = HEALTH_S if isinstance(query, HealthQuery) else LOOK_S
        self._loop.call_later(within_s, self._look_over, number)

    def looked(self, link: L, number: int, found: Any) -> None:
        """A gateway has answered, or is gone (None)."""
        entry = self._pending.get(number)
        if entry is None or link not in entry[0]:
            return
        entry[0].discard(link)
        if found is not None:
            entry[1].append(found)
        if not entry[0]:
            self._look_over(number)

    def _look_over(self, number: int) -> None:
        entry = self._pending.pop(number, None)
        if entry is not None:
            entry[2](entry[1], not entry[0])


def _together(query: Look, found: list[Any]) -> Any:
    """What several gateways have found, as one would have."""
    if isinstance(query, ConnectionsQuery):
        rows = [converted(row, ConnectionRow) for part in found for row in part]
        return sorted(rows, key=lambda row: row.connection_id)[: query.limit + 1]
    if isinstance(query, HealthQuery):
        return [converted(row, HealthRow) for part in found for row in part]
    if isinstance(query, SlowQuery | AudiencesQuery | BusiestQuery | ProcessesQuery):
        return _live_together(query, found)
    return [user_id for part in found for user_id in part]


def _live_together(query: LiveLook, found: list[Any]) -> Any:
    """As `_together`, of what gateways do now (OP-02)."""
    if isinstance(query, SlowQuery):
        rows = [converted(row, SlowRow) for _, part in found for row in part]
        field = SLOW_FIELDS[query.sort]
        rows.sort(key=lambda row: getattr(row, field), reverse=not query.ascending)
        return [sum(count for count, _ in found), rows[: query.limit]]
    if isinstance(query, ProcessesQuery):
        rows_of = sorted((number, converted(row, ProcessRow)) for part in found for number, row in part)
        return [(n, msgspec.structs.replace(row, name=f"gateway {n}")) for n, row in rows_of]
    if isinstance(query, BusiestQuery):
        values: Counter[str] = Counter()
        for part in found:
            values.update(part)
        return dict(values)
    heard = dict.fromkeys(query.addresses, (0, 0))
    for part in found:
        for address, (users, deliveries) in part.items():
            heard[address] = (heard[address][0] + users, heard[address][1] + deliveries)
    return heard
