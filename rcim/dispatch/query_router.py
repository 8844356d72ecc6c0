"""Questions: who answers which - who holds connections, a workflow, or the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from rcim.actor.queries import ConnectionsQuery, CountersQuery
from rcim.base import clock
from rcim.dispatch.query_enrichment import QueryEnrichment
from rcim.dispatch.reader import Reader
from rcim.dispatch.requests import DeliverySink, Request
from rcim.dispatch.session_registry import SessionRegistry
from rcim.dispatch.workflows import Workflows
from rcim.store.answers import ConnectionsPage, Counted


class Counting(Protocol):
    """What the owner of the conversations has counted since its start."""

    def counted(self) -> dict[str, int]: ...


class QueryRouter:
    """See the module's text. `sink` is set when there is one."""

    def __init__(
        self,
        counting: Counting,
        reader: Reader,
        enrichment: QueryEnrichment,
        workflows: Workflows,
        devices: SessionRegistry,
    ) -> None:
        self._counting = counting
        self._reader = reader
        self._enrichment = enrichment
        self._workflows = workflows
        self._sessions = devices
        self._started_ms = clock.steady_ms()
        self.sink: DeliverySink | None = None

    def ask(self, request: Request) -> None:
        """Answer a query that needs no actor."""
        if isinstance(request.ask, ConnectionsQuery | CountersQuery):
            self.look(request.ask, lambda found: self._looked(request, found))
        elif self._sessions.takes(request.ask):
            request.reply_to.answer(request.token, self._sessions.answer(request.ask))
        elif self._workflows.takes(request.ask):
            self._workflows.begin(request)
        else:
            self.read(request)

    def read(self, request: Request) -> None:
        """Answer a query from the store."""
        request.ask = self._enrichment.asked(request.ask)
        self._reader.ask(request)

    def look(self, query: Any, done: Callable[[Any], None]) -> None:
        """Ask who holds connections."""
        assert self.sink is not None
        self.sink.look(query, done)

    def _looked(self, request: Request, found: Any) -> None:
        """What the connections' side has to say, with what there is to say here."""
        query = request.ask
        if isinstance(query, ConnectionsQuery):
            rows = found[: query.limit]
            page = ConnectionsPage(rows, rows[-1].connection_id if len(found) > query.limit else 0)
            request.reply_to.answer(request.token, page)
            return
        own = self._counting.counted() | {"uptime_ms": clock.steady_ms() - self._started_ms}
        request.reply_to.answer(request.token, Counted(found | own))
