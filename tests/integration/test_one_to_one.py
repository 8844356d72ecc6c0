"""One-to-one conversations (C2-01), black and white lists (SC-07), through the wire."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.base.errors import RcimError
from rcim.base.terms import MessageState, Priority, UserList, pair_conversation, pair_of
from rcim.client import ChangedEvent, Client, Message, ReadEvent, TransientEvent, User
from rcim.content.elements import Text, encode_body
from rcim.store.login_facts import LoginScan
from rcim.store.store import Store
from rcim.wire import frames as f
from tests.integration.test_altering import events
from tests.integration.test_callbacks import Receiver, receiver, says, serve
from tests.kit import Raw, TestServer, until
from tests.sim.test_dispatcher import Sim, send, stop_all

assert receiver and stop_all, "the fixtures are this module's too"
AB = "c:5:alice:bob"
BLACK, WHITE = UserList.BLACK, UserList.WHITE


def say(name: str, text: str = "hello", key: str = AB, **more: Any) -> f.Send:
    return f.Send(key, name, Priority.NORMAL, encode_body([Text(text)]), **more)


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def page(raw: Raw, key: str = AB) -> list[f.Message]:
    return list((await raw.ask(f.History(key, 0, 0, 0, False))).messages)


# ------------------------------------------------------------------------------------------------------ ids


@pytest.mark.parametrize(
    ("one", "other", "id_"),
    [
        ("alice", "bob", AB),
        ("bob", "alice", AB),
        ("b", "a:", "c:2:a::b"),
        ("用户", "a", "c:1:a:用户"),
        ("10", "9", "c:2:10:9"),
        ("aa", "a", "c:1:a:aa"),
    ],
)
def test_ids_are_the_same_whoever_asks(one: str, other: str, id_: str) -> None:  # C2-02
    assert pair_conversation(one, other) == id_
    assert pair_of(id_) == tuple(sorted((one, other), key=str.encode))


def test_an_id_names_one_pair_and_a_pair_one_id() -> None:
    rng = random.Random(1)
    names = ["".join(rng.choices("a:1é", k=rng.randint(1, 5))) for _ in range(80)]
    pairs = {tuple(sorted((x, y), key=str.encode)) for x in names for y in names if x != y}
    assert len({pair_conversation(*pair) for pair in pairs}) == len(pairs)
    assert all(pair_of(pair_conversation(*pair)) == pair for pair in pairs)


@pytest.mark.parametrize(
    "bad",
    ["c:", "c:alice:bob", "c:3:bob:alice", "c:05:alice:bob", "c:5:alicebob", "c:5:alice:alice", "c:4:alice:bob",
     "c:+5:alice:bob", "c:9:alice:bob", "c:1:用:户", "c:٥:alice:bob", "x:5:alice:bob", "C:5:alice:bob"],
)  # fmt: skip
def test_what_is_no_id(bad: str) -> None:
    assert pair_of(bad) is None


# ------------------------------------------------------------------------------------------------- messages


async def test_a_conversation_is_there_without_being_made(server: TestServer) -> None:
    alice, bob, carol = [await server.member(name) for name in ("alice", "bob", "carol")]
    assert await page(alice) == [] and await page(bob) == []
    first = await alice.ask(say("c1", "hi"))
    assert (first.seq, first.duplicate) == (1, False)
    for raw in (alice, bob):
        pushed = await raw.take_of(f.Deliver)
        assert (pushed.conversation, [m.seq for m in pushed.messages]) == (AB, [1])
    assert (await bob.ask(say("c1", "hello"))).seq == 2, "ids are the sender's own"
    assert await alice.ask(say("c1", "hi")) == f.SendOk(1, first.time_ms, first.message_id, True)
    assert [m.sender for m in await page(alice)] == ["alice", "bob"] == [m.sender for m in await page(bob)]
    assert await code(carol, say("x")) == "NOT_PERMITTED"
    assert await code(carol, f.History(AB, 0, 0, 0, False)) == "NOT_PERMITTED"
    assert (await alice.ask(f.GroupsJoined("", 0))).groups == [], "it is no group"
    assert await code(alice, f.GroupInfo("5:alice:bob")) == "NO_SUCH_GROUP"


@pytest.mark.parametrize(
    ("key", "result"),
    [
        ("c:3:bob:alice", "NO_SUCH_GROUP"),
        ("c:5:alice:alice", "NO_SUCH_GROUP"),
        ("c:5:alice:b\n", "NO_SUCH_GROUP"),
        ("c:5:alice:" + "b" * 65, "NO_SUCH_GROUP"),
        ("c:0::alice", "NO_SUCH_GROUP"),
        ("c:7:@SYSTEM:alice", "NO_SUCH_GROUP"),
        ("c:8:@GUEST#1:alice", "NO_SUCH_GROUP"),
        ("x:lobby", "NO_SUCH_GROUP"),
    ],
)
async def test_bad_conversations(plain_server: TestServer, key: str, result: str) -> None:
    alice = await plain_server.member("alice")
    assert await code(alice, say("c", key=key)) == result


async def test_who_is_offline_reads_it_and_a_second_device_hears_it(server: TestServer) -> None:
    alice = await server.member("alice")
    for i in range(3):
        await alice.ask(say(f"c{i}", str(i)))
    other, bob = await server.member("alice"), await server.member("bob")
    assert [m.seq for m in await page(bob)] == [1, 2, 3]
    await bob.ask(say("b"))
    for raw in (alice, other, bob):
        while (await raw.take_of(f.Deliver)).messages[-1].seq < 4:
            pass


async def test_it_lives_on_after_a_restart(server: TestServer, tmp_path: Path) -> None:
    alice = await server.member("alice")
    await alice.ask(say("c1"))
    await server.stop()
    again = TestServer(tmp_path / "data", tls=False)
    await again.start()
    bob = await again.member("bob")
    assert (await bob.ask(say("c2"))).seq == 2
    assert (await page(bob))[0].client_msg_id == "c1"
    alice = await again.member("alice")
    assert (await alice.ask(say("c1"))).duplicate
    await again.stop()


async def test_afterwards(server: TestServer) -> None:  # C2-01: recall, edit, delete, as for groups
    alice, bob = await server.member("alice"), await server.member("bob")
    root = await server.member("administrator")
    for i in range(4):
        await alice.ask(say(f"c{i}", str(i)))
    body = encode_body([Text("better")])
    assert await code(alice, f.MessageRecall(AB, 1)) == "done"
    assert (await bob.take_of(f.MessageChanged)).messages[0].state is MessageState.RECALLED
    assert await code(alice, f.MessageEdit(AB, 2, body)) == "done"
    assert await code(bob, f.MessageRecall(AB, 3)) == "NOT_PERMITTED"
    assert await code(bob, f.MessageEdit(AB, 3, body)) == "NOT_PERMITTED"
    assert await code(alice, f.MessageDelete(AB, 3)) == "NOT_PERMITTED"
    assert await code(alice, f.MessagesErase(AB, "bob")) == "NOT_PERMITTED"
    assert await code(root, f.MessageDelete(AB, 3)) == "done"
    states = [MessageState.RECALLED, MessageState.EDITED, MessageState.DELETED, MessageState.AS_SENT]
    assert [m.state for m in await page(bob)] == states
    assert await code(bob, f.MessagesHide(AB, [f.SeqEntry(4)])) == "done"
    assert await code(bob, f.ConversationClear(AB)) == "done"
    assert await page(bob) == [] and len(await page(alice)) == 4


async def test_read_up_to(server: TestServer) -> None:  # MS-11, RX-08
    alice, bob, other = [await server.member(name) for name in ("alice", "bob", "bob")]
    for i in range(3):
        await alice.ask(say(f"c{i}"))
    assert (await bob.ask(f.ConversationRead(AB, 2))).read_seq == 2
    for raw in (alice, other):
        push = await raw.take_of(f.MessagesRead)
        assert (push.conversation, push.user_id, push.seq) == (AB, "bob", 2)
    receipts = await alice.ask(f.MessageReceipts(AB, 2, True, "", 0))
    assert receipts.users == ["bob"]
    assert (await alice.ask(f.MessageReceipts(AB, 3, False, "", 0))).users == ["bob"]
    assert (await bob.ask(f.ConversationRead(AB, 99))).read_seq == 3, "more than the newest is the newest"


async def test_transient_and_directed(server: TestServer) -> None:
    alice, bob = await server.member("alice"), await server.member("bob")
    typing = await alice.ask(say("t", "typing", transient=True))
    assert typing.seq == 0
    push = await bob.take_of(f.Transient)
    assert (push.conversation, push.messages[0].sender) == (AB, "alice")
    assert await page(bob) == [], "nothing of it is kept"
    assert await code(alice, say("d", to=["carol"])) == "NO_SUCH_MEMBER"
    assert (await alice.ask(say("e"))).seq == 1


async def test_the_app_sends_as_one_of_the_two(server: TestServer) -> None:  # MS-06
    bob, root = await server.member("bob"), await server.member("administrator")
    assert await code(root, say("x")) == "NOT_PERMITTED", "it is neither of them"
    assert (await root.ask(say("x", as_user="alice"))).seq == 1
    assert (await bob.take_of(f.Deliver)).messages[0].sender == "alice"
    assert await code(root, say("y", as_user="carol")) == "NOT_PERMITTED"
    assert await code(bob, say("y", as_user="alice")) == "ADMIN_REQUIRED"
    assert [m.sender for m in await page(root)] == ["alice"], "it reads all (AB-04)"


async def test_a_deleted_account_leaves_nothing_to_who_comes_next(server: TestServer) -> None:  # ID-09
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    for i in range(2):
        await alice.ask(say(f"c{i}"))
    await alice.ask(f.UserListChange(BLACK, ["bob"], []))
    assert await code(bob, say("b")) == "BLACKLISTED"
    results = (await root.ask(f.AdminAccountsDelete(["alice"]))).results
    assert [r.result.name for r in results] == ["ADDED"]
    assert len(await page(bob)) == 2
    assert (await bob.ask(say("b"))).seq == 3
    again = await server.member_anew("alice")
    assert [m.seq for m in await page(again)] == [3]
    assert (await again.ask(f.UserListGet(BLACK, "", 0))).users == []


# ----------------------------------------------------------------------------------------------------- lists


async def test_a_black_list(server: TestServer) -> None:  # SC-07
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(say("c1"))
    await bob.ask(f.UserListChange(BLACK, ["alice", "carol"], []))
    assert await code(alice, say("c2")) == "BLACKLISTED"
    assert await code(alice, say("t", transient=True)) == "BLACKLISTED"
    assert await code(alice, f.MessageEdit(AB, 1, encode_body([Text("x")]))) == "BLACKLISTED"
    assert (await alice.ask(say("c1"))).duplicate, "what was taken before stays taken"
    assert (await bob.ask(say("b1"))).seq == 2, "the other way it may"
    assert (await bob.ask(f.UserListGet(BLACK, "", 1))).users == ["alice"]
    rest = await bob.ask(f.UserListGet(BLACK, "alice", 1))
    assert (rest.users, rest.next) == (["carol"], "")
    await bob.ask(f.UserListChange(BLACK, [], ["alice", "nobody"]))
    assert (await alice.ask(say("c2"))).seq == 3
    await bob.ask(f.UserListChange(WHITE, ["carol"], []))
    assert (await alice.ask(say("c3"))).seq == 4, "white lists are not in force"


async def test_a_list_outlives_the_server_and_the_conversations_memory(tmp_path: Path) -> None:
    for i in range(2):
        server = TestServer(tmp_path / "data", tls=False)
        await server.start()
        alice = await server.member("alice")
        if i == 0:
            bob = await server.member("bob")
            await bob.ask(f.UserListChange(BLACK, ["alice"], []))  # nothing was ever said
        assert await code(alice, say("c")) == "BLACKLISTED"
        await server.stop()


async def test_white_lists(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("c2c.list=white",))
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    assert await code(alice, say("c")) == "NOT_WHITELISTED"
    await bob.ask(f.UserListChange(WHITE, ["alice"], []))
    await alice.ask(f.UserListChange(BLACK, ["bob"], []))
    assert (await alice.ask(say("c"))).seq == 1
    assert await code(bob, say("b")) == "NOT_WHITELISTED", "each goes by the other's list"
    root = await server.member("administrator")
    assert (await root.ask(say("r", as_user="bob"))).seq == 2, "the app may send what it likes"
    await server.stop()


async def test_bad_lists(server: TestServer) -> None:
    alice, root = await server.member("alice"), await server.member("administrator")
    many = [f"u{i}" for i in range(101)]
    for frame, result in [
        (f.UserListChange(BLACK, [], []), "BAD_PARAMETER"),
        (f.UserListChange(BLACK, many, []), "BAD_PARAMETER"),
        (f.UserListChange(BLACK, ["alice"], []), "BAD_PARAMETER"),
        (f.UserListChange(BLACK, ["a\0"], []), "BAD_PARAMETER"),
        (f.UserListChange(BLACK, ["x"], [], "bob"), "ADMIN_REQUIRED"),
        (f.UserListGet(BLACK, "", 0, "bob"), "ADMIN_REQUIRED"),
        (f.UserListGet(BLACK, "", 0, "alice"), "done"),
    ]:
        assert await code(alice, frame) == result, frame
    assert await code(root, f.UserListChange(BLACK, ["mallory"], [], "alice")) == "done"
    assert (await root.ask(f.UserListGet(BLACK, "", 0, "alice"))).users == ["mallory"]


async def test_a_list_has_a_bound(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.user_list_max=2",))
    await server.start()
    alice = await server.member("alice")
    assert await code(alice, f.UserListChange(BLACK, ["a", "b", "c"], [])) == "TOO_MANY_ENTRIES"
    assert (await alice.ask(f.UserListGet(BLACK, "", 0))).users == [], "all of it or nothing"
    assert await code(alice, f.UserListChange(BLACK, ["a", "b"], [])) == "done"
    assert await code(alice, f.UserListChange(BLACK, ["c"], ["a"])) == "done"
    await server.stop()


# ------------------------------------------------------------------------------------------------- callbacks


async def test_the_app_is_asked(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands="C2C.CallbackBeforeSendMsg")
    alice, bob = await server.member("alice"), await server.member("bob")
    assert (await alice.ask(say("c1", "hi"))).seq == 1
    body = receiver.seen[0][1]
    assert body["CallbackCommand"] == "C2C.CallbackBeforeSendMsg"
    assert (body["From_Account"], body["To_Account"], body["MsgId"]) == ("alice", "bob", "c1")
    assert body["MsgBody"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    assert "GroupId" not in body
    await alice.ask(f.GroupCreate("g", "ChatRoom", "g", "", "", "", 1, []))
    assert (await alice.ask(say("g1", key="g:g"))).seq == 1 and len(receiver.seen) == 1, "a group is another event"
    receiver.answer = says(1)
    assert await code(alice, say("c2")) == "PAIR_CALLBACK_REFUSED"
    receiver.answer = says(121_000, info="no")
    assert await code(alice, say("c3")) == "APP_121000"
    receiver.answer = says(2)
    assert (await alice.ask(say("c4"))).seq == 0
    receiver.answer = says(0, MsgBody=[{"MsgType": "TIMTextElem", "MsgContent": {"Text": "other"}}])
    assert (await bob.ask(say("c5"))).seq == 2
    assert (await page(alice))[1].body == encode_body([Text("other")])
    await server.stop()


# ------------------------------------------------------------------------------------------------ underneath


async def test_a_first_message_that_could_not_be_kept_leaves_nothing() -> None:  # ST-01
    sim = Sim(share=1.0)
    sim.backend.share = 1.0
    refused = await sim.answer(AB, send("alice", "c1"))
    assert isinstance(refused, o.Refused) and sim.sink.seen == {}
    sim.backend.share = 0.0
    sent = await sim.answer(AB, send("alice", "c1"))
    assert (sent.seq, sent.duplicate) == (1, False)
    again = await sim.answer(AB, send("bob", "c1"))
    assert again.seq == 2 and again.message_id == sent.message_id + 1
    assert sim.sink.members[AB] == {"alice", "bob"}


async def test_groups_are_found_among_any_number_of_conversations() -> None:
    sim = Sim()
    await sim.answer("g:a", c.CreateGroup("alice", False, "a", "ChatRoom", "n", "", "", "", 1, [], "alice"))
    for i in range(30):
        await sim.answer(pair_conversation("alice", f"u{i}"), send("alice", "c"))
    store: Store = sim.store
    facts, pairs, joined, everything, sly = store.answer_all(
        [
            q.LoginQuery("alice"),
            q.LoginQuery("alice", pairs=True),
            q.JoinedGroupsQuery("alice", "", 100),
            q.AllGroupsQuery("", 100),
            q.JoinedGroupsQuery("alice", "c:", 100),
        ]
    )
    assert facts.conversations == ["g:a"], "a login costs nothing for them"
    assert len(pairs.conversations) == 31
    for found in (joined, everything, sly):
        assert [row.profile.group_id for row in found.groups] == ["a"]


async def test_what_a_login_needs_is_looked_up_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Sim()
    for name in "abc":
        await sim.answer(f"g:{name}", c.CreateGroup("alice", False, name, "Public", "n", "", "", "", 1, [], "alice"))
    for i in range(30):
        await sim.answer(pair_conversation("alice", f"u{i:02}"), send("alice", "c"))
    store: Store = sim.store
    queries = [q.LoginQuery("alice"), q.LoginQuery("alice", pairs=True), q.LoginQuery("alice", since=1)]
    whole = store.answer_all(queries)
    assert [len(facts.conversations) for facts in whole] == [3, 33, 33]
    monkeypatch.setattr("rcim.store.login_facts.SCAN_ROWS", 4)
    for pairs, query in enumerate(queries):
        ((answer, _),) = store.answer_some([query], 1.0)
        steps = 0
        while isinstance(answer, LoginScan):
            steps += 1
            await sim.answer("g:other", c.CreateGroup("bob", False, "other", "Public", "n", "", "", "", 1, [], "bob"))
            ((answer, _),) = store.answer_some([answer], 1.0)
        assert answer == replace(whole[pairs], stamp=answer.stamp) and steps >= (8 if pairs else 0)
        if not pairs:
            assert answer.stamp == whole[0].stamp, "that of the first step: what came later is told to who waits"
    assert store.answer_all([q.LoginQuery("alice", since=whole[0].stamp)])[0].conversations == ["g:a", "g:b", "g:c"]


async def test_a_conversation_without_a_message_does_not_stay_in_memory() -> None:
    sim = Sim()
    for i in range(50):
        key = pair_conversation("alice", f"u{i}")
        await sim.answer(key, c.ReadHistory("alice", False, 0, 0, 20, False, 0, 0))
        assert isinstance(await sim.answer(key, c.ClearMessages("alice", False)), o.Done)
    assert sim.dispatcher.loaded == 0
    assert sim.dispatcher.counters.records == 0


# --------------------------------------------------------------------------------------------------- the SDK


async def test_the_sdk(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        sent = await alice.send(User("bob"), "hi")
        (message,) = [m for m in await events(bob, Message) if isinstance(m, Message)]
        assert (message.conversation, message.peer, message.group_id) == (AB, "alice", "")
        await bob.mark_read(User("alice"), 1)
        read = (await events(alice, ReadEvent))[-1]
        assert isinstance(read, ReadEvent) and (read.user_id, read.seq, read.where) == ("bob", 1, User("bob"))
        assert (await bob.send(message.where, "hello")).seq == sent.seq + 1
        assert [m.text for m in await alice.history(User("bob"))] == ["hi", "hello"]
        assert await bob.mark_read(User("alice"), 1) == 2, "who sends has read up to its own message (RX-11)"
        await alice.edit_message(User("bob"), 1, "hey")
        changed = (await events(bob, ChangedEvent))[-1]
        assert isinstance(changed, ChangedEvent) and changed.message.text == "hey" and changed.peer == "alice"
        await alice.send(User("bob"), "typing", transient=True)
        fleeting = (await events(bob, TransientEvent))[-1]
        assert isinstance(fleeting, TransientEvent) and fleeting.where == User("alice")
        await bob.change_user_list(BLACK, ["alice"])
        assert await bob.user_list(BLACK) == ["alice"]
        with pytest.raises(RcimError) as error:
            await alice.send(User("bob"), "hi")
        assert error.value.code.name == "BLACKLISTED"


async def test_the_sdk_finds_what_is_missing(server: TestServer) -> None:
    """A gap within a conversation is filled (RX-05)."""
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.send(User("bob"), "1")
        seen = await events(bob, Message)
        for i in range(2, 5):
            await alice.send(User("bob"), str(i))
        bob.follow(User("alice"), 0)

        async def take(client: Client) -> None:
            async for item in client.messages():
                seen.append(item)

        task = asyncio.create_task(take(bob))
        await until(lambda: {m.seq for m in seen if isinstance(m, Message)} == {1, 2, 3, 4})
        task.cancel()
