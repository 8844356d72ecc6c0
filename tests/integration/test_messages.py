"""Directed and transient messages, mentions, message types, through the wire: who sees what, now and in history."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import MessageState, Priority
from rcim.client import EnteredEvent, ListEvent, Message, TransientEvent
from rcim.content.elements import Text, encode_body
from rcim.rules import message_types
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, Raw, TestServer, create, send

BODY = encode_body([Text("psst")])


async def room(server: TestServer, *names: str) -> list[Raw]:
    """A group with these members, the first of whom has made it."""
    found = [await server.member(name) for name in names]
    await found[0].ask(create("g", *names[1:]))
    return found


def made(name: str, **more: Any) -> f.Send:
    return f.Send("g:g", name, Priority.NORMAL, BODY, **more)


async def rows(raw: Raw, count: int) -> list[f.Message]:
    """The next `count` messages that are delivered."""
    found: list[f.Message] = []
    while len(found) < count:
        found += (await raw.take_of(f.Deliver)).messages
    return found


async def page(raw: Raw) -> list[f.Message]:
    return list((await raw.ask(f.History("g:g", 0, 0, 0, False))).messages)


async def test_a_directed_message_is_for_those_it_names(server: TestServer) -> None:  # MS-07
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    second = await server.member("bob")
    alice.write(send("g", "1").encode(1) + made("2", to=["bob"]).encode(2) + send("g", "3").encode(3))
    for raw in (alice, bob, second):
        seen = await rows(raw, 3)
        assert [m.seq for m in seen] == [1, 2, 3]
        assert seen[1].body == BODY and seen[1].to == ["bob"] and seen[1].sender == "alice"
    hidden = await rows(carol, 3)
    assert [m.seq for m in hidden] == [1, 2, 3], "there is no gap"
    other = hidden[1]
    assert other.state is MessageState.NOT_FOR_YOU and not other.body and not other.to
    assert "alice" not in repr(other) and "bob" not in repr(other)
    assert (await page(carol))[1] == other and (await page(bob))[1].body == BODY
    admin = await server.member("administrator")
    assert (await page(admin))[1].body == BODY, "the app sees all"


async def test_directed_among_many_in_one_round(server: TestServer) -> None:  # MS-07, WI-06
    names = ["alice", *(f"m{i:02}" for i in range(70))]
    members = await room(server, *names)
    alice = members[0]
    for i in range(30):
        to = [names[1 + (i * 7) % 70]] if i % 3 == 0 else []
        alice.write(made(str(i), to=to).encode(100 + i))
    for name, raw in zip(names, members, strict=True):
        seen = await rows(raw, 30)
        assert [m.seq for m in seen] == list(range(1, 31))
        mine = [m.seq for m in seen if m.state is MessageState.AS_SENT]
        all_ = [i + 1 for i in range(30) if i % 3 or name in ("alice", names[1 + (i * 7) % 70])]
        assert mine == all_


async def test_who_is_not_in_the_group_can_not_be_named(server: TestServer) -> None:  # MS-07
    alice, _ = await room(server, "alice", "bob")
    wanted = [
        (made("1", to=["carol"]), "NO_SUCH_MEMBER"),
        (made("2", mentions=["carol"]), "NO_SUCH_MEMBER"),
        (made("3", to=[f"u{i}" for i in range(51)]), "BAD_PARAMETER"),
        (made("4", mentions=[f"u{i}" for i in range(31)]), "TOO_MANY_MENTIONS"),
        (made("5", cloud_data=b"x" * 1025), "BODY_TOO_LARGE"),
        (made("6", type_name="app:unknown"), "BAD_PARAMETER"),
        (made("7", to=["b\x01b"]), "BAD_PARAMETER"),
    ]
    for frame, code in wanted:
        found = await alice.ask(frame)
        assert isinstance(found, RcimError) and found.code.name == code, (frame, found)
    assert (await alice.ask(made("8"))).seq == 1, "and nothing was lost by it"


async def test_mentions_and_the_apps_own_data_go_with_the_message(server: TestServer) -> None:  # MS-07
    alice, bob = await room(server, "alice", "bob")
    await alice.ask(made("1", mentions=["bob"], mentions_all=True, cloud_data=b"\x00app", type_name="RC:TxtMsg"))
    (seen,) = await rows(bob, 1)
    assert (seen.mentions, seen.mentions_all, seen.cloud_data, seen.type_name) == (
        ["bob"],
        True,
        b"\x00app",
        "RC:TxtMsg",
    )
    assert await page(bob) == [seen], "and is kept with it"


async def test_a_transient_message_is_for_who_is_online(server: TestServer) -> None:  # MS-08
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    ok = await alice.ask(made("t", transient=True))
    assert (ok.seq, ok.message_id, ok.duplicate) == (0, 0, False)
    push = await bob.take_of(f.Transient)
    assert push.conversation == "g:g" and push.messages[0].sender == "alice" and push.messages[0].seq == 0
    await alice.ask(made("u", transient=True, to=["bob"]))
    assert (await bob.take_of(f.Transient)).messages[0].client_msg_id == "u"
    assert (await alice.ask(send("g", "1"))).seq == 1, "no SEQ was spent"
    (first,) = await rows(carol, 1)
    assert first.client_msg_id == "1"
    assert [m.seq for m in await page(bob)] == [1]
    outsider = await server.member("dave")
    found = await outsider.ask(made("v", transient=True))
    assert isinstance(found, RcimError) and found.code.name == "NOT_PERMITTED"


async def test_a_type_that_is_not_stored_is_transient(tmp_path: Path) -> None:  # MS-09
    server = TestServer(
        tmp_path / "data", tls=False, flags=("app.message_types=gift content no-counted,dice status",)
    )
    await server.start()
    alice, bob = await room(server, "alice", "bob")
    for name in ("RC:TypSts", "RC:CmdMsg", "dice"):
        assert (await alice.ask(made(name, type_name=name))).seq == 0
        assert (await bob.take_of(f.Transient)).messages[0].type_name == name
    assert (await alice.ask(made("g", type_name="gift"))).seq == 1
    await server.stop()


async def test_the_sdk_hides_what_is_not_for_its_user(server: TestServer) -> None:  # MS-07, MS-08
    async with server.client("alice") as alice, server.client("bob") as bob, server.client("carol") as carol:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        await carol.join("g")
        await alice.send("g", "typing", transient=True, type_name="RC:TypSts")
        await alice.send("g", "for bob", to=["bob"])
        await alice.send("g", "for all", mentions=["carol"])
        events = []
        async with asyncio.timeout(PATIENCE_S):
            async for event in carol.events():
                if isinstance(event, EnteredEvent | ListEvent):  # that she is in the group (GR-07)
                    continue
                events.append(event)
                if isinstance(event, Message):
                    break
        assert isinstance(events[0], TransientEvent) and events[0].message.text == "typing"
        assert isinstance(events[1], Message) and events[1].text == "for all" and events[1].mentions == ("carol",)
        assert len(events) == 2
        assert [m.text for m in await bob.history("g")] == ["for bob", "for all"]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("gift", "has to be followed by one of"),
        ("gift thing", "has to be followed by one of"),
        ("gi/ft content", "a name is"),
        ("gift content loud", "'loud' is not one of"),
        ("gift content no-stored", "neither counted nor pushed"),
    ],
)
def test_message_types_that_are_none(line: str, wrong: str) -> None:  # MS-09
    with pytest.raises(ValueError, match=wrong):
        message_types.parse([line])


def test_what_differs_from_the_class() -> None:  # MS-09
    found = message_types.parse(["gift content no-pushed", "RC:TxtMsg notice counted"])
    assert found["gift"].counted and not found["gift"].pushed
    assert found["RC:TxtMsg"] == message_types.MessageType(message_types.MessageClass.NOTICE, True, True, False)


async def test_an_option_that_there_is_not_is_an_error(server: TestServer) -> None:
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        with pytest.raises(TypeError, match="tto"):
            await alice.send("g", "psst", tto=["bob"])  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="tto"):
            alice.post("g", "psst", tto=["bob"])  # type: ignore[call-arg]
        assert await alice.history("g") == []
