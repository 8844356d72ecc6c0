"""One connection of a back end: aiohttp's protocol, with the deadlines and answers that it leaves to us.

1. From the first byte of a request its headers have to be there within `headers_s`; else it is answered SLOW, and the
   connection is closed. (Its body has a deadline in bodies.py; a connection without a request, aiohttp's own.)
2. Of what the server writes, nothing may wait for the caller longer than `write_s`; else the connection is aborted.
3. What costs much to parse is parsed in the part of each turn of the loop that callers over HTTP have (loop_turns.py),
   piece by piece; until then the connection is not read.
4. What the parser refuses is answered in the envelope of the API whose path the request names, and the connection is
   closed: where one request ends and the next begins can't be trusted any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from time import perf_counter
from typing import Any, cast

from aiohttp import http_exceptions, web

from rcim.http.admission import Place
from rcim.http.api import Fault, HttpResponse
from rcim.http.heads import Head
from rcim.http.loop_turns import PIECE_BYTES, LoopTurns
from rcim.http.whole_response import REQUEST_ID, WholeResponse

DETAIL_CHARS_MAX = 100
"""Of what the parser says."""

Refuse = Callable[[str, str, Fault, str], tuple[HttpResponse, dict[str, str]]]
"""The response, with all its headers, to a request that the parser refuses. It is told the caller's address, the path
(empty if it is not known), the fault and its detail, and logs the request."""


class HttpConnection(web.RequestHandler):
    """See the module's text. `place` is given back when it is over; `options` are aiohttp's."""

    __slots__ = (
        "_head",
        "_head_timer",
        "_head_until_s",
        "_headers_s",
        "_in_request",
        "_parked",
        "_place",
        "_plain_body",
        "_refuse",
        "_stream",
        "_turns",
        "_unparsed",
        "_write_s",
        "_write_timer",
        "busy",
    )

    def __init__(
        self,
        server: web.Server,
        refuse: Refuse,
        place: Place,
        *,
        turns: LoopTurns,
        headers_s: float,
        write_s: float,
        **options: Any,
    ) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self.busy = False
        """True from when a request is complete until its response is written."""
        self._in_request = False
        """True from when the headers of a request are there until its response is written: what arrives is its body, or
        waits for its turn behind it."""
        self._refuse = refuse
        self._place = place
        self._turns = turns
        self._unparsed = bytearray()
        """What has arrived and waits for its turn; while there is any, the connection is not read."""
        self._plain_body = False
        """True while what arrives is the body of a request that says its length: parsing it costs next to nothing."""
        self._parked = False
        """True while it waits for aiohttp, whose buffers are full, and not for its turn."""
        self._headers_s = headers_s
        self._write_s = write_s
        self._head = Head()
        self._head_until_s = 0.0
        """Until when the headers of a request that has begun have to be there; 0: none has."""
        self._head_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None
        self._stream: asyncio.Transport | None = None

    # -- the connection

    @property
    def peername(self) -> str:
        """The caller's address, which aiohttp has in every request: the transport knows a proxy's alone."""
        return self._place.address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio's."""
        self._stream = cast("asyncio.Transport", transport)
        self._stream.set_write_buffer_limits(high=1, low=0)  # so that whatever is not read has a deadline
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """As asyncio's."""
        for timer in (self._head_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        self._stream = None
        self._place.leave()
        super().connection_lost(exc)

    def close_unless_busy(self) -> None:
        """The server is stopping: what waits, or has not arrived in whole, is not answered."""
        if not self.busy:
            self.force_close()

    # -- reading

    def data_received(self, data: bytes) -> None:
        """As asyncio's."""
        if data and not self._in_request:
            self._head.add(data)
            if not self._head_until_s:
                self._head_until_s = self._loop.time() + self._headers_s
                if self._head_timer is None:
                    self._head_timer = self._loop.call_at(self._head_until_s, self._look_at_head)
        if not data:  # the parser goes on with what it has
            super().data_received(data)
        elif not self._unparsed and (not self._costs(data) or (len(data) <= PIECE_BYTES and self._turns.free())):
            began_s = perf_counter()
            super().data_received(data)
            self._turns.spend(perf_counter() - began_s)
        else:
            if not self._unparsed:
                self._turns.wait(self._place.address, self._parse_piece)
            self._unparsed += data
            if self._stream is not None:
                self._stream.pause_reading()

    def _costs(self, data: bytes) -> bool:
        """Whether parsing takes long for the size: of chunks, and of many requests at once."""
        if self._in_request:
            return not self._plain_body
        return b"chunked" in data[:PIECE_BYTES].lower() or data.count(b"HTTP/1.") > 1

    def _parse_piece(self) -> bool:
        """Parse some of what has arrived. As `loop_turns.Job`."""
        if self._stream is None:  # the connection is gone
            self._unparsed.clear()
            return False
        if self._reading_paused or self._buffer_paused:  # by aiohttp itself
            self._parked = True
            return False
        size = len(self._unparsed) if self._plain_body else PIECE_BYTES
        piece = bytes(self._unparsed[:size])
        del self._unparsed[:size]
        super().data_received(piece)
        if self._unparsed:
            return True
        if self._stream is not None and not self._reading_paused and not self._buffer_paused:
            self._stream.resume_reading()
        return False

    def resume_reading(self, resume_parser: bool = True) -> None:
        """As aiohttp's, which asks for it whenever a body was read, paused or not: a call of the parser and one of the
        transport for each request."""
        if self._reading_paused:
            super().resume_reading(resume_parser)
        self._unpark()

    def _unpark(self) -> None:
        if self._parked:
            self._parked = False
            self._turns.wait(self._place.address, self._parse_piece)

    def head_over(self, *, plain_body: bool = False) -> None:
        """The headers of a request are there. `plain_body`: they say how long its body is."""
        self._in_request = True
        self._plain_body = plain_body
        self._head_until_s = 0.0

    def _look_at_head(self) -> None:
        """At the deadline of a head; there may have been others since. One timer for many requests: each of them would
        cost more than what it guards."""
        self._head_timer = None
        if self._head_until_s > self._loop.time():
            self._head_timer = self._loop.call_at(self._head_until_s, self._look_at_head)
        elif self._head_until_s:
            self._too_slow()

    def _too_slow(self) -> None:
        if self.transport is None:
            return
        text = f"the headers have to arrive within {self._headers_s:g} s"
        made, headers = self._refuse(self._place.address, self._head.path, Fault.SLOW, text)
        phrase = HTTPStatus(made.status).phrase
        lines = [f"HTTP/1.1 {made.status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
        lines += [f"Content-Length: {len(made.body)}", "Connection: close", "", ""]
        self.transport.write("\r\n".join(lines).encode() + made.body)
        self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The parser has refused a request; or, with status 500, something of ours has failed."""
        self.head_over()
        fault, detail = Fault.FAILED, ""
        if isinstance(exc, http_exceptions.LineTooLong) or "Too many headers" in (message or ""):
            fault = Fault.HEADERS_TOO_LARGE
        elif status < 500:
            fault, detail = Fault.MALFORMED, _first_line(message or "")
        made, headers = self._refuse(self._place.address, self._head.path, fault, detail)
        response: web.StreamResponse = web.Response(status=made.status, body=made.body, headers=headers)
        if not made.headers:  # in HTTP/1.1: aiohttp would hold the request for one of HTTP/1.0
            response = WholeResponse(made, headers[REQUEST_ID])
        response.force_close()
        return response

    # -- writing

    def pause_writing(self) -> None:
        """As asyncio's."""
        self._write_timer = self._loop.call_later(self._write_s, self._abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """As asyncio's."""
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
        super().resume_writing()

    def _abort(self) -> None:
        self._write_timer = None
        if self._stream is not None:
            self._stream.abort()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Write it; then the next request may begin."""
        try:
            return await super().finish_response(request, resp, start_time)
        finally:
            self.busy = self._in_request = self._plain_body = False
            self._head.clear()
            self._unpark()


def _first_line(text: str) -> str:
    """What the parser says, without what it shows of the request below."""
    return text.partition("\n")[0].rstrip(": ")[:DETAIL_CHARS_MAX]
