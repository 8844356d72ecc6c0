"""Queries: who answers which - who holds connections, who knows the sessions, or the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from rcim.actor.live_queries import ActivityQuery, HotQuery, ProcessesQuery, SlowQuery
from rcim.actor.log_queries import AuditQuery, LogQuery
from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import (
    AccountsQuery,
    ConnectionsQuery,
    CountersQuery,
    HealthQuery,
    Look,
    MetricsQuery,
    WhoIsOnlineQuery,
)
from rcim.base import clock
from rcim.dispatch.audit_reading import AuditReading, NoAuditReading
from rcim.dispatch.counters import summed
from rcim.dispatch.health import HealthSource, NoHealth
from rcim.dispatch.live_queries import LiveQueries
from rcim.dispatch.log_files import LogFiles, NoLogFiles
from rcim.dispatch.metrics_gathering import MetricsGathering
from rcim.dispatch.query_enrichment import QueryEnrichment
from rcim.dispatch.reader import Reader
from rcim.dispatch.requests import DeliverySink, QueryRequest, Request
from rcim.dispatch.session_registry import SessionRegistry
from rcim.store.answers import Accounts, Answer, Counted
from rcim.store.connection_answers import ConnectionsPage
from rcim.store.health import Health


class Counting(Protocol):
    """What the owner of the conversations has counted since its start."""

    def counted(self) -> dict[str, int]: ...


class QueryRouter:
    """See the module's text. `sink` is set when there is one, and `log_files` where a message log is kept."""

    def __init__(
        self,
        counting: Counting,
        reader: Reader,
        enrichment: QueryEnrichment,
        sessions: SessionRegistry,
        metrics: MetricsGathering,
        live: LiveQueries,
    ) -> None:
        self._metrics = metrics
        self._counting = counting
        self.live = live
        self._reader = reader
        self._enrichment = enrichment
        self._sessions = sessions
        self._started_ms = clock.steady_ms()
        self.sink: DeliverySink | None = None
        self.log_files: LogFiles = NoLogFiles()
        self.audit: AuditReading | NoAuditReading = NoAuditReading()
        self.health: HealthSource = NoHealth()

    def ask(self, request: QueryRequest) -> None:
        """Answer a query that needs no actor."""
        query = request.body
        if isinstance(query, ConnectionsQuery | CountersQuery):
            self.look(query, lambda found: self._looked(request, found))
        elif isinstance(query, MetricsQuery):
            self._metrics.ask(request)
        elif isinstance(query, HealthQuery):
            self.look(query, lambda found: self._check(request, found))
        elif isinstance(query, HotQuery | ActivityQuery | SlowQuery | ProcessesQuery):
            self.live.ask(query, lambda found: request.reply_to.answer(request.token, found))
        elif isinstance(query, LogQuery):
            self.log_files.ask(query, lambda found: request.reply_to.answer(request.token, found))
        elif isinstance(query, AuditQuery):
            self.audit.ask(query, lambda found: request.reply_to.answer(request.token, found))
        elif self._sessions.takes(query):
            request.reply_to.answer(request.token, self._sessions.answer(query))
        elif isinstance(query, AccountsQuery):
            self.read(Request("", query, _ThenOnline(self, query, request), 0))
        else:
            self.read(request)

    def read(self, request: QueryRequest) -> None:
        """Answer a query from the store."""
        request.body = self._enrichment.asked(request.body)
        self._reader.ask(request)

    def look(self, query: Look, done: Callable[[Any], None]) -> None:
        """Ask who holds connections."""
        assert self.sink is not None
        self.sink.look(query, done)

    def _check(self, request: QueryRequest, found: Any) -> None:
        """The checks of this process, with those of the connections' side."""
        self.health.ask(found, lambda own: request.reply_to.answer(request.token, Health([*own, *found])))

    def _looked(self, request: QueryRequest, found: Any) -> None:
        """What the connections' side has to say, with what there is to say here."""
        query = request.body
        if isinstance(query, ConnectionsQuery):
            rows = found[: query.limit]
            page = ConnectionsPage(rows, rows[-1].connection_id if len(found) > query.limit else 0)
            request.reply_to.answer(request.token, page)
            return
        own = self._counting.counted() | {"uptime_ms": clock.steady_ms() - self._started_ms}
        request.reply_to.answer(request.token, Counted(summed([found, own])))


class _ThenOnline:
    """Adds to an answer of the store about accounts who of them is online (ID-09); the ReplyTo of that query."""

    __slots__ = ("_query", "_request", "_router")

    def __init__(self, router: QueryRouter, query: AccountsQuery, request: QueryRequest) -> None:
        self._router = router
        self._query = query
        self._request = request

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        request = self._request
        if not isinstance(result, Accounts):
            request.reply_to.answer(request.token, result)
            return
        self._router.look(
            WhoIsOnlineQuery(self._query.users),
            lambda online: request.reply_to.answer(request.token, Accounts(result.rows, sorted(set(online)))),
        )

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""
