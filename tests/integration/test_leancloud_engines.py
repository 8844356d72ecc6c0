"""LeanCloud's hooks, judged by its own packages (CB-02 to CB-04, ID-07): PyPI's leancloud and npm's leanengine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.records import MessageOptions
from rcim.base.errors import RcimError
from rcim.base.terms import Platform
from rcim.client import Client
from rcim.client.model import Message
from rcim.content.elements import Text
from rcim.hooks.offline_receivers import OfflineReceivers
from rcim.hooks.profiles.leancloud import Engine as EngineCaller
from rcim.hooks.profiles.table import LEANCLOUD
from rcim.web.client import WebClient
from rcim.wire import frames as f
from tests.kit import TestCluster, TestServer, until
from tests.kit_engines import APP_ID, HOOK_KEY, MASTER_KEY, Engine, running
from tests.unit.test_vendor_profiles import message_of

HOOKS = [name for name in (*LEANCLOUD.before, *LEANCLOUD.after) if name != "web_hook"]


@pytest.fixture(params=["python", "node"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with running(request.param, tmp_path) as made:
        yield made


def flags_for(tmp_path: Path, engine: Engine, hooks: list[str]) -> tuple[str, ...]:
    (tmp_path / "master").write_text(MASTER_KEY, encoding="utf-8")
    (tmp_path / "hook").write_text(HOOK_KEY, encoding="utf-8")
    section = "receivers.engine"
    return (
        f"{section}.url={engine.url}",
        f"{section}.commands={','.join(hooks)}",
        f"{section}.allow_private=true",
        f"{section}.timeout_ms=30000",
        f"{section}.profile=leancloud",
        f"{section}.app_id={APP_ID}",
        f"{section}.token_file={tmp_path / 'master'}",
        f"{section}.hook_key_file={tmp_path / 'hook'}",
    )


async def refused(what: Any) -> tuple[str, str]:
    with pytest.raises(RcimError) as error:
        await what
    return error.value.code.name, error.value.detail


async def messages_are_decided(alice: Client, engine: Engine) -> None:
    sent = await alice.send("g", "hello")
    (call,) = engine.calls("_messageReceived")
    assert call.pop("timestamp") > 1_700_000_000_000
    assert call == {
        "fromPeer": "alice",
        "convId": "g",
        "toPeers": ["bob", "carol"],
        "transient": False,
        "bin": False,
        "content": '{"_lctype":-1,"_lctext":"hello"}',
        "receipt": False,
        "system": False,
        "sourceIP": "",
        "groupId": None,
    }
    assert await refused(alice.send("g", "bad")) == ("APP_120001", "mind your words")
    for text in ("nothing", "damn it", "only bob", "crash"):
        await alice.send("g", text)
    said = await alice.history("g")
    assert [text_of(one) for one in said] == ["hello", "nothing", "*** it", "only bob", "crash"]
    assert [list(one.to) for one in said] == [[], [], [], ["bob"], []], "carol does not get it"
    assert await alice.edit_message("g", sent.seq, "damn you")
    assert text_of((await alice.history_of("g", [sent.seq]))[0]) == "*** you"
    assert await refused(alice.recall("g", sent.seq)) == ("CALLBACK_REFUSED", "said is said")
    edit, recall = engine.calls("_messageUpdate")
    assert (edit["content"], edit["recall"]) == ('{"_lctype":-1,"_lctext":"damn you"}', False)
    assert (recall["content"], recall["recall"]) == ('{"_lctype":-127}', True)
    assert edit["msgId"] == recall["msgId"] == f"{sent.message_id:x}"


def text_of(message: Message) -> str:
    return "".join(one.text for one in message.elements if isinstance(one, Text))


async def groups_are_decided(alice: Client, engine: Engine) -> None:
    assert await refused(alice.create_group("forbidden")) == ("CALLBACK_REFUSED", "9890: not here")
    assert engine.calls("_conversationStart")[0] == {
        "initBy": "alice",
        "members": ["alice", "bob", "carol"],
        "attr": {"name": "Chess", "topic": "openings"},
    }
    assert await refused(alice.invite("g", ["mallory"])) == ("CALLBACK_REFUSED", "9890: not here")
    assert await refused(alice.kick("g", ["bob"])) == ("CALLBACK_REFUSED", "9890: not here")
    assert await refused(alice.edit_group("g", name="forbidden")) == ("CALLBACK_REFUSED", "9890: not here")
    await alice.kick("g", ["carol"])
    await alice.edit_group("g", name="Go")
    await alice.edit_group("g", name="damn")
    changed = await alice.info("g")
    assert (changed.name, json.loads(changed.attributes)) == ("***", {"topic": "openings", "checked": True})
    assert engine.calls("_conversationAdd") == [{"initBy": "alice", "members": ["mallory"], "convId": "g"}]
    assert [one["members"] for one in engine.calls("_conversationRemove")] == [["bob"], ["carol"]]
    assert engine.calls("_conversationUpdate")[1] == {"initBy": "alice", "convId": "g", "attr": {"name": "Go"}}


async def all_is_told(server: TestServer, engine: Engine, sent: int) -> None:
    await until(lambda: len(engine.calls("_messageSent")) == sent and len(engine.calls("_clientOffline")) >= 1)
    first = engine.calls("_messageSent")[0]
    assert (first["fromPeer"], first["convId"], first["onlinePeers"], first["offlinePeers"]) == (
        "alice",
        "g",
        ["bob"],
        ["carol"],
    )
    assert engine.calls("_conversationStarted") == [{"convId": "g"}]
    await until(lambda: len(engine.calls("_clientOnline")) >= 2)
    here = {one["peerId"]: one for one in engine.calls("_clientOnline")}
    assert here["bob"] == {"peerId": "bob", "sourceIP": "", "tag": "", "reconnect": 0}
    gone = engine.calls("_clientOffline")[0]
    assert (gone["peerId"], gone["closeCode"]) == ("bob", 1)
    assert engine.calls("_conversationRemoved") == [], "it is not defined"
    stats = server.server._back.consumers.back_end.counted()
    assert stats["callbacks_failed"] == 1, "one that has crashed"
    assert stats["events_failed"] == 0, "what is not defined is not called"


async def test_the_hooks_of_an_engine(tmp_path: Path, engine: Engine) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=flags_for(tmp_path, engine, HOOKS))
    await server.start()
    async with server.client("alice") as alice:
        async with server.client("bob"):
            await alice.create_group(
                "Chess", group_id="g", type_="Public", members=["bob", "carol"], attributes={"topic": "openings"}
            )
            await messages_are_decided(alice, engine)
            await until(lambda: len(engine.calls("_messageSent")) == 5)
        await groups_are_decided(alice, engine)
        await all_is_told(server, engine, sent=5)
    assert await refused(server.client("eve").connect()) == ("LOGIN_REFUSED", "banned")
    await server.stop()
    await pushes_are_decided(engine)
    await wrong_keys_are_not_let_in(engine)


async def test_an_engine_decides_about_logins_of_gateways(tmp_path: Path, engine: Engine) -> None:
    flags = flags_for(tmp_path, engine, ["_rtmClientSign"])
    cluster = TestCluster(tmp_path / "data", flags=(*flags, "app.guests=true"))
    await cluster.start()
    raw = await cluster.raw()
    await raw.hello()
    assert (await raw.ask(f.Login("eve", cluster.sign("eve"), Platform.WEB, ""))).code.name == "LOGIN_REFUSED"
    await raw.closed()
    for user in ("alice", "administrator", ""):
        await (await cluster.raw()).login(user, cluster.sign(user) if user else "", Platform.WEB)
    assert [call["objectId"] for call in engine.calls("_rtmClientSign")] == ["eve", "alice"]
    await cluster.stop()


async def pushes_are_decided(engine: Engine) -> None:
    caller = EngineCaller(engine.url, APP_ID, MASTER_KEY, HOOK_KEY)
    client = WebClient(30_000, allow_private=True)
    hooks = caller.defined_hooks(client)
    assert await hooks.look() and hooks.has("_receiversOffline") and not hooks.has("_conversationRemoved")
    asked = OfflineReceivers(caller, hooks, client, 30_000)
    verdict = await asked.ask("g:g", message_of("hi", MessageOptions(mentions=("dave",))), ["carol", "dave"])
    assert verdict.users == ["carol"] and verdict.force and not verdict.skip
    assert verdict.push == {"alert": "news", "badge": "Increment"}
    (call,) = engine.calls("_receiversOffline")
    assert (call["offlinePeers"], call["mentionOfflinePeers"], call["mentionAll"]) == (
        ["carol", "dave"],
        ["dave"],
        False,
    )
    await hooks.close()


async def wrong_keys_are_not_let_in(engine: Engine) -> None:
    for master, hook in (("wrong", HOOK_KEY), (MASTER_KEY, "wrong")):
        caller = EngineCaller(engine.url, APP_ID, master, hook)
        client = WebClient(30_000, allow_private=True)
        answer = await client.post(caller.call("_clientOnline", {"peerId": "alice"}))
        assert answer.status == 401
        await client.close()
