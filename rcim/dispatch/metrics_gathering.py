"""Gathers the figures of all metrics (OP-02): of the processes with connections, of this one, and of what has to be asked
beside the loop: the store, and the consumers of events.

One gathering is under way at a time, whoever asks meanwhile shares it. What does not answer in time is left out and
counted, and is not asked again before it has answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from rcim.actor.outcomes import Refused
from rcim.actor.queries import MetricsQuery
from rcim.base import metrics
from rcim.base.errors import METRICS_OFF, SERVER_ERROR
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Figure, Meters, figure
from rcim.dispatch.requests import DeliverySink, QueryRequest
from rcim.store.answers import MetricRow, Metrics
from rcim.store.metric_rows import added_up, bytes_of, rows_of

log = LimitedLog("rcim.dispatch")

GATHER_S = 3.0
"""How long all of them may take: one second more than gateways have (bus/scatter_gather.py)."""
WAITING_MAX = 1000
"""Requests that wait for the figures that are being gathered; further ones are refused."""

Asked = Callable[[], Awaitable[Iterable[Figure]]]


class MetricsGathering:
    """See the module's text. Used from the loop. `sink` says who has the connections."""

    def __init__(self, loop: asyncio.AbstractEventLoop, meters: Meters) -> None:
        self._loop = loop
        self._meters = meters
        self._sources: dict[str, Asked] = {}
        self._pending: dict[str, asyncio.Future[Iterable[Figure]]] = {}
        """What has not answered yet."""
        self._last: Metrics | None = None
        """What was gathered last, whole."""
        self._waiting: list[QueryRequest] = []
        self._task: asyncio.Task[None] | None = None
        self.sink: DeliverySink | None = None

    def add(self, name: str, source: Asked) -> None:
        """Ask this one too."""
        self._sources[name] = source

    def ask(self, request: QueryRequest) -> None:
        """Answer a MetricsQuery."""
        query = request.body
        assert isinstance(query, MetricsQuery)
        if not self._meters.on:
            request.refuse(Refused(METRICS_OFF, METRICS_OFF.meaning))
        elif query.after and self._last is not None:
            request.reply_to.answer(request.token, page_of(self._last, query))
        elif len(self._waiting) >= WAITING_MAX:
            request.refuse(Refused(SERVER_ERROR, "too many wait for the metrics", 1000))
        else:
            self._waiting.append(request)
            if self._task is None:
                self._task = self._loop.create_task(self._gather())

    def stop(self) -> None:
        """No more answers."""
        for task in [self._task, *self._pending.values()]:
            if task is not None:
                task.cancel()

    async def _gather(self) -> None:
        found: Metrics | None = None
        try:
            found = self._last = await self._gathered()
        except Exception:  # a fault of ours: nobody may wait for ever
            log.exception("gathering the metrics failed")
        finally:
            self._task = None
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            try:
                if found is None:
                    request.refuse(Refused(SERVER_ERROR, SERVER_ERROR.meaning))
                else:
                    assert isinstance(request.body, MetricsQuery)
                    request.reply_to.answer(request.token, page_of(found, request.body))
            except Exception:  # it is its receiver's: the others get theirs
                log.exception("giving out metrics failed")

    async def _gathered(self) -> Metrics:
        assert self.sink is not None
        there: asyncio.Future[Metrics] = self._loop.create_future()
        for name, source in self._sources.items():
            if name not in self._pending:
                self._pending[name] = asyncio.ensure_future(source())
        self.sink.look(MetricsQuery(), lambda found: None if there.done() else there.set_result(found))
        waited: list[asyncio.Future[Any]] = [there, *self._pending.values()]
        await asyncio.wait(waited, timeout=GATHER_S)
        connected = there.result() if there.done() else Metrics([], 1)
        there.cancel()
        parts = [connected.rows]
        late = 0
        for name, task in list(self._pending.items()):
            if not task.done():
                late += 1
                log.warning("metrics did not come in time", of=name, within_s=GATHER_S)
                continue
            del self._pending[name]
            error = None if task.cancelled() else task.exception()
            if task.cancelled() or error is not None:
                late += 1
                log.warning("metrics could not be read", of=name, error=error)
            else:
                parts.append(rows_of(task.result()))
        parts.append(self._own(connected, late))
        return Metrics(added_up(parts), connected.missing)

    @staticmethod
    def _own(connected: Metrics, late: int) -> list[MetricRow]:
        """What is known only now: who has answered."""
        there = sum(row.name == metrics.STARTED.name for row in connected.rows)
        return rows_of(
            [
                figure(metrics.PROCESSES, there),
                figure(metrics.MISSING, connected.missing),
                figure(metrics.FIGURES_MISSING, late),
            ]
        )


def page_of(found: Metrics, query: MetricsQuery) -> Metrics:
    """The rows from `query.after` on, as many as fit; one at least."""
    if not query.bytes_max:
        return found
    rows: list[MetricRow] = []
    size = 0
    for row in found.rows[query.after :]:
        size += bytes_of(row)
        if rows and size > query.bytes_max:
            return Metrics(rows, found.missing, query.after + len(rows))
        rows.append(row)
    return Metrics(rows, found.missing)
