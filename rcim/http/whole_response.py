"""A response as most of them are, written with its head in one piece: aiohttp's own takes several times as long."""

from __future__ import annotations

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from aiohttp import HttpVersion10, web
from aiohttp.abc import AbstractStreamWriter

from rcim.http.api import HttpResponse

REQUEST_ID = "X-Request-ID"
BODILESS = frozenset([204, 304])
"""Statuses whose responses have no body and no length; those below 200 are never given by an API."""


def is_plain(got: web.BaseRequest, made: HttpResponse) -> bool:
    """True if a WholeResponse can carry this answer: it has a body, and no headers of its own. A version that is not
    spoken here is answered in HTTP/1.1 by it; aiohttp would answer in the version of the request."""
    plain = made.parts is None and not made.headers and made.status not in BODILESS
    return plain and got.version != HttpVersion10


class WholeResponse(web.StreamResponse):
    """The answer `made` to a request, for which `is_plain` holds; with `force_close` the connection ends after it."""

    def __init__(self, made: HttpResponse, request_id: str) -> None:
        super().__init__(status=made.status)
        self._made = made
        self._request_id = request_id
        self._writer: AbstractStreamWriter | None = None
        self._taken: web.BaseRequest | None = None

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """As aiohttp's; nothing is written yet."""
        if self.keep_alive is None:
            self._keep_alive = request.keep_alive
        self._taken = request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """As aiohttp's: write all of it. Raises ConnectionError."""
        request, made = self._taken, self._made
        assert request is not None
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("the caller has gone")
        end = "\r\n\r\n" if self.keep_alive else "\r\nConnection: close\r\n\r\n"
        head = (
            f"{_first_lines(made.status, made.content_type)}{self._request_id}\r\n"
            f"Content-Length: {len(made.body)}\r\nDate: {_date(int(time.time()))}{end}"
        )
        transport.write(head.encode() + (b"" if request.method == "HEAD" else made.body))
        await request.writer.drain()


@lru_cache(100)
def _first_lines(status: int, content_type: str) -> str:
    """What all responses of a status and a type begin with."""
    return (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        f"Content-Type: {content_type}\r\nServer: rcim\r\n{REQUEST_ID}: "
    )


@lru_cache(2)
def _date(now_s: int) -> str:
    return formatdate(now_s, usegmt=True)
