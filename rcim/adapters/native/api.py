"""The native API as a whole: checks who calls, finds the route, reads the request, writes the result (AB-01, AB-02)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec

from rcim.adapters.native import documentation, openapi, problems, repeats
from rcim.adapters.native.callers import caller
from rcim.adapters.native.forms import Json, wrong
from rcim.adapters.native.json_body import read_object
from rcim.adapters.native.kept_answers import KeptAnswers
from rcim.adapters.native.routes import USER, Route, Routes
from rcim.adapters.native.table import ROUTES
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.http.api import Fault, HttpRequest, HttpResponse
from rcim.service.back_ends import Principal, Source
from rcim.service.requests import Request
from rcim.service.service import Service

PREFIX = "/v1"
OPENAPI = "/v1/openapi.json"
DOCS = ("/v1/docs", "/v1/docs/")
QUERY_FIELDS_MAX = 1100
"""Of a query: a list of a request has up to 1,000 entries."""
CLIENT_MSG_ID = "client_msg_id"
JSON = "application/json"


class Found(NamedTuple):
    """A request whose route is known: the names of its path, and the fields of its body or query."""

    route: Route
    path: Mapping[str, str]
    given: Json
    body: Json
    """As it came; empty without one."""


class NativeApi:
    """The API, for one process. `directory` is where answers are kept for requests with an Idempotency-Key."""

    name = "native"

    def __init__(self, service: Service, directory: Path) -> None:
        self._service = service
        self._routes = Routes(ROUTES)
        self._repeats = repeats.Repeats(KeptAnswers(directory))

    def serves(self, path: str) -> bool:
        """Whether the path is one of this API's."""
        return path == PREFIX or path.startswith(PREFIX + "/")

    def fault(self, fault: Fault, detail: str = "") -> HttpResponse:
        """As HttpApi."""
        return problems.wrong_http(fault.status, f"{fault.text}: {detail}" if detail else fault.text)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """As HttpApi."""
        if request.path == OPENAPI or request.path in DOCS:
            return await asyncio.to_thread(_served, request)
        try:
            rows, path = self._routes.find(request.raw_path or request.path)
        except UnicodeDecodeError:
            return problems.wrong_http(400, "the path is not UTF-8")
        if not rows:
            return problems.wrong_http(404, f"there is no path {request.path}; {DOCS[1]} lists them")
        if request.method not in rows:
            allowed = ", ".join(sorted(rows))
            return problems.wrong_http(405, f"the path has {allowed}", {"Allow": allowed})
        route = rows[request.method]
        if request.body and route.has_body and not _is_json(request.headers.get("Content-Type", JSON)):
            return problems.wrong_http(415, f"the body has to be {JSON}")
        try:
            return await self._answer(request, route, path)
        except RcimError as error:
            return problems.problem(error)

    async def _answer(self, request: HttpRequest, route: Route, path: Mapping[str, str]) -> HttpResponse:
        """Raises RcimError."""
        source = Source(self.name, request.peer, request.request_id)
        calling = await caller(self._service.back_ends, request.headers.get("Authorization", ""), source)
        principal = self._service.back_ends.acting_for(calling, path[USER]) if route.acts else calling
        key = repeats.key_of(request.headers.get(repeats.HEADER)) if route.keeps_answers else ""
        found = await _read(request, route, path)
        made = route.made(path, _named(found, key))
        work = partial(self._carry_out, route, principal, made)
        if not key:
            return await work()
        fingerprint = repeats.fingerprint_of(request.method, request.path, found.body)
        owner = calling.key.key_id if calling.key is not None else calling.user_id
        return await self._repeats.once(route, owner, key, fingerprint, work)

    async def _carry_out(self, route: Route, principal: Principal, made: Request) -> HttpResponse:
        """Raises RcimError."""
        said = route.written(await self._service.call(principal, made), made)
        if said is None:
            return HttpResponse(204, b"", note=route.name)
        return HttpResponse(route.status, msgspec.json.encode(said), note=route.name)


async def _read(request: HttpRequest, route: Route, path: Mapping[str, str]) -> Found:
    """The fields of the request. Raises RcimError(BAD_PARAMETER or BAD_ELEMENT)."""
    try:
        query = parse_qs(request.query, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX, errors="strict")
    except ValueError:
        raise RcimError(
            BAD_PARAMETER, f"the query is not UTF-8, or has more than {QUERY_FIELDS_MAX} fields"
        ) from None
    if not route.has_body:
        if request.body:
            raise RcimError(BAD_PARAMETER, f"{request.method} has no body; its fields stand in the query")
        return Found(route, path, route.read_query(query), {})
    if query:
        raise RcimError(BAD_PARAMETER, f"{request.method} has no query; its fields stand in the body")
    body = await request.read(read_object(request.body))
    try:
        return Found(route, path, route.read_body(body), body)
    except UnicodeEncodeError:
        raise wrong("body", "has text that UTF-8 cannot hold") from None


def _named(found: Found, key: str) -> Json:
    """The fields, with a client message id where a message has none: of the Idempotency-Key, or a random one."""
    if CLIENT_MSG_ID not in found.route.defaults or found.given.get(CLIENT_MSG_ID):
        return found.given
    made = repeats.client_msg_id(key) if key else f"made-{secrets.token_hex(16)}"
    return {**found.given, CLIENT_MSG_ID: made}


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == JSON


def _served(request: HttpRequest) -> HttpResponse:
    """What describes the API, for everybody. The first request makes it, a quarter of a second: so in another thread."""
    if request.method not in ("GET", "HEAD"):
        return problems.wrong_http(405, "the path has GET", {"Allow": "GET, HEAD"})
    if request.path == OPENAPI:
        return HttpResponse(200, _document(), headers={"Cache-Control": "no-cache"}, note="openapi")
    return HttpResponse(200, _page(), "text/html; charset=utf-8", documentation.HEADERS, note="docs")


@cache
def _document() -> bytes:
    return msgspec.json.encode(openapi.document())


@cache
def _page() -> bytes:
    return documentation.page().encode()
