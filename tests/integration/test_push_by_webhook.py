"""A message on its whole way to a phone (PU-01, PU-03): server, event log, decision, a real provider, and back."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from rcim.client import User
from tests.kit import TestServer, until
from tests.kit_callbacks import Receiver, receiver

__all__ = ["receiver"]  # the fixture


@pytest.fixture
async def server(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TestServer]:
    monkeypatch.setattr("rcim.app.consumers.push.START_S", 0.0)
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + base64.b64encode(b"0" * 24).decode(), encoding="utf-8")
    section = "push_providers.own"
    own = (f"{section}.provider=webhook", f"{section}.url={receiver.url}", f"{section}.secret_file={secret}")
    flags = (
        *own,
        f"{section}.allow_private=true",
        f"{section}.timeout_ms=60000",
        "app.administrators=root",
        "push.text=${sender} says ${text}",
    )
    made = TestServer(tmp_path / "data", tls=False, flags=flags)
    await made.start()
    yield made
    await made.stop()


async def test_a_message_goes_to_the_phone(server: TestServer, receiver: Receiver) -> None:
    async with server.client("bob") as bob:
        await bob.set_push_token("phone", "own", "token of bob")
    async with server.client("alice") as alice, server.client("root") as root:
        await alice.send(User("bob"), "hello", push=b'{"Ext":"7"}')
        await until(lambda: receiver.seen)
        ((_, body),) = receiver.seen
        assert (body["token"], body["title"], body["text"]) == ("token of bob", "alice", "alice says hello")
        assert body["data"]["ext"] == "7" and body["badge"] == 1

        async def gone(request: web.Request, body: object) -> web.Response:
            return web.Response(status=410)

        receiver.answer = gone
        await alice.send(User("bob"), "is it still there?")
        await until(lambda: len(receiver.seen) == 2)
        while await root.push_tokens(user_id="bob"):
            pass
