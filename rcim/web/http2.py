"""A client that posts over HTTP/2: one connection for all requests of a server, kept and made again when it ends.

1. Addresses have to be public, as in client.py. The server has to speak h2 (ALPN); its certificate is checked.
2. Each request has `timeout_ms` for everything, waiting for the connection and for a stream too. Of an answer
   ANSWER_BYTES_MAX are read and no more.
3. What a server has said that it has not worked on (GOAWAY, REFUSED_STREAM) is sent again, once, over a new connection.
   What was under way when a connection broke is not: the server may have taken it.
4. At most STREAMS_MAX requests are under way at a time, or as many as the server allows; the others wait in their order.

The library is h2, which does no I/O; it comes with the extra `rcim[push]` (docs/adr/0027-consumers.md).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from rcim.web.addresses import PrivateAddress, is_public
from rcim.web.client import WebAnswer
from rcim.web.http2_connection import Headers, Http2Connection, NotWorkedOn
from rcim.web.names import Names

HTTPS_PORT = 443


class Http2Request(NamedTuple):
    """What is posted. `unindexed` are headers that are different each time, or secret: no table of the connection keeps
    them. Names are in lower case."""

    path: str
    body: bytes
    headers: Mapping[str, str]
    unindexed: Mapping[str, str] = {}


class Http2Client:
    """See the module's text. `url` is `https://host[:port]`; `trust`: the certificates that the server may have, None:
    the system's. Used from the loop."""

    def __init__(
        self, url: str, timeout_ms: int, *, allow_private: bool = False, trust: ssl.SSLContext | None = None
    ) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or HTTPS_PORT
        self._authority = self._host if self._port == HTTPS_PORT else f"{self._host}:{self._port}"
        self._timeout_s = timeout_ms / 1000
        self._allow_private = allow_private
        self._trust = trust
        self._names = Names()
        self._connecting = asyncio.Lock()
        self._connection: Http2Connection | None = None
        self._closed = False
        self.connections = 0
        """How many were made."""

    async def post(self, request: Http2Request) -> WebAnswer:
        """The answer, whatever its status. Raises BadAnswer for one that is too long, OSError or TimeoutError if there is
        none."""
        headers = self._headers(request)
        async with asyncio.timeout(self._timeout_s):
            try:
                return await (await self._connected()).exchange(headers, request.body)
            except NotWorkedOn:
                return await (await self._connected()).exchange(headers, request.body)

    async def close(self) -> None:
        """Give back the connection, and make no more."""
        self._closed = True
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    def _headers(self, request: Http2Request) -> Headers:
        fixed = {":method": "POST", ":scheme": "https", ":authority": self._authority}
        changing = {":path": request.path, **request.unindexed}
        # Pseudo headers first (RFC 9113, 8.3).
        return [
            *((name, value, True) for name, value in fixed.items()),
            *((name, value, False) for name, value in changing.items()),
            *((name, value, True) for name, value in request.headers.items()),
        ]

    async def _connected(self) -> Http2Connection:
        async with self._connecting:
            if self._closed:
                raise OSError("it is closed")
            if self._connection is None or not self._connection.usable:
                self._connection = None
                self._connection = await self._connect()
                self.connections += 1
            return self._connection

    async def _connect(self) -> Http2Connection:
        loop = asyncio.get_running_loop()
        if self._trust is None:
            self._trust = ssl.create_default_context()  # once: it reads all certificates of the system
        trust = self._trust
        trust.set_alpn_protocols(["h2"])
        failed: OSError = OSError(f"{self._host} has no address")
        for family, address in await self._addresses():
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await loop.sock_connect(sock, address)
                _, made = await loop.create_connection(
                    Http2Connection, sock=sock, ssl=trust, server_hostname=self._host
                )
                made.check_protocol()
                return made
            except OSError as error:
                sock.close()
                failed = error
            except BaseException:
                sock.close()
                raise
        raise failed

    async def _addresses(self) -> Sequence[tuple[socket.AddressFamily, tuple[str, int]]]:
        """Where the host is. Raises PrivateAddress, OSError."""
        found = await self._names.look_up(self._host, self._port)
        addresses = [(one.family, (one.host, one.port)) for one in found]
        for _, (address, _) in addresses:
            if not self._allow_private and not is_public(address):
                raise PrivateAddress(f"{self._host} is {address}, which is not a public address")
        return addresses
