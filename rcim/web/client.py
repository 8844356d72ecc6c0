"""A client that posts to other servers (CB-01): kept alive, bounded in time, size and number, to public addresses only.

1. Addresses have to be public (addresses.py), unless private ones are allowed. Redirects are not followed: they could
   lead anywhere. Proxies of the environment are not used.
   Cookies are not kept: a server could make requests grow with them without end.
2. The whole of a request, connecting and reading, has `timeout_ms`. Of an answer ANSWER_BYTES_MAX are read and no more,
   and all that comes for it has a bound (bounded.py).
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any, NamedTuple

import aiohttp

from rcim.web.addresses import PublicOnly, Resolver, public_socket
from rcim.web.bounded import bound

ANSWER_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 100


class BadAnswer(Exception):
    """The answer is invalid; the text says why."""


class WebRequest(NamedTuple):
    """What is posted. `query` is added to that of the URL."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str] = {}


class WebAnswer(NamedTuple):
    """An answer. `headers` have names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body. Raises BadAnswer if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise BadAnswer("it is no JSON") from None


FAULTS = (BadAnswer, OSError, TimeoutError, aiohttp.ClientError)
"""What `post` raises when there is no answer."""


class WebClient:
    """Posts, in the loop; `close` at the end. `trust`: the certificates that servers may have; None: the system's."""

    def __init__(self, timeout_ms: int, *, allow_private: bool = False, trust: ssl.SSLContext | None = None) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000)
        self._allow_private = allow_private
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def _open(self) -> aiohttp.ClientSession:
        """The session; made with the first request. Raises OSError after `close`."""
        if self._closed:
            raise OSError("it is closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS_MAX,
                resolver=Resolver() if self._allow_private else PublicOnly(),
                socket_factory=None if self._allow_private else public_socket,
                use_dns_cache=False,
                ssl=True if self._trust is None else self._trust,
            )
            self._session = aiohttp.ClientSession(
                connector=bound(connector),
                timeout=self._timeout,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def close(self) -> None:
        """Give back its connections, and make no more."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, request: WebRequest) -> WebAnswer:
        """The answer, whatever its status. Raises one of FAULTS: BadAnswer for one that is too long, OSError,
        TimeoutError or aiohttp.ClientError if there is none."""
        headers = {"Accept-Encoding": "identity", **request.headers}
        async with self._open().post(
            request.url, params=request.query, data=request.body, headers=headers, allow_redirects=False
        ) as response:
            found = bytearray()
            async for part in response.content.iter_chunked(ANSWER_BYTES_MAX):
                found += part
                if len(found) > ANSWER_BYTES_MAX:
                    raise BadAnswer(f"it is longer than {ANSWER_BYTES_MAX} bytes")
            named = {name.lower(): value for name, value in response.headers.items()}
            return WebAnswer(response.status, named, bytes(found))
