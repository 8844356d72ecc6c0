"""A back end in the tests: requests over HTTP to a server in this process."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from rcim.base import clock
from rcim.session.usersig import mint
from tests.kit import SDKAPPID, TestServer

ADMINISTRATOR = "administrator"
HTTP_ON = ("http.on=true",)


class BackEnd:
    """Calls the APIs of a server."""

    def __init__(self, server: TestServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.base = f"http://127.0.0.1:{server.http_port}"

    def tencent_query(self, identifier: str = ADMINISTRATOR, **other: Any) -> str:
        """The query of a request to Tencent's API, signed by this user; `other` fields replace its own."""
        sig = mint(SDKAPPID, self.server.key, identifier, clock.wall_ms() // 1000, 3600)
        fields = {"sdkappid": SDKAPPID, "identifier": identifier, "usersig": sig, "random": 1, "contenttype": "json"}
        return urlencode(fields | other)

    async def tencent(self, command: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """What Tencent's API answers to this command; the status is always 200."""
        data = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        url = f"{self.base}/v4/{command}?{self.tencent_query(**query)}"
        async with self.session.post(url, data=data) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json(content_type=None)
            return found

    def user_sig(self, identifier: str = ADMINISTRATOR) -> str:
        """The `Authorization` of this user at the native API."""
        return f"UserSig {identifier}:{mint(SDKAPPID, self.server.key, identifier, clock.wall_ms() // 1000, 3600)}"

    async def native(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **query: Any
    ) -> tuple[int, Any]:
        """The status and the JSON that the native API answers with; None if it says nothing. `path` is below `/v1` and
        as it is sent. A query's list is a field for each entry."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        fields = [(n, str(v).lower() if isinstance(v, bool) else v) for n, v in query.items()]
        url = URL(f"{self.base}/v1{path}" + (f"?{urlencode(fields, doseq=True)}" if fields else ""), encoded=True)
        said = {"Authorization": self.user_sig()}
        said |= {"Content-Type": "application/json"} if body is not None else {}
        async with self.session.request(method, url, data=data, headers=said | (headers or {})) as response:
            text = await response.read()
            return response.status, json.loads(text) if text else None


@asynccontextmanager
async def back_end(data: Path, *flags: str) -> AsyncIterator[BackEnd]:
    """A server that listens for back ends, and one of them."""
    server = TestServer(data, tls=False, flags=(*HTTP_ON, *flags))
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield BackEnd(server, session)
    finally:
        await server.stop()
