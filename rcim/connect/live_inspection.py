"""What the connections of this process do now (OP-02): the slow ones, who hears a conversation, what the process uses.
All connections, or all conversations with somebody online, are looked at in steps (dispatch/stepping.py)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from rcim.actor.live_queries import AudiencesQuery, BusiestQuery, LiveLook, SlowQuery
from rcim.base import clock
from rcim.base.meters import Meters
from rcim.base.terms import SlowSort
from rcim.connect.audience import Audience
from rcim.connect.fanout import Fanout
from rcim.connect.outgoing import Outgoing
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import ConnectionTable
from rcim.dispatch.stepping import Largest, in_steps
from rcim.rules.conversation_kinds import addressed, heard_with, open_address
from rcim.store.live_answers import SERVER, ProcessRow, SlowRow


def _name(connection: Outgoing) -> str:
    return connection.principal.user_id if connection.principal is not None else ""


def _slow_ms(connection: Outgoing) -> int:
    since_ms = connection.queue.slow_since_ms
    return clock.steady_ms() - since_ms if since_ms else 0


_VALUES: dict[SlowSort, Callable[[Outgoing], int | str]] = {
    SlowSort.QUEUED: lambda one: one.queued_bytes,
    SlowSort.SLOW: _slow_ms,
    SlowSort.RESYNCS: lambda one: one.queue.resyncs,
    SlowSort.DROPPED: lambda one: one.queue.dropped,
    SlowSort.IN_FLIGHT: lambda one: one.in_flight,
    SlowSort.AGE: lambda one: -one.connected_ms,
    SlowSort.USER: _name,
    SlowSort.ADDRESS: lambda one: one.address,
}


class LiveInspection:
    """See the module's text. `number` is that of this process among the gateways, `meters` say what it uses."""

    def __init__(
        self,
        table: ConnectionTable[Outgoing],
        fanout: Fanout,
        subscriptions: Subscriptions,
        loop: asyncio.AbstractEventLoop,
        number: int,
        meters: Meters,
    ) -> None:
        self._table = table
        self._fanout = fanout
        self._subscriptions = subscriptions
        self._loop = loop
        self._number = number
        self._meters = meters
        self._started_ms = clock.steady_ms()

    def look(self, query: LiveLook, done: Callable[[Any], None]) -> None:
        """Call `done` with the answer of this process: [count, rows] of connections; {address: (users online,
        deliveries)}; {conversation: value} of the busiest; or [(number of this process, what it uses)]."""
        if isinstance(query, SlowQuery):
            self._slow(query, done)
        elif isinstance(query, AudiencesQuery):
            done({address: self._heard(address) for address in query.addresses})
        elif isinstance(query, BusiestQuery):
            self._busiest(query, done)
        else:
            done([(self._number, self._process())])

    def _slow(self, query: SlowQuery, done: Callable[[Any], None]) -> None:
        best: Largest[Outgoing] = Largest(query.limit, smallest=query.ascending)
        value, found = _VALUES[query.sort], 0

        def look(one: Outgoing) -> None:
            nonlocal found
            if one.closing or (query.user_id and _name(one) != query.user_id):
                return
            if query.search and query.search not in _name(one) and query.search not in one.address:
                return
            found += 1
            best.add(value(one), one)

        in_steps(
            self._loop,
            self._table,
            look,
            lambda: done([found, [_row(one) for _, one in best.take() if not one.closing]]),
        )

    def _heard(self, address: str) -> tuple[int, int]:
        """Users online who hear what is delivered there, and how many deliveries they had."""
        key = heard_with(address)
        audience = self._fanout.find(key)
        users = (audience.users if audience is not None else 0) + len(self._subscriptions.unheard(key))
        if audience is not None and address != key:  # a public channel is heard with its group (UG-02)
            audience = audience.children.get(addressed(address))
        return users, audience.deliveries if audience is not None else 0

    def _busiest(self, query: BusiestQuery, done: Callable[[Any], None]) -> None:
        best: Largest[str] = Largest(query.limit)
        at = 1 if query.deliveries else 0

        def look(audience: Audience) -> None:
            if query.search in audience.key:
                best.add(self._heard(audience.key)[at], audience.key)
            if audience.children:
                for key in audience.children:
                    best.add(self._heard(open_address(key))[at], key)

        in_steps(self._loop, self._fanout, look, lambda: done({key: value for value, key in best.all()}))

    def _process(self) -> ProcessRow:
        used = self._meters.process_meter.use()
        return ProcessRow(
            name=SERVER,
            pid=os.getpid(),
            cpu_ms=used.cpu_ms,
            memory_bytes=used.memory_bytes,
            open_files=used.open_files,
            lag_us=self._meters.lag.longest_us,
            connections=len(self._table),
            users=len(self._subscriptions),
            uptime_ms=clock.steady_ms() - self._started_ms,
        )


def _row(one: Outgoing) -> SlowRow:
    name = _name(one)
    return SlowRow(
        connection_id=one.id,
        user_id=name,
        platform=one.device.platform if name else 0,
        device_tag=one.device.tag,
        address=one.address[:64],
        age_ms=clock.steady_ms() - one.connected_ms,
        queued_bytes=min(one.queued_bytes, 0xFFFFFFFF),
        slow_ms=_slow_ms(one),
        resyncs=one.queue.resyncs,
        dropped=one.queue.dropped,
        in_flight=one.in_flight,
        agent=one.agent,
    )
