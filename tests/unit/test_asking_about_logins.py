"""Asking the app about logins (CB-02, CB-03), and finding out which hooks an engine has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.actor.before_callbacks import BeforeCallback, LogIn
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.app.settings.all_settings import SettingsError
from rcim.app.settings.sources import load
from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.hooks import discovery
from rcim.hooks.before import Asking
from rcim.hooks.profiles.leancloud import Engine
from rcim.hooks.turns import WAITING_OF_USER
from rcim.web.client import WebClient
from rcim.wire import frames as f
from tests.kit import TestServer, until
from tests.kit_callbacks import Receiver, receiver

__all__ = ["receiver"]  # the fixture
SECTION = "receivers.engine"
LEAN = (f"{SECTION}.profile=leancloud", f"{SECTION}.app_id=a", f"{SECTION}.allow_private=true")
PATIENT = f"{SECTION}.timeout_ms=60000"
"""The app always answers: only a slow machine would be too late."""


async def serve(tmp_path: Path, receiver: Receiver, *flags: str) -> TestServer:
    (tmp_path / "key").write_text("k", encoding="utf-8")
    keys = (f"{SECTION}.token_file={tmp_path / 'key'}", f"{SECTION}.hook_key_file={tmp_path / 'key'}")
    own = (PATIENT, f"{SECTION}.url={receiver.url}", f"{SECTION}.commands=_rtmClientSign")
    server = TestServer(tmp_path / "data", tls=False, flags=(*LEAN, *keys, *own, "limits.drain_grace_ms=100", *flags))
    await server.start()
    return server


def returns(result: Any, status: int = 200) -> Any:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        if request.path.endswith("_ops/metadatas"):
            return web.json_response({"result": ["_rtmClientSign"]})
        return web.json_response({"result": result}, status=status)

    return answer


async def login(server: TestServer, user: str) -> str:
    raw = await server.raw()
    await raw.hello()
    found = await raw.ask(f.Login(user, server.sign(user), Platform.WEB, ""))
    if isinstance(found, RcimError):
        await raw.closed()
        return f"{found.code.name}: {found.detail}"
    return "in"


async def test_what_the_app_says_of_a_login(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver)
    for result, answer in (
        (True, "in"),
        ({"result": True}, "in"),
        (False, "LOGIN_REFUSED: The app's back end refused the login; the text may say why."),
        ({"result": False, "error": "pay first"}, "LOGIN_REFUSED: pay first"),
        (None, "in"),  # no valid answer: it goes on
    ):
        receiver.answer = returns(result)
        assert await login(server, "alice") == answer
    receiver.answer = returns(True, status=500)
    assert await login(server, "bob") == "in"
    counts = server.server._back.consumers.back_end.asking.counts
    assert (counts["asked"], counts["refused"], counts["failed"]) == (6, 2, 2)
    await server.stop()


async def test_without_an_answer_logins_may_be_refused(tmp_path: Path, receiver: Receiver) -> None:
    receiver.answer = returns(True, status=500)
    server = await serve(tmp_path, receiver, f"{SECTION}.refuse_on_failure=true")
    assert (await login(server, "alice")).startswith("CALLBACK_FAILED")
    assert await login(server, "administrator") == "in", "who could set it right is not asked about"
    await server.stop()


async def test_a_login_that_waits_for_an_answer_ends_with_the_server(tmp_path: Path, receiver: Receiver) -> None:
    asked = asyncio.Event()

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        if not request.path.endswith("_ops/metadatas"):
            asked.set()
            await receiver.release.wait()
        return await returns(True)(request, body)

    receiver.answer = answer
    server = await serve(tmp_path, receiver)
    raw = await server.raw()
    await raw.hello()
    raw.write(f.Login("alice", server.sign("alice"), Platform.WEB, "").encode(2))
    await asked.wait()
    await server.stop()
    await raw.closed()


class Slow:
    """A receiver that decides when it is let."""

    timeout_ms = 60_000
    refuse_on_failure = False

    def __init__(self) -> None:
        self.let = asyncio.Event()

    def decides(self, ask: BeforeCallback) -> bool:
        return True

    async def ask(self, ask: BeforeCallback) -> CallbackVerdict:
        await self.let.wait()
        return CallbackVerdict()


async def test_logins_that_wait_hold_up_no_messages() -> None:
    slow = Slow()
    asking = Asking(DEFAULTS, [slow], [], 1000)  # type: ignore[list-item]
    answers: list[CallbackVerdict] = []
    attempt = BeforeCallback(0, BeforeKind.LOGIN, "", "", LogIn("alice", False))
    for _ in range(WAITING_OF_USER + 1):
        asking.ask(attempt, answers.append)
    assert [one.error()[0].name for one in answers] == ["OVERLOADED"], "one too many of her"
    slow.let.set()
    asking.ask(BeforeCallback(1, BeforeKind.CREATE, "", "", LogIn("alice", False)), answers.append)
    await until(lambda: len(answers) == WAITING_OF_USER + 2)
    await asking.close()


# -- which hooks there are


async def test_hooks_are_looked_up_and_kept(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "LOOK_S", 0.0)
    monkeypatch.setattr(discovery, "AGAIN_S", 0.0)
    listed: list[Any] = [["_messageSent"]]

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        assert request.headers["X-LC-Key"] == "m,master" and request.path.endswith("/1.1/functions/_ops/metadatas")
        return web.json_response({"result": listed[0]})

    receiver.answer = answer
    hooks = Engine(receiver.url, "a", "m", "h").defined_hooks(WebClient(60_000, allow_private=True))
    assert hooks.has("_clientOnline"), "nothing is known yet"
    hooks.start()
    hooks.start()
    await hooks.looked()
    assert hooks.has("_messageSent") and not hooks.has("_clientOnline")
    listed[0] = ["_clientOnline"]
    await until(lambda: hooks.has("_clientOnline"))
    for wrong in ("no list", [1], None, ["x"] * (discovery.HOOKS_MAX + 1)):
        listed[0] = wrong
        assert not await hooks.look()
        assert hooks.has("_clientOnline") and not hooks.has("_messageSent"), "what was known is kept"
    await hooks.close()


# -- settings


def loaded(*flags: str, **secrets: str) -> Any:
    environment = {f"RCIM__RECEIVERS__ENGINE__{name.upper()}": value for name, value in secrets.items()}
    own = (f"{SECTION}.url=https://a.example", *flags)
    return load(None, environment, own).receivers["engine"]


def test_each_service_waits_as_long_as_it_does() -> None:
    assert loaded().timeout_ms == 2000 and loaded(f"{SECTION}.profile=rongcloud").timeout_ms == 3000
    assert loaded(*LEAN).timeout_ms == 5000 and loaded(*LEAN, f"{SECTION}.timeout_ms=70").timeout_ms == 70


@pytest.mark.parametrize(
    ("flags", "secrets", "key"),
    [
        ((f"{SECTION}.profile=other",), {}, "profile"),
        ((*LEAN, f"{SECTION}.commands=web_hook"), {}, "urls"),
        ((*LEAN, f"{SECTION}.url=", f"{SECTION}.commands=_messageSent"), {"token": "m", "hook_key": "h"}, "commands"),
        ((f"{SECTION}.profile=rongcloud", f"{SECTION}.commands=_messageSent"), {}, "commands"),
        ((*LEAN, f"{SECTION}.commands=_messageSent"), {"hook_key": "h"}, "token"),
        ((*LEAN, f"{SECTION}.commands=_messageSent"), {"token": "m"}, "hook_key"),
        (
            (*LEAN, f"{SECTION}.app_id=", f"{SECTION}.commands=_messageSent"),
            {"token": "m", "hook_key": "h"},
            "app_id",
        ),
        (
            (f"{SECTION}.profile=rongcloud", f"{SECTION}.commands=message_routing", f"{SECTION}.batch_max=2"),
            {},
            "batch_max",
        ),
    ],
)
def test_settings_that_are_wrong(flags: tuple[str, ...], secrets: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError, match=rf"receivers\.engine\.{key}"):
        loaded(*flags, **secrets)


def test_rows_may_go_in_batches() -> None:
    made = loaded(f"{SECTION}.profile=rongcloud", f"{SECTION}.commands=online_status", f"{SECTION}.batch_max=9")
    assert made.batch_max == 9
