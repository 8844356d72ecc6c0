"""The HTTP server: aiohttp's protocol with our bounds around it. It finds the API of a path and hands requests to it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from rcim.base import clock
from rcim.base.limited_log import LimitedLog
from rcim.base.terminal import printable
from rcim.http.api import Fault, HttpApi, HttpRequest, HttpResponse
from rcim.http.bodies import FaultError, read_body

log = LimitedLog("rcim.http")
access = logging.getLogger("rcim.http.access")

REQUEST_ID = "X-Request-ID"
REQUEST_ID_CHARS_MAX = 64
STOP_S = 5.0
"""How long requests under way may take to end when the server stops."""


@dataclass(frozen=True)
class HttpBounds:
    """What one caller may take."""

    body_bytes_max: int = 1 << 20
    """Of a body, before and after inflating."""
    body_s: float = 30.0
    """In which a body has to be there."""
    idle_s: float = 75.0
    """After which a connection without a request is closed."""
    in_flight_max: int = 1000
    """Requests of all connections under way; BUSY beyond."""


class HttpServer:
    """Serves these APIs on connections that a listener takes; `connection` makes the protocol of each."""

    def __init__(self, apis: Sequence[HttpApi], bounds: HttpBounds) -> None:
        self._apis = tuple(apis)
        self._bounds = bounds
        self._in_flight = 0
        self._server = web.Server(
            self._handle,
            access_log=None,
            auto_decompress=False,
            keepalive_timeout=bounds.idle_s,
            lingering_time=0,
        )

    def connection(self, tls: ssl.SSLContext | None) -> asyncio.BaseProtocol:
        """The protocol of a new connection; TLS is the loop's."""
        made: asyncio.BaseProtocol = self._server()
        return made

    async def stop(self) -> None:
        """Let what is under way end, and close all connections."""
        await self._server.shutdown(STOP_S)

    async def _handle(self, got: web.BaseRequest) -> web.StreamResponse:
        began_ms = clock.steady_ms()
        request_id = _request_id(got.headers.get(REQUEST_ID, ""))
        api = next((one for one in self._apis if one.serves(got.path)), None)
        made = await self._answer(api, got, request_id)
        took_ms = clock.steady_ms() - began_ms
        access.info(
            "%s %s %s %d %d %.0f ms %s %s",
            got.remote,
            got.method,
            printable(got.path),
            made.status,
            len(made.body),
            took_ms,
            request_id,
            made.note,
        )
        headers = {**made.headers, REQUEST_ID: request_id, "Content-Type": made.content_type}
        if made.parts is not None:
            return await _in_parts(got, made, headers)
        return web.Response(status=made.status, body=made.body, headers=headers)

    async def _answer(self, api: HttpApi | None, got: web.BaseRequest, request_id: str) -> HttpResponse:
        """The response, whatever goes wrong."""
        if self._in_flight >= self._bounds.in_flight_max:
            return _fault(api, Fault.BUSY)
        self._in_flight += 1
        try:
            if api is None:
                raise FaultError(Fault.NOT_FOUND)
            return await api.answer(await self._read(got, request_id))
        except FaultError as error:
            return _fault(api, error.fault, error.detail)
        except Exception:  # a fault of ours: the caller gets an answer, and the others go on
            log.exception("%s %s", got.method, printable(got.path))
            return _fault(api, Fault.FAILED)
        finally:
            self._in_flight -= 1

    async def _read(self, got: web.BaseRequest, request_id: str) -> HttpRequest:
        """Raises FaultError."""
        bounds = self._bounds
        encoding = got.headers.get("Content-Encoding", "")
        body = await read_body(got.content, encoding, bounds.body_bytes_max, bounds.body_s)
        headers: Any = got.headers
        return HttpRequest(
            method=got.method,
            path=got.path,
            query=got.rel_url.raw_query_string,
            headers=headers,
            body=body,
            peer=got.remote or "",
            request_id=request_id,
            secure=got.secure,
        )


async def _in_parts(got: web.BaseRequest, made: HttpResponse, headers: Mapping[str, str]) -> web.StreamResponse:
    """Send a response piece by piece, each when the caller has taken the one before."""
    response = web.StreamResponse(status=made.status, headers=headers)
    await response.prepare(got)
    if got.method != "HEAD" and made.parts is not None:
        async for part in made.parts:
            await response.write(part)
    return response


def _request_id(given: str) -> str:
    """The caller's, if it is short and plain; else one of ours."""
    if given and len(given) <= REQUEST_ID_CHARS_MAX and given.isascii() and given.isprintable():
        return given
    return secrets.token_hex(8)


def _fault(api: HttpApi | None, fault: Fault, detail: str = "") -> HttpResponse:
    """In the envelope of the API; without one as plain text."""
    if api is not None:
        return api.fault(fault, detail)
    text = f"{fault.text}: {detail}\n" if detail else f"{fault.text}\n"
    return HttpResponse(fault.status, text.encode(), "text/plain; charset=utf-8", note=fault.name)
