"""`GET /metrics` for Prometheus (OP-02): the figures of the whole server, from whichever process is asked.

1. A scrape needs an API key with the scope `server:read`, as `Authorization: Bearer KEY`. Guesses are bounded as for the
   native API (service/back_ends.py), and counted.
2. One scrape of a process is carried out at a time; whoever asks meanwhile gets the same answer. So fifty cost as much as
   one.
3. All of it takes DEADLINE_S at the most: Prometheus itself waits 10 s by default.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

from rcim.adapters.metrics.rendering import Format, format_of, rendered, takes_gzip
from rcim.base import metrics
from rcim.base.errors import METRICS_OFF, NO_SCOPE, TOO_FREQUENT, ErrorKind, RcimError
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Figure, figure
from rcim.http.api import Fault, HttpRequest, HttpResponse
from rcim.service import requests, scopes
from rcim.service.back_ends import Source
from rcim.service.operations import BY_REQUEST
from rcim.service.results import Metrics
from rcim.service.service import Service

log = LimitedLog("rcim.metrics")

PATH = "/metrics"
PLAIN = "text/plain; charset=utf-8"
DEADLINE_S = 8.0
"""For finding out who calls and for the figures. While the owner of the conversations is away, a scrape waits for it."""
OPERATION = BY_REQUEST[requests.AdminMetrics].name
OUTCOMES = ("answered", "shared", "refused", "failed")
STATUSES = {NO_SCOPE.number: 403, TOO_FREQUENT.number: 429, METRICS_OFF.number: 404}
OF_KIND = {ErrorKind.MISTAKE: 401, ErrorKind.VIOLATION: 401, ErrorKind.OVERLOAD: 503, ErrorKind.FAULT: 503}
"""The status of other errors: what callers can do wrong here is their key."""


class _Scrape:
    """A scrape under way: the figures, and what was made of them."""

    def __init__(self, gathered: asyncio.Task[Metrics]) -> None:
        self.gathered = gathered
        self.bodies: dict[tuple[Format, bool], asyncio.Task[bytes]] = {}


class MetricsApi:
    """See the module's text; an HttpApi."""

    name = "metrics"

    def __init__(self, service: Service) -> None:
        self._service = service
        self._scrape: _Scrape | None = None
        self._counts: Counter[str] = Counter()
        service.meters.add(self._figures)

    def serves(self, path: str) -> bool:
        """Whether the path is one of this API's."""
        return path == PATH

    def fault(self, fault: Fault, detail: str = "") -> HttpResponse:
        """As HttpApi."""
        return _said(fault.status, f"{fault.text}: {detail}" if detail else fault.text)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """As HttpApi."""
        if request.method not in ("GET", "HEAD"):
            self._counts["refused"] += 1
            return _said(405, "the path has GET", {"Allow": "GET, HEAD"})
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._check(request)
                shared = self._scrape is not None
                found = await self._body(request)
        except RcimError as error:
            wrong = _wrong(error)
            self._counts["refused" if wrong.status < 500 else "failed"] += 1
            return wrong
        except TimeoutError:
            self._counts["failed"] += 1
            log.warning("a scrape was given up", after_s=DEADLINE_S)
            return _said(503, f"no figures within {DEADLINE_S:g} s: try again", {"Retry-After": "1"})
        self._counts["shared" if shared else "answered"] += 1
        return found

    async def _check(self, request: HttpRequest) -> None:
        """Returns if the caller may see metrics. Raises RcimError."""
        source = Source(self.name, request.peer, request.request_id)
        principal = await self._service.back_ends.bearer(request.headers.get("Authorization", ""), source)
        assert principal.scopes is not None, "whoever has a key has its scopes"
        scopes.check(OPERATION, principal.scopes)

    async def _body(self, request: HttpRequest) -> HttpResponse:
        """The answer, made now or for another who asks at the same time. Raises RcimError."""
        form = format_of(request.headers.get("Accept", ""))
        zipped = takes_gzip(request.headers.get("Accept-Encoding", ""))
        scrape = self._scrape
        if scrape is None:
            scrape = self._scrape = _Scrape(asyncio.create_task(self._gathered()))
            scrape.gathered.add_done_callback(_seen)
        body = scrape.bodies.get((form, zipped))
        if body is None:
            body = asyncio.create_task(self._rendered(scrape, form, zipped=zipped))
            body.add_done_callback(_seen)
            scrape.bodies[form, zipped] = body
        said = await asyncio.shield(body)  # others may wait for it too
        headers = {"Content-Encoding": "gzip"} if zipped else {}
        return HttpResponse(200, said, form.value, {**headers, "Vary": "Accept, Accept-Encoding"})

    async def _gathered(self) -> Metrics:
        found = await self._service.call(self._service.back_ends.trusted(), requests.AdminMetrics(), DEADLINE_S)
        assert isinstance(found, Metrics)
        return found

    async def _rendered(self, scrape: _Scrape, form: Format, *, zipped: bool) -> bytes:
        try:
            found = await asyncio.shield(scrape.gathered)
            return await asyncio.to_thread(rendered, found.rows, form, zipped=zipped)
        finally:
            if self._scrape is scrape:  # whoever asks from now on gets newer figures
                self._scrape = None

    def _figures(self) -> Iterator[Figure]:
        for outcome in OUTCOMES:
            yield figure(metrics.SCRAPES, self._counts[outcome], outcome)


def _seen(task: asyncio.Task[Any]) -> None:
    """If it has failed, whoever waits for it is told; maybe nobody waits any more."""
    if not task.cancelled():
        task.exception()


def _wrong(error: RcimError) -> HttpResponse:
    """What a caller is told of an error: its code, and what is wrong."""
    status = STATUSES.get(error.code.number, OF_KIND[error.code.kind])
    headers = {"WWW-Authenticate": 'Bearer realm="rcim"'} if status == 401 else {}
    if error.retry_after_ms:
        headers["Retry-After"] = str(math.ceil(error.retry_after_ms / 1000))
    text = f"{error.code.number} {error.code.name}: {error.detail or error.code.meaning}"
    return HttpResponse(status, f"{text}\n".encode(), PLAIN, headers, note=error.code.name)


def _said(status: int, text: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status, f"{text}\n".encode(), PLAIN, headers or {})
