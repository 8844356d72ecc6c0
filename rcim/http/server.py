"""The HTTP server: aiohttp's protocol with our bounds around it. It finds the API of a path and hands requests to it."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from aiohttp import HttpVersion10, HttpVersion11, web

from rcim.base import clock
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Meters
from rcim.connect.listener import Admitted
from rcim.connect.proxies import Peer
from rcim.http.access_log import AccessLog, Line, shown_path
from rcim.http.admission import BodyBytes, BodyHold, Places
from rcim.http.api import Fault, FaultError, HttpApi, HttpRequest, HttpResponse
from rcim.http.bodies import read_body
from rcim.http.loop_turns import LoopTurns
from rcim.http.protocol import HttpConnection
from rcim.http.request_counts import Refusal, RequestCounts
from rcim.http.whole_response import REQUEST_ID, WholeResponse, is_plain

log = LimitedLog("rcim.http")

REQUEST_ID_CHARS_MAX = 64
STOP_S = 5.0
"""How long requests under way may take to end when the server stops."""
CLOSE_S = 0.2
"""How long connections may take to close after that."""
LINGER_S = 1.0
"""How long what a refused caller still sends is read and thrown away, so that it gets to see the answer."""
READ_BYTES = 16 * 1024
"""Of a body that has arrived and nobody has read yet, before the connection is not read for a while."""
NOT_OFFERED = frozenset(["CONNECT", "TRACE"])
HOST = re.compile(r"[A-Za-z0-9._~%:\[\]-]{0,255}")
"""What a Host may be: APIs make links of it."""
UPGRADES = frozenset(["websocket", "tcp"])
"""Protocols for which the parser stops; others that a caller offers, such as h2c, are ignored."""

_numbers = random.Random()
"""Of request ids: they name requests and are no secret, so none of them asks the system."""


@dataclass(frozen=True)
class HttpBounds:
    """What callers may take."""

    body_bytes_max: int = 1 << 20
    """Of a body, before and after inflating."""
    bodies_bytes_max: int = 64 << 20
    """Of all bodies together that are being read or answered (admission.py)."""
    headers_s: float = 10.0
    """In which the headers of a request have to be there, from its first byte."""
    body_s: float = 30.0
    """In which a body has to be there."""
    write_s: float = 30.0
    """In which a response has to be taken."""
    idle_s: float = 75.0
    """After which a connection without a request is closed."""
    in_flight_max: int = 2000
    """Complete requests of all connections that are being answered; BUSY beyond."""
    connections_max: int = 4000
    connections_per_address_max: int = 2000


class HttpServer:
    """Serves these APIs on connections that a listener takes; `admit` makes the protocol of each."""

    def __init__(
        self,
        apis: Sequence[HttpApi],
        bounds: HttpBounds,
        *,
        access_log: bool = True,
        meters: Meters | None = None,
    ) -> None:
        self._apis = tuple(apis)
        self._bounds = bounds
        self._places = Places(bounds.connections_max, bounds.connections_per_address_max)
        self._bodies = BodyBytes(bounds.bodies_bytes_max)
        self._log = AccessLog(access_log)
        self._turns = LoopTurns(asyncio.get_running_loop())
        self._in_flight = 0
        self.on_request: Callable[[HttpRequest], None] | None = None
        """Called with each complete request before it is answered, in the task that answers it."""
        self._stopping = False
        self._server = web.Server(self._handle)
        self._counts = RequestCounts(meters if meters is not None else Meters())
        self._counts.levels = lambda: (self._in_flight, len(self._places))
        self._counts.lines_dropped = lambda: self._log.dropped

    def use(self, bounds: HttpBounds, *, access_log: bool) -> None:
        """OP-03: these bounds are in force: the times for new connections, all else at once."""
        self._bounds = bounds
        self._places.set_most(bounds.connections_max, bounds.connections_per_address_max)
        self._bodies.set_most(bounds.bodies_bytes_max)
        self._log.switch(access_log)

    def admit(self, peer: Peer) -> Admitted | None:
        """A new connection from there; None if there are too many. TLS is the loop's."""
        place = self._places.take(peer.host, is_proxy=peer.is_proxy)
        if place is None:
            self._counts.refuse(Refusal.LIMIT if self._places.full else Refusal.ADDRESS)
            return None

        def make(_: object) -> asyncio.BaseProtocol:
            return HttpConnection(
                self._server,
                self._refuse,
                place,
                turns=self._turns,
                headers_s=self._bounds.headers_s,
                write_s=self._bounds.write_s,
                access_log=None,
                auto_decompress=False,
                keepalive_timeout=self._bounds.idle_s,
                lingering_time=LINGER_S,
                read_bufsize=READ_BYTES,
            )

        def failed() -> None:
            place.leave()
            self._counts.refuse(Refusal.HANDSHAKE)

        return Admitted(make, failed)

    def note_refused_header(self) -> None:
        """A connection of a proxy was closed for its header, and never got as far as `admit`."""
        self._counts.refuse(Refusal.PROXY)

    async def stop(self) -> None:
        """Requests that are complete are answered; then all connections close. Whoever calls has closed the listener."""
        self._stopping = True
        for one in self._connections():
            one.close_unless_busy()
        try:
            async with asyncio.timeout(STOP_S):
                while any(one.busy for one in self._connections()):
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("requests of back ends were still under way when the server stopped")
        await self._server.shutdown(CLOSE_S)
        await asyncio.to_thread(self._log.stop)

    def _connections(self) -> list[HttpConnection]:
        return [one for one in self._server.connections if isinstance(one, HttpConnection)]

    # -- requests

    async def _handle(self, got: web.BaseRequest) -> web.StreamResponse:
        began_ms, began_s = clock.steady_ms(), perf_counter()
        connection = got.protocol
        assert isinstance(connection, HttpConnection)
        connection.head_over(plain_body="Transfer-Encoding" not in got.headers and not got.content.at_eof())
        await self._turns.begin_request(got.remote or "")
        request_id = _request_id(got.headers.get(REQUEST_ID, ""))
        api = self._api_of(got.path)
        made = await self._answer(api, got, request_id)
        self._counts.tell(api.name if api is not None else "", made.status, perf_counter() - began_s)
        peer, took_ms = got.remote or "", clock.steady_ms() - began_ms
        self._log.tell(Line(peer, got.method, got.path, made.status, len(made.body), took_ms, request_id, made.note))
        ends = self._stopping or _ends_connection(got)
        if made.parts is not None:
            return await _in_parts(got, made, _headers(made, request_id), ends=ends)
        response: web.StreamResponse
        if is_plain(got, made):
            response = WholeResponse(made, request_id)
        else:
            response = web.Response(status=made.status, body=made.body, headers=_headers(made, request_id))
        if ends:
            response.force_close()
        return response

    def _api_of(self, path: str) -> HttpApi | None:
        for one in self._apis:
            if one.serves(path):
                return one
        return None

    async def _answer(self, api: HttpApi | None, got: web.BaseRequest, request_id: str) -> HttpResponse:
        """The response, whatever goes wrong."""
        hold = self._bodies.body(got.remote or "")
        try:
            _check_head(got, self._bounds.body_bytes_max)
            if api is None:
                raise FaultError(Fault.NOT_FOUND)
            request = await self._read(got, request_id, hold)
            return await self._carry_out(api, request, got, hold)
        except FaultError as error:
            return _fault(api, error.fault, error.detail)
        except Exception:  # a fault of ours: the caller gets an answer, and the others go on
            log.exception(
                "a request over HTTP failed", method=got.method, path=shown_path(got.path), request_id=request_id
            )
            return _fault(api, Fault.FAILED)
        finally:
            hold.release()

    async def _carry_out(
        self, api: HttpApi, request: HttpRequest, got: web.BaseRequest, hold: BodyHold
    ) -> HttpResponse:
        """The answer to a complete request. Raises FaultError(BUSY)."""
        if self._in_flight >= self._bounds.in_flight_max:
            raise FaultError(Fault.BUSY)
        assert isinstance(got.protocol, HttpConnection)
        got.protocol.busy = True
        self._in_flight += 1
        try:
            await hold.turn(len(request.body))
            if self.on_request is not None:
                self.on_request(request)
            return await api.answer(request)
        finally:
            self._in_flight -= 1

    async def _read(self, got: web.BaseRequest, request_id: str, hold: BodyHold) -> HttpRequest:
        """Raises FaultError."""
        bounds = self._bounds
        if "Expect" in got.headers and got.transport is not None and got.version == HttpVersion11:
            got.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        encoding = got.headers.get("Content-Encoding", "")
        body = await read_body(got.content, encoding, bounds.body_bytes_max, bounds.body_s, hold)
        headers: Any = got.headers
        return HttpRequest(
            method=got.method,
            path=got.path,
            query=got.rel_url.raw_query_string,
            headers=headers,
            body=body,
            peer=got.remote or "",
            request_id=request_id,
            raw_path=got.rel_url.raw_path,
            secure=got.secure,
            turns=self._turns,
        )

    def _refuse(self, peer: str, path: str, fault: Fault, detail: str) -> tuple[HttpResponse, dict[str, str]]:
        """As `protocol.Refuse`."""
        api = self._api_of(path)
        made = _fault(api, fault, detail)
        self._counts.tell(api.name if api is not None else "", made.status)
        request_id = _request_id("")
        self._log.tell(Line(peer, "-", path or "-", made.status, len(made.body), 0, request_id, made.note))
        return made, _headers(made, request_id)


