"""Health over HTTP, for load balancers and orchestrators (OP-04): `/healthz` and `/readyz`.

`/healthz` is 200 as long as this process turns its loop. `/readyz` is 200 if no check of the server has failed, and 503
otherwise. Whoever reaches the port sees the names and states of the checks; reasons and figures go only to an API key
that may read the server (`server:read`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from rcim.base.errors import RcimError
from rcim.http.api import Fault, HttpRequest, HttpResponse
from rcim.service import requests
from rcim.service.back_ends import Principal, Source
from rcim.service.results import Health, HealthRow, is_ready
from rcim.service.service import Service

LIVE, READY = "/healthz", "/readyz"
ASK_S = 2.0
"""How long the server may take; what is not known by then has failed."""
FRESH_S = 1.0
"""How long an answer for strangers counts."""
METHODS = "GET, HEAD"


class HealthApi:
    """See the module's text; for one process."""

    name = "health"

    def __init__(self, service: Service) -> None:
        self._service = service
        self._asking: asyncio.Task[list[HealthRow]] | None = None
        self._asked_s = 0.0

    def serves(self, path: str) -> bool:
        """As HttpApi."""
        return path in (LIVE, READY)

    def fault(self, fault: Fault, detail: str = "") -> HttpResponse:
        """As HttpApi."""
        return _said(fault.status, {"status": "failed", "error": f"{fault.text}: {detail}" if detail else fault.text})

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """As HttpApi."""
        if request.method not in ("GET", "HEAD"):
            return _said(405, {"error": f"the path has {METHODS}"}, Allow=METHODS)
        if request.path == LIVE:
            return _said(200, {"status": "ok"})
        authorization = request.headers.get("Authorization", "")
        if authorization:
            return await self._in_full(request, authorization)
        rows = await self._checks()
        return _said(200 if is_ready(rows) else 503, _shown(rows, full=False))

    async def _in_full(self, request: HttpRequest, authorization: str) -> HttpResponse:
        """With reasons and figures, for an API key. One that is no good gets what a stranger gets, and is told so."""
        try:
            async with asyncio.timeout(ASK_S):
                source = Source(self.name, request.peer, request.request_id)
                principal = await self._service.back_ends.bearer(authorization, source)
                found = await self._service.call(principal, requests.AdminHealth())
        except TimeoutError:
            rows, error = [_away()], ""
        except RcimError as refused:
            rows, error = await self._checks(), str(refused)
        else:
            assert isinstance(found, Health)
            rows, error = self._with_own(found.rows), ""
        said = _shown(rows, full=not error)
        if error:
            said["error"] = f"no reasons and figures: {error}"
        return _said(200 if is_ready(rows) else 503, said)

    async def _checks(self) -> list[HealthRow]:
        """All checks, at most FRESH_S old: strangers can't make the server work. That this process is stopping is always
        new."""
        now_s = self._service.loop.time()
        if self._asking is None or (self._asking.done() and now_s - self._asked_s >= FRESH_S):
            self._asked_s = now_s
            self._asking = self._service.loop.create_task(self._ask())
        return self._with_own(await asyncio.shield(self._asking))

    async def _ask(self) -> list[HealthRow]:
        principal = Principal(self._service.back_ends.root, True)
        try:
            async with asyncio.timeout(ASK_S):
                found = await self._service.call(principal, requests.AdminHealth())
        except (RcimError, TimeoutError):
            return [_away()]
        assert isinstance(found, Health)
        return found.rows

    def _with_own(self, rows: Sequence[HealthRow]) -> list[HealthRow]:
        own = self._service.hub.inspection.health()
        new = {(row.name, row.process) for row in own}
        return [*(row for row in rows if (row.name, row.process) not in new), *own]


def _away() -> HealthRow:
    return HealthRow("owner", "server", "failed", f"the owner of the conversations does not answer in {ASK_S:g} s")


def _shown(rows: Sequence[HealthRow], *, full: bool) -> dict[str, Any]:
    checks = []
    for row in rows:
        one: dict[str, Any] = {"name": row.name, "process": row.process, "state": row.state}
        if full:
            one |= {"reason": row.reason, "figures": row.figures}
        checks.append(one)
    return {"status": "ready" if is_ready(rows) else "not ready", "checks": checks}


def _said(status: int, body: dict[str, Any], **headers: str) -> HttpResponse:
    return HttpResponse(status, json.dumps(body).encode(), headers={"Cache-Control": "no-store", **headers})
