"""An edit is asked about as a message is (MS-10, CB-03): through the wire, with a real receiver."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.base.errors import RcimError
from rcim.base.terms import AppList, MessageState, Priority, pair_conversation
from rcim.content.elements import Text, decode_body, encode_body
from rcim.hooks import inprocess
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.kit import Raw, TestServer, create, send, until
from tests.kit_callbacks import SEND, Receiver, receiver, says, serve

__all__ = ["receiver"]  # the fixture

G = "g:g"
PAIR = pair_conversation("alice", "bob")
BETTER = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "better"}}]


def edit(text: str, where: str = G, **more: Any) -> f.MessageEdit:
    return f.MessageEdit(where, 1, encode_body([Text(text)]), **more)


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def shown(raw: Raw, where: str = G) -> tuple[str, str]:
    """What the first message says, and its cloud data."""
    (message,) = (await raw.ask(f.History(where, 1, 1, 0, False))).messages
    return "".join(e.text for e in decode_body(message.body) if isinstance(e, Text)), message.cloud_data.decode()


async def two(server: TestServer) -> tuple[Raw, Raw]:
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    await bob.ask(f.Send(G, "c", Priority.NORMAL, encode_body([Text("first")]), cloud_data=b"v1"))
    return alice, bob


async def test_what_the_app_is_asked(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands=f"{SEND},C2C.CallbackBeforeSendMsg")
    _, bob = await two(server)
    assert await code(bob, edit("second", cloud_data=b"v2")) == "done"
    body = receiver.seen[-1][1]
    assert body.pop("EventTime") > 1_700_000_000_000
    assert body == {
        "CallbackCommand": SEND,
        "Type": "ChatRoom",
        "GroupId": "g",
        "From_Account": "bob",
        "Operator_Account": "bob",
        "Random": 112844655,
        "MsgId": "c",
        "MsgSeq": 1,
        "MsgPriority": "Normal",
        "OnlineOnlyFlag": 0,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "second"}}],
        "CloudCustomData": "v2",
        "To_Account": [],
    }
    ok = await bob.ask(f.Send(PAIR, "c", Priority.NORMAL, encode_body([Text("first")])))
    assert await code(bob, edit("second", PAIR)) == "done"
    body = receiver.seen[-1][1]
    time_s = ok.time_ms // 1000
    assert (body["CallbackCommand"], body["From_Account"]) == ("C2C.CallbackBeforeSendMsg", "bob")
    assert (body["To_Account"], body["MsgSeq"], body["MsgId"]) == ("alice", 1, "c")
    assert (body["MsgTime"], body["MsgKey"]) == (time_s, f"1_112844655_{time_s}")
    await server.stop()


async def test_an_administrators_edit_is_asked_about_too(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver)
    await two(server)
    root = await server.member("administrator")
    receiver.answer = says(1)
    assert await code(root, edit("second")) == "CALLBACK_REFUSED"
    asked = receiver.seen[-1][1]
    assert (asked["From_Account"], asked["Operator_Account"]) == ("bob", "administrator")
    await server.stop()


async def test_the_app_decides(tmp_path: Path, receiver: Receiver) -> None:  # CB-03
    server = await serve(tmp_path, receiver, commands=f"{SEND},C2C.CallbackBeforeSendMsg")
    alice, bob = await two(server)
    await bob.ask(f.Send(PAIR, "c", Priority.NORMAL, encode_body([Text("first")])))
    receiver.answer = says(1)
    assert await code(bob, edit("no")) == "CALLBACK_REFUSED"
    assert await code(bob, edit("no", PAIR)) == "PAIR_CALLBACK_REFUSED"
    receiver.answer = says(10123, info="not today")
    found = await bob.ask(edit("no"))
    assert isinstance(found, RcimError) and (found.code.number, found.detail) == (10123, "not today")
    receiver.answer = says(2)
    assert await code(bob, edit("dropped")) == "done", "who edits is not told"
    assert await shown(alice) == ("first", "v1") and await shown(alice, PAIR) == ("first", "")
    receiver.answer = says(0, MsgBody=BETTER, CloudCustomData="the app's")
    assert await code(bob, edit("worse")) == "done"
    (changed,) = (await alice.take_of(f.MessageChanged)).messages
    assert decode_body(changed.body) == [Text("better")], "of what was refused or dropped nobody was told"
    assert await shown(alice) == ("better", "the app's")
    await server.stop()


async def test_recalling_and_deleting_are_not_asked_about(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver)
    alice, bob = await two(server)
    asked = len(receiver.seen)
    receiver.answer = says(1)
    assert await code(bob, f.MessageRecall(G, 1)) == "done" and await code(alice, f.MessageDelete(G, 1)) == "done"
    assert len(receiver.seen) == asked
    await server.stop()


async def test_words_are_looked_for_before_the_app_is_asked(tmp_path: Path, receiver: Receiver) -> None:  # SC-05
    server = await serve(tmp_path, receiver)
    alice, bob = await two(server)
    root = await server.member("administrator")
    assert await code(root, f.AdminListChange(AppList.REFUSED_WORDS, ["verboten"], [])) == "done"
    assert await code(root, f.AdminListChange(AppList.REPLACED_WORDS, ["naughty"], [])) == "done"
    asked = len(receiver.seen)
    assert await code(bob, edit("verboten")) == "DIRTY_WORD" and len(receiver.seen) == asked
    assert await code(bob, edit("so naughty")) == "done"
    assert receiver.seen[-1][1]["MsgBody"][0]["MsgContent"]["Text"] == "so ***"
    assert (await shown(alice))[0] == "so ***"
    await server.stop()


class Held:
    """A receiver that answers when it is told to; sends pass."""

    def __init__(self, receiver: Receiver) -> None:
        self.going = asyncio.Event()
        receiver.answer = self._answer

    async def _answer(self, request: web.Request, body: Any) -> web.StreamResponse:
        if "MsgSeq" in body:
            await self.going.wait()
        return web.json_response({"ErrorCode": 0})


@pytest.mark.parametrize(
    "change, error",
    [
        (f.GroupMute("g", ["bob"], 60), "SENDER_MUTED"),
        (f.MessageDelete(G, 1), "NOT_RECALLABLE"),
        (f.MessagesErase(G, "bob"), "NOT_RECALLABLE"),
        (f.GroupKick("g", ["bob"], ""), "NOT_PERMITTED"),
        (f.GroupDissolve("g"), "NO_SUCH_GROUP"),
    ],
    ids=lambda one: getattr(one, "NAME", None),
)
async def test_it_waits_without_holding_up_others_and_is_looked_at_again(
    tmp_path: Path, receiver: Receiver, change: Frame, error: str
) -> None:
    server = await serve(tmp_path, receiver)
    alice, bob = await two(server)
    held, asked = Held(receiver), len(receiver.seen)
    bob.write(edit("late").encode(70))
    await until(lambda: len(receiver.seen) == asked + 1)
    assert (await alice.ask(send("g", "a"))).seq == 2, "others are not held up"
    assert await code(alice, change) == "done"
    held.going.set()
    found = await bob.answer_to(70)
    assert isinstance(found, RcimError) and found.code.name == error
    await server.stop()


async def test_what_waits_changes_what_the_message_is_then(tmp_path: Path, receiver: Receiver) -> None:  # MS-17
    """Two edits at once: what the later one does not name is as the other one made it, not as it was before both. The app
    is quick about the later one, which is made after the other all the same."""
    server = await serve(tmp_path, receiver)
    alice, bob = await two(server)
    held = Held(receiver)
    asked = len(receiver.seen)
    bob.write(edit("slow", mentions=["alice"]).encode(70))
    await until(lambda: len(receiver.seen) == asked + 1)
    root = await server.member("administrator")
    receiver.answer = says(0)
    root.write(edit("quick", cloud_data=b"v2").encode(71))
    await until(lambda: len(receiver.seen) == asked + 2)
    held.going.set()
    assert isinstance(await bob.answer_to(70), f.MessageEditOk)
    assert isinstance(await root.answer_to(71), f.MessageEditOk)
    (message,) = (await alice.ask(f.History(G, 1, 1, 0, False))).messages
    assert (await shown(alice)) == ("quick", "v2") and message.mentions == ["alice"]
    assert message.state is MessageState.EDITED and message.changed_by == "administrator"
    await server.stop()


async def test_in_process_hooks_are_asked_too(tmp_path: Path, monkeypatch: Any) -> None:  # CB-05
    seen: list[dict[str, Any]] = []

    def shout(name: str, fields: dict[str, Any]) -> dict[str, Any]:
        seen.append(fields)
        text = fields["MsgBody"][0]["MsgContent"]["Text"]
        return {"ErrorCode": 0, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text.upper()}}]}

    def bracket(name: str, fields: dict[str, Any]) -> dict[str, Any]:
        text = fields["MsgBody"][0]["MsgContent"]["Text"]
        return {"ErrorCode": 0, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": f"[{text}]"}}]}

    class Point:
        def __init__(self, name: str, hook: Any) -> None:
            self.name, self._hook = name, hook

        def load(self) -> Any:
            return self._hook

    monkeypatch.setattr(inprocess, "entry_points", lambda group: [Point("shout", shout), Point("bracket", bracket)])
    flags = (f"callbacks.commands={SEND}", "callbacks.hooks=shout,bracket")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice, bob = await two(server)
    assert await code(bob, edit("second")) == "done"
    assert (await shown(alice))[0] == "[SECOND]", "the next hook is asked with what the one before made of it"
    assert seen[-1]["MsgSeq"] == 1
    await server.stop()