def _check_head(got: web.BaseRequest, body_bytes_max: int) -> None:
    """Raises FaultError for what is wrong before the body is read."""
    if got.version not in (HttpVersion10, HttpVersion11):
        raise FaultError(Fault.MALFORMED, "the version has to be HTTP/1.1 or HTTP/1.0")
    if got.version == HttpVersion10 and "Transfer-Encoding" in got.headers:
        raise FaultError(Fault.MALFORMED, "HTTP/1.0 has no Transfer-Encoding")
    if got.method in NOT_OFFERED:
        raise FaultError(Fault.METHOD)
    if got.headers.get("Expect", "100-continue").lower() != "100-continue":
        raise FaultError(Fault.EXPECTATION)
    if not HOST.fullmatch(got.headers.get("Host", "")):
        raise FaultError(Fault.MALFORMED, "Host has to be the name of a host")
    if (got.content_length or 0) > body_bytes_max:
        raise FaultError(Fault.TOO_LARGE, f"at most {body_bytes_max} bytes")


def _ends_connection(got: web.BaseRequest) -> bool:
    """Whether nothing that comes after this request can be one: its body is not read to its end, or the parser holds what
    follows for another protocol."""
    upgraded = got.headers.get("Upgrade", "").lower() in UPGRADES or got.method in NOT_OFFERED
    return upgraded or not got.content.at_eof() or got.version not in (HttpVersion10, HttpVersion11)


