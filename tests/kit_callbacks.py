"""What tests of callbacks share: a receiver, well and badly behaved, and a server that calls it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.kit import TestServer

Answer = Callable[[web.Request, Any], Awaitable[web.StreamResponse]]
SEND = "Group.CallbackBeforeSendMsg"


PATIENT = "callbacks.timeout_ms=30000"
"""A receiver of these tests answers at once. On a slow machine that takes longer than the time that it has by default,
and what was not answered in time passes, or is told again."""


def says(code: int, **more: Any) -> Answer:
    async def answer(request: web.Request, body: Any) -> web.Response:
        return web.json_response({"ActionStatus": "OK", "ErrorInfo": more.pop("info", ""), "ErrorCode": code, **more})

    return answer


class Receiver:
    """The app's back end. `answer` says what it does; `seen` is what it was asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[dict[str, str], Any]] = []
        self.keys: list[str] = []
        """Of each of these: the idempotency key."""
        self.answer: Answer = says(0)
        self.connections: set[Any] = set()
        self.release = asyncio.Event()

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/callback"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.seen.append((dict(request.query), body))
        self.keys.append(request.headers.get("X-Rcim-Event", ""))
        self.connections.add(request.transport)
        return await self.answer(request, body)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


async def serve(tmp_path: Path, receiver: Receiver, *flags: str, commands: str = SEND) -> TestServer:
    own = (f"callbacks.url={receiver.url}", f"callbacks.commands={commands}", "callbacks.allow_private=true", PATIENT)
    server = TestServer(tmp_path / "data", tls=False, flags=(*own, *flags))
    await server.start()
    return server
