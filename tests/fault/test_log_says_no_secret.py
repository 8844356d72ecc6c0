"""What the log says when much goes wrong: no body and no secret, and ids that lead to the message (OP-02)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.actor.group import GroupActor
from rcim.adapters.frames.codec import FrameCodec
from rcim.app.log.log_lines import formatter
from rcim.base.errors import RcimError
from rcim.base.limited_log import say_counts
from rcim.base.terms import Priority
from rcim.content.elements import Text, encode_body
from rcim.outbox.callbacks.telling import Telling
from rcim.wire import frames as f
from tests.fault.test_adapters_that_fail import refuse
from tests.integration.test_native_keys import bearer, make_key
from tests.kit import create, send, until
from tests.kit_callbacks import PATIENT, Receiver
from tests.kit_callbacks import receiver as receiver
from tests.kit_http import BackEnd, back_end

BODY = "planted-body-of-a-message"
TOKEN = "planted-token-of-callbacks"
URL_KEY = "planted-key-in-the-url"
COMMANDS = "Group.CallbackBeforeSendMsg,Group.CallbackAfterSendMsg"


class Lines(logging.Handler):
    """All lines of the log, in both forms."""

    def __init__(self) -> None:
        super().__init__()
        self._text, self._json = formatter("text", "server", 0), formatter("json", "server", 0)
        self.text: list[str] = []
        self.json: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "aiohttp.access":
            return  # of the receiver in this process, which is the app's
        self.text.append(self._text.format(record))
        self.json.append(self._json.format(record))

    def of(self, event: str) -> list[dict[str, Any]]:
        """The lines of JSON with this event."""
        return [line for line in map(json.loads, self.json) if line["event"] == event]


@pytest.fixture
def lines() -> Iterator[Lines]:
    made, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(made)
    root.setLevel(logging.DEBUG)
    yield made
    root.setLevel(level)
    root.removeHandler(made)


async def _bad_requests(app: BackEnd, secret: str) -> None:
    """Requests with secrets and bodies that are refused, or fail."""
    assert (await app.native("POST", "/conversations/g:g/messages", {"text": BODY}, **bearer(secret)))[0] >= 400
    assert (await app.native("POST", "/nothing", {"x": BODY}, **bearer(secret + "x")))[0] >= 400
    assert (await app.native("POST", "/groups", f'{{"name": "{BODY}'.encode()))[0] == 400
    assert (await app.tencent("openim/sendmsg", f'{{"MsgBody": "{BODY}'.encode()))["ErrorCode"]
    raw = await app.server.raw()
    await raw.hello()
    assert isinstance(await raw.ask(f.Login("mallory", secret, 0, "")), RcimError)
    raw = await app.server.member("carol")
    raw.write(b"\xff" * 40 + BODY.encode())
    assert await raw.closed()


async def test_a_run_with_faults_says_no_secret(
    tmp_path: Path, receiver: Receiver, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(text=f'{{"{BODY}', content_type="application/json")

    receiver.answer = broken
    token = tmp_path / "token"
    token.write_text(TOKEN, encoding="utf-8")
    (tmp_path / "data").mkdir()
    flags = (
        f"callbacks.url={receiver.url}?key={URL_KEY}",
        f"callbacks.commands={COMMANDS}",
        "callbacks.allow_private=true",
        PATIENT,
        f"callbacks.token_file={token}",
        "http.access_log=true",
    )
    async with back_end(tmp_path / "data", *flags) as app:
        server = app.server
        _, secret = await make_key(app, "messages:read")
        alice, bob = await server.member("alice"), await server.member("bob")
        await alice.ask(create("g", "bob"))
        refuse(FrameCodec, "message", monkeypatch, lambda m: m.seq == 1)
        assert (await alice.ask(send("g", "first", BODY))).seq == 1
        await bob.take()
        await _bad_requests(app, secret)

        def fails(*_: Any) -> Any:
            raise RuntimeError("a fault in the actor")

        with monkeypatch.context() as patch:
            patch.setattr(GroupActor, "handle", fails)
            assert isinstance(await alice.ask(send("g", "second", BODY)), RcimError)
        with monkeypatch.context() as patch:
            patch.setattr(Telling, "deliver", fails)
            assert (await alice.ask(send("g", "third", BODY))).seq == 2
            await until(lambda: lines.of("events were not taken"))
        await receiver.stop()
        assert (await alice.ask(send("g", "fourth", BODY))).seq == 3
        await until(lambda: lines.of("a callback was not taken and is sent again"))
        secrets = [BODY, TOKEN, URL_KEY, secret, server.sign("alice")[:40], app.user_sig()[-60:]]
        await _leads_to_the_message(server, lines)
    say_counts(all_of_them=True)
    said = {json.loads(line)["event"] for line in lines.json}
    assert {"request", "a question to the app got no answer", "events were not taken"} <= said, (
        "all of it is looked at"
    )
    for planted in secrets:
        assert not [one for one in lines.text + lines.json if planted in one], planted


async def _leads_to_the_message(server: Any, lines: Lines) -> None:
    """From each line about a message, by its fields, to what became of it."""
    admin = await server.member("administrator")
    failed = {
        "a message can't be encoded": "delivered",
        "handling a command failed": "unknown",
        "events were not taken": "delivered",
    }
    for event, stage in failed.items():
        line = lines.of(event)[0]
        assert line["exception"].startswith("Traceback")
        found = await admin.ask(f.AdminTrace(line["conversation"], line["user"], line["client_msg_id"]))
        assert (found.stage, found.seq) == (stage, line.get("seq", 0)), event


async def test_an_id_that_a_user_chose_forges_nothing(
    tmp_path: Path, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with back_end(tmp_path / "data") as app:
        alice = await app.server.member("alice")
        await alice.ask(create("g", "bob"))
        refuse(FrameCodec, "message", monkeypatch, lambda m: True)
        body = encode_body([Text("x")])
        name = 'c" level=error\u202e'
        answer = await alice.ask(f.Send("g:g", name, Priority.NORMAL, body))
        if not isinstance(answer, RcimError):
            await until(lambda: lines.of("a message can't be encoded"))
            assert lines.of("a message can't be encoded")[0]["client_msg_id"] == name
        assert not [one for one in lines.text if "\u202e" in one or ' level=error"' in one.split("\\")[0]]
