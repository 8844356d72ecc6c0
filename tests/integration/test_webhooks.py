"""Webhooks in the server's own form (CB-01, CB-03): a real server and a receiver that verifies with the library."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from rcim.base.errors import RcimError
from rcim.content.elements import Text, decode_body
from rcim.outbox import consumer
from rcim.wire import frames as f
from tests.kit import TestServer, create, send, until
from tests.kit_callbacks import Receiver, receiver

__all__ = ["receiver"]  # the fixture

SECRETS = ["whsec_" + base64.b64encode(letter * 24).decode() for letter in (b"o", b"n")]


async def test_events_and_questions(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "PAUSE_S", 0.02)
    got: list[dict[str, Any]] = []
    answers: list[Any] = []

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        raw = await request.read()
        for secret in SECRETS:
            assert Webhook(secret).verify(raw, dict(request.headers)) == body
        got.append(body | {"header": request.headers["webhook-id"]})
        if body["type"].startswith("before."):
            return web.json_response(answers.pop(0))
        return web.Response(status=500 if len([1 for one in got if one["id"] == body["id"]]) == 1 else 200)

    receiver.answer = answer
    (tmp_path / "secrets").write_text("\n".join(SECRETS), encoding="utf-8")
    flags = (
        f"receivers.own.url={receiver.url}",
        "receivers.own.allow_private=true",
        "receivers.own.timeout_ms=30000",
        "receivers.own.profile=rcim",
        f"receivers.own.secrets_file={tmp_path / 'secrets'}",
        "receivers.own.commands=message.sent,group.created,before.message.send",
    )
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g"))
    answers += [{"allow": False, "code": 10123, "text": "not today"}]
    refused = await alice.ask(send("g", "c1", "bad"))
    assert isinstance(refused, RcimError) and (refused.code.number, refused.detail) == (10123, "not today")
    answers += [{"body": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "better"}}]}]
    assert isinstance(await alice.ask(send("g", "c2", "worse")), f.SendOk)
    page = await alice.ask(f.History("g:g", 0, 0, 0, False))
    assert decode_body(page.messages[-1].body) == [Text("better")]
    await until(lambda: len([1 for one in got if one["type"] == "message.sent"]) == 2)
    told = [one for one in got if not one["type"].startswith("before.")]
    assert [one["type"] for one in told] == ["group.created"] * 2 + ["message.sent"] * 2
    assert told[0]["id"] == told[1]["id"] == told[1]["header"], "tried again it has the same id"
    assert told[3]["data"]["message"]["body"][0]["MsgContent"]["Text"] == "better"
    await server.stop()
