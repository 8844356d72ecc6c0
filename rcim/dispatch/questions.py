"""Questions: who answers which - who holds connections, an errand, or the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from rcim.actor.queries import ConnectionsQuery, CountersQuery
from rcim.base import clock
from rcim.dispatch.devices import Devices
from rcim.dispatch.errands import Errands
from rcim.dispatch.knowing import Knowing
from rcim.dispatch.reader import Reader
from rcim.dispatch.requests import Outlet, Request
from rcim.store.answers import ConnectionsPage, Counted


class Counting(Protocol):
    """What the owner of the conversations has counted since its start."""

    def counted(self) -> dict[str, int]: ...


class Questions:
    """See the module's text. `outlet` is set when there is one."""

    def __init__(
        self, counting: Counting, reader: Reader, knowing: Knowing, errands: Errands, devices: Devices
    ) -> None:
        self._counting = counting
        self._reader = reader
        self._knowing = knowing
        self._errands = errands
        self._devices = devices
        self._started_ms = clock.steady_ms()
        self.outlet: Outlet | None = None

    def ask(self, request: Request) -> None:
        """Answer a query that needs no actor."""
        if isinstance(request.ask, ConnectionsQuery | CountersQuery):
            self.look(request.ask, lambda found: self._looked(request, found))
        elif self._devices.takes(request.ask):
            request.origin.answer(request.token, self._devices.answer(request.ask))
        elif self._errands.takes(request.ask):
            self._errands.begin(request)
        else:
            self.read(request)

    def read(self, request: Request) -> None:
        """Answer a query from the store."""
        request.ask = self._knowing.asked(request.ask)
        self._reader.ask(request)

    def look(self, query: Any, done: Callable[[Any], None]) -> None:
        """Ask who holds connections."""
        assert self.outlet is not None
        self.outlet.look(query, done)

    def _looked(self, request: Request, found: Any) -> None:
        """What the connections' side has to say, with what there is to say here."""
        query = request.ask
        if isinstance(query, ConnectionsQuery):
            rows = found[: query.limit]
            page = ConnectionsPage(rows, rows[-1].connection_id if len(found) > query.limit else 0)
            request.origin.answer(request.token, page)
            return
        own = self._counting.counted() | {"uptime_ms": clock.steady_ms() - self._started_ms}
        request.origin.answer(request.token, Counted(found | own))
