"""One-to-one conversations when several things happen at once: lists, deleted accounts, lost links, too many of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.base.terms import pair_conversation
from rcim.client import RcimError, User
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.integration.test_callbacks import Receiver, receiver, says, serve
from tests.integration.test_one_to_one import AB, BLACK, WHITE, code, page, say
from tests.kit import Raw, TestCluster, TestServer, create, send, until

assert receiver, "the fixture is this module's too"


async def together(raw: Raw, *frames: Frame) -> list[Any]:
    """Answers of requests that go out at once."""
    first = raw._last_id + 1
    for frame in frames:
        raw._last_id += 1
        raw.write(frame.encode(raw._last_id))
    return [await raw.answer_to(first + i) for i in range(len(frames))]


async def gated(receiver: Receiver) -> asyncio.Event:
    """The app answers when the event is set."""
    gate = asyncio.Event()

    async def answer(request: web.Request, body: Any) -> web.Response:
        await gate.wait()
        return web.json_response({"ErrorCode": 0})

    receiver.answer = answer
    return gate


# ----------------------------------------------------------------------------------------------------- lists


@pytest.mark.parametrize("on", [True, False])
async def test_changes_of_a_list_count_in_their_order(plain_server: TestServer, on: bool) -> None:  # SC-07
    """The first takes longer than the second, since it is of a hundred users."""
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(say("c1"))
    many = [*(f"u{i}" for i in range(99)), "alice"]
    change, back = f.UserListChange(BLACK, many, []), f.UserListChange(BLACK, [], many)
    await together(bob, *((back, change) if on else (change, back)), f.UserListChange(BLACK, [], ["u1"]))
    listed = (await bob.ask(f.UserListGet(BLACK, "", 500))).users
    assert ("alice" in listed) is on
    assert await code(alice, say("c2")) == ("BLACKLISTED" if on else "done")


# ------------------------------------------------------------------------------------------- deleted accounts


@pytest.mark.parametrize("gateways", [False, True])
async def test_what_a_deleted_account_was_about_to_say_is_not_said(tmp_path: Path, gateways: bool) -> None:  # ID-09
    server: TestServer = (TestCluster if gateways else TestServer)(tmp_path / "data", tls=False)
    await server.start()
    alice, root = await server.member("alice"), await server.member("administrator")
    names = [pair_conversation("alice", f"u{i}") for i in range(300)]

    async def flood() -> None:
        for at, key in enumerate(names * 3):
            alice._last_id += 1
            alice.write(say(f"x{at}", key=key).encode(alice._last_id))
            if at % 20 == 0:
                await alice.writer.drain()

    task = asyncio.create_task(flood())
    await until(lambda: alice._last_id > 60)
    await root.ask(f.AdminAccountsDelete(["alice"]))
    await asyncio.gather(task, return_exceptions=True)
    await alice.closed()
    again = await server.member_anew("alice")
    assert [key for key in names if await page(again, key)] == []
    await server.stop()


async def test_nor_what_waits_for_the_app(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands="C2C.CallbackBeforeSendMsg")
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    gate = await gated(receiver)
    alice.write(say("secret").encode(900))
    await until(lambda: receiver.seen)
    await root.ask(f.AdminAccountsDelete(["alice"]))
    gate.set()
    assert (await bob.ask(say("b"))).seq == 1
    assert [m.sender for m in await page(bob)] == ["bob"]
    await server.stop()


async def test_nor_by_a_list_that_is_gone(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, "c2c.list=white", commands="C2C.CallbackBeforeSendMsg")
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await alice.ask(f.UserListChange(WHITE, ["bob"], []))
    gate = await gated(receiver)
    asked = asyncio.create_task(bob.ask(say("b1")))
    await until(lambda: receiver.seen)
    await root.ask(f.AdminAccountsDelete(["alice"]))
    gate.set()
    found = await asked
    assert isinstance(found, RcimError) and found.code.name == "NOT_WHITELISTED"
    again = await server.member_anew("alice")
    assert await code(bob, say("b2")) == "NOT_WHITELISTED"
    await again.ask(f.UserListChange(WHITE, ["bob"], []))
    assert (await bob.ask(say("b3"))).seq == 1, "the new one has lists of its own"
    await server.stop()


async def test_a_deleted_account_has_not_read_and_its_ids_are_free(server: TestServer) -> None:
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await alice.ask(say("c1"))
    await bob.ask(say("c1"))
    await alice.ask(say("c2"))
    await root.ask(f.AdminAccountsDelete(["bob"]))
    assert (await alice.ask(f.MessageReceipts(AB, 3, True, "", 0))).read_num == 0
    again = await server.member_anew("bob")
    await alice.ask(say("c3"))
    sent = await again.ask(say("c1"))
    assert (sent.seq, sent.duplicate) == (5, False)
    page = await again.ask(f.Sync(b"", 0, 0))
    assert [(row.read_seq, row.unread) for row in page.conversations] == [(5, 0)], (
        "the first it sends is kept (RX-11)"
    )


# ---------------------------------------------------------------------------------------- before it is kept


async def test_what_is_sent_twice_before_anything_is_kept(plain_server: TestServer) -> None:  # MS-02
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    answers = [await alice.ask(say("t", transient=True)) for _ in range(3)]
    assert [a.duplicate for a in answers] == [False, True, True]
    await alice.ask(say("m"))
    seen = []
    while not isinstance(seen[-1] if seen else None, f.Deliver):
        seen.append(await bob.take())
    assert sum(isinstance(frame, f.Transient) for frame in seen) == 1


async def test_what_the_app_dropped_first_stays_dropped(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands="C2C.CallbackBeforeSendMsg")
    alice = await server.member("alice")
    receiver.answer = says(2)
    assert (await alice.ask(say("c1"))).seq == 0
    receiver.answer = says(0)
    assert (await alice.ask(say("c1"))).seq == 0 and len(receiver.seen) == 1
    await server.stop()


async def test_deleting_all_of_a_sender_where_nothing_was_said_keeps_nothing(plain_server: TestServer) -> None:
    root = await plain_server.member("administrator")
    records = plain_server.server.dispatcher.counters.records
    assert await code(root, f.MessagesErase(AB, "alice")) == "done"
    assert plain_server.server.dispatcher.counters.records == records


# -------------------------------------------------------------------------------------------- who hears them


async def test_many_conversations_cost_little_and_all_are_heard(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.connect.subscriptions.PAIRS_MAX", 5)
    alice = await plain_server.member("alice")
    peers = [await plain_server.member(f"p{i}") for i in range(12)]
    for turn in range(3):
        for i, peer in enumerate(peers):
            key = pair_conversation("alice", f"p{i}")
            await peer.ask(say(f"{turn}", key=key))
            push = await alice.take_of(f.Deliver)
            assert (push.conversation, push.messages[0].seq) == (key, turn + 1)
    user = plain_server.server.hub.subscriptions._users["alice"]
    assert len(user.pairs) == 5 == len(user.conversations - {"b:all"}) and user.groups == 0
    await alice.ask(create("g"))
    assert user.groups == 1


async def test_what_is_sent_together_comes_together(plain_server: TestServer) -> None:  # WI-08
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    await alice.ask(say("first"))
    await together(alice, *(say(f"c{i}") for i in range(40)))
    pushes, seqs = 0, []
    while not seqs or seqs[-1] < 41:
        push = await bob.take_of(f.Deliver)
        pushes += 1
        seqs += [m.seq for m in push.messages]
    assert seqs == list(range(1, 42)) and pushes < 20


async def test_what_was_not_heard_while_a_link_was_broken_is_told_of(tmp_path: Path) -> None:  # RX-05
    server = TestCluster(tmp_path / "data")
    await server.start()
    server.at = 0
    alice = await server.member("alice")
    server.at = 1
    bob = await server.member("bob")
    await alice.ask(create("g", "bob"))
    remote = server.gateways[1][1]
    assert remote._pipe is not None
    path, remote._path = remote._path, Path("/nonexistent")
    remote._pipe.close()
    await until(lambda: not remote.linked and not any("bob" in users for users in [server.links._users]))
    await alice.ask(say("c1"))
    await alice.ask(send("g", "c1"))
    remote._path = path
    told = set()
    while told != {AB, "g:g"}:
        told.add((await bob.take_of(f.Resync)).conversation)
    assert [m.seq for m in await page(bob)] == [1]
    await server.stop()


# ---------------------------------------------------------------------------------------- app administrators


async def test_an_administrator_names_conversations_of_others(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("administrator") as root:
        await alice.send(User("bob"), "hi")
        (message,) = await root.history(User("bob", of="alice"))
        assert (message.conversation, message.peer, message.group_id) == (AB, "", "")
        assert root._conversation(message.where) == AB


@pytest.mark.parametrize("cursor", ["c:", "c", "\x01", "5:alice:bob", "c:5:alice:bob"])
async def test_lists_of_groups_never_show_one(plain_server: TestServer, cursor: str) -> None:
    alice, root = await plain_server.member("alice"), await plain_server.member("administrator")
    await alice.ask(create("g"))
    await alice.ask(say("c"))
    for raw, frame in ((root, f.AdminGroups(cursor, 0)), (alice, f.GroupsJoined(cursor, 0))):
        assert [row.group_id for row in (await raw.ask(frame)).groups] in (["g"], [])