def _headers(made: HttpResponse, request_id: str) -> dict[str, str]:
    """All headers of a response besides those of its framing."""
    return {**made.headers, REQUEST_ID: request_id, "Content-Type": made.content_type, "Server": "rcim"}


async def _in_parts(
    got: web.BaseRequest, made: HttpResponse, headers: Mapping[str, str], *, ends: bool
) -> web.StreamResponse:
    """Send a response piece by piece, each when the caller has taken the one before; `ends`: the connection with it."""
    response = web.StreamResponse(status=made.status, headers=headers)
    if ends:
        response.force_close()
    await response.prepare(got)
    if got.method != "HEAD" and made.parts is not None:
        async for part in made.parts:
            await response.write(part)
    return response


def _request_id(given: str) -> str:
    """The caller's, if it is short and plain; else one of ours."""
    if given and len(given) <= REQUEST_ID_CHARS_MAX and given.isascii() and given.isprintable():
        return given
    return f"{_numbers.getrandbits(64):016x}"


def _fault(api: HttpApi | None, fault: Fault, detail: str = "") -> HttpResponse:
    """In the envelope of the API; without one as plain text."""
    if api is not None:
        return api.fault(fault, detail)
    text = f"{fault.text}: {detail}\n" if detail else f"{fault.text}\n"
    return HttpResponse(fault.status, text.encode(), "text/plain; charset=utf-8", note=fault.name)
