"""A back end in the tests: requests over HTTP to a server in this process."""

from __future__ import annotations

import hashlib
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
RONG_KEY, RONG_SECRET = "app-key", "app-secret"


def rong_flags(folder: Path) -> tuple[str, ...]:
    """Settings with which a server has RongCloud's API too; its secret is written into the folder."""
    secret = folder / "rong-secret"
    secret.write_text(RONG_SECRET, encoding="utf-8")
    return ("http.apis=tencent,rongcloud", f"rongcloud.app_key={RONG_KEY}", f"rongcloud.app_secret_file={secret}")


def rong_headers(secret: str = RONG_SECRET, *, timestamp: str = "", prefix: str = "") -> dict[str, str]:
    """The headers of a request to RongCloud's API, signed by the app; `timestamp` empty: now, in milliseconds."""
    timestamp = timestamp or str(clock.wall_ms())
    signature = hashlib.sha1(f"{secret}nonce{timestamp}".encode()).hexdigest()
    fields = {"App-Key": RONG_KEY, "Nonce": "nonce", "Timestamp": timestamp, "Signature": signature}
    return {prefix + name: value for name, value in fields.items()}


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

    async def rong(self, path: str, body: Any = None, **fields: Any) -> dict[str, Any]:
        """What RongCloud's API answers to a form of these fields, or to this body; the status is always 200."""
        form: list[tuple[str, Any]] = []
        for name, value in fields.items():
            form += [(name, one) for one in (value if isinstance(value, list) else [value])]
        data = json.dumps(body).encode() if isinstance(body, dict) else body or urlencode(form).encode()
        async with self.session.post(f"{self.base}{path}.json", data=data, headers=rong_headers()) as response:
            assert response.status == 200, await response.text()
            found: dict[str, Any] = await response.json(content_type=None)
            return found

    async def rong_ok(self, path: str, body: Any = None, **fields: Any) -> dict[str, Any]:
        """As `rong`, of a command that has to succeed; without its code."""
        found = await self.rong(path, body, **fields)
        assert found.pop("code") == 200, (path, found)
        return found


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
