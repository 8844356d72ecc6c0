"""What the stand-ins over HTTPS share: a server with a certificate of its own, what it has seen, and what it is told to
answer, by device token."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from aiohttp import web
from rcim_bench.standin_certificates import Certificate


class Reply(NamedTuple):
    """An answer: JSON, or bytes as they are."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


class Trouble(Enum):
    """What happens instead of an answer."""

    BREAK = "the connection is cut"
    HANG = "nothing"
    FLOOD = "an answer of 10 MB"
    REDIRECT = "the way to another server"


class Seen(NamedTuple):
    """A request that was to send a push."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    raw: bytes = b""


Handler = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]


class Standin(ABC):
    """One service. `answers` has, by device token, what comes instead of a good answer; then it is good again."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Reply | Trouble]] = {}
        self.seen: list[Seen] = []
        self.connections: set[Any] = set()
        self.asked_access = 0
        self.access_answers: list[Reply] = []
        """What requests for an access token get, before they get one."""
        self.valid: set[str] = set()
        """Access tokens that are taken."""
        self.release = asyncio.Event()
        self.url = ""

    @abstractmethod
    def routes(self) -> Mapping[str, Handler]:
        """By path."""

    async def start(self, certificate: Certificate) -> None:
        app = web.Application()
        for path, handler in self.routes().items():
            app.router.add_post(path, self._handler(handler))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=certificate.serving()).start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        self.release.set()
        await self._runner.cleanup()

    def _handler(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.connections.add(request.transport)
            return await handler(request, await request.read())

        return handle

    def issue(self) -> str:
        """A new access token; the ones before stay valid."""
        self.asked_access += 1
        token = f"access-{self.asked_access}"
        self.valid.add(token)
        return token

    async def say(self, request: web.Request, token: str, good: Reply) -> web.StreamResponse:
        """What this push gets."""
        planned = self.answers.get(token)
        said = planned.pop(0) if planned else good
        if isinstance(said, Reply):
            return response(said)
        if said is Trouble.BREAK:
            assert request.transport is not None
            request.transport.close()
        elif said is Trouble.HANG:
            await self.release.wait()
        elif said is Trouble.REDIRECT:
            return web.Response(status=302, headers={"Location": "https://127.0.0.1:1/"})
        return web.Response(body=b"x" * 10_000_000 if said is Trouble.FLOOD else b"")


def response(reply: Reply) -> web.Response:
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    return web.Response(status=reply.status, body=body, headers=reply.headers, content_type="application/json")


def form_of(body: bytes) -> dict[str, str]:
    """A form, which has to be UTF-8, with each name once."""
    pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)
