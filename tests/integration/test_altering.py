"""What can happen to a message after it was sent, through the wire (MS-10), and who has read it (MS-11)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, MessageState, MsgFlag, Priority, Role
from rcim.client import ChangedEvent, Client, ErasedEvent, HiddenEvent, Message
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, Raw, TestServer, send, until
from tests.sim.test_dispatcher import Sim, stop_all
from tests.sim.test_dispatcher import create as create_command

assert stop_all, "the fixture is this module's too"
NEW = encode_body([Text("better")])
G = "g:g"


async def room(server: TestServer, *names: str, type_: str = "ChatRoom") -> list[Raw]:
    found = [await server.member(name) for name in names]
    await found[0].ask(f.GroupCreate("g", type_, "g", "", "", "", ApplyJoinOption.FREE_ACCESS, list(names[1:])))
    return found


async def page(raw: Raw) -> list[f.Message]:
    return list((await raw.ask(f.History(G, 0, 0, 0, False))).messages)


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def test_a_recalled_message_keeps_its_seq_and_nothing_of_what_it_said(server: TestServer) -> None:
    alice, bob = await room(server, "alice", "bob")
    for i in range(3):
        await bob.ask(send("g", f"c{i}", f"secret {i}"))
    ok = await bob.ask(f.MessageRecall(G, 2))
    assert isinstance(ok, f.MessageRecallOk)
    (changed,) = (await alice.take_of(f.MessageChanged)).messages
    assert (changed.seq, changed.state, changed.body) == (2, MessageState.RECALLED, b"")
    assert (changed.sender, changed.changed_by, changed.changed_ms) == ("bob", "bob", ok.changed_ms)
    kept = await page(alice)
    assert [m.seq for m in kept] == [1, 2, 3] and kept[1] == changed
    assert b"secret 1" not in f.Deliver(G, kept).encode()
    assert await bob.ask(f.MessageRecall(G, 2)) == ok, "asked again, it is answered as the first time"
    assert await code(bob, f.MessageEdit(G, 2, NEW)) == "NOT_RECALLABLE"
    assert await bob.ask(send("g", "c1", "secret 1")) == f.SendOk(2, kept[1].time_ms, kept[1].message_id, True)


async def test_an_edited_message(server: TestServer) -> None:
    alice, bob = await room(server, "alice", "bob")
    await bob.ask(f.Send(G, "c", Priority.NORMAL, encode_body([Text("worse")]), mentions=["alice"]))
    first = await bob.ask(f.MessageEdit(G, 1, NEW))
    (changed,) = (await alice.take_of(f.MessageChanged)).messages
    assert (changed.body, changed.state, changed.mentions) == (NEW, MessageState.EDITED, ["alice"])
    assert await page(alice) == [changed]
    second = await bob.ask(f.MessageEdit(G, 1, encode_body([Text("best")])))
    assert second.changed_ms > first.changed_ms, "which is the newer one can be told"
    assert await code(alice, f.MessageEdit(G, 1, NEW)) == "NOT_PERMITTED", "also the owner edits only its own"
    assert await code(bob, f.MessageEdit(G, 1, b"")) == "BAD_ELEMENT"
    assert await code(bob, f.MessageEdit(G, 1, b"\0\1\0\1x")) == "BAD_ELEMENT"
    assert await code(bob, f.MessageEdit(G, 9, NEW)) == "NO_SUCH_MESSAGE"
    await alice.ask(f.GroupMute("g", ["bob"], 60))
    assert await code(bob, f.MessageEdit(G, 1, NEW)) == "SENDER_MUTED"


async def unread_mentions(raw: Raw) -> int:
    (entry,) = (await raw.ask(f.Sync(b"", 0, 0))).conversations
    return int(entry.mentions)


async def test_an_edit_changes_mentions_and_cloud_data(server: TestServer) -> None:  # MS-17
    alice, bob, carol = await room(server, "alice", "bob", "carol", type_="Public")
    await bob.ask(f.Send(G, "c", Priority.NORMAL, NEW, mentions=["alice"], cloud_data=b"one"))
    assert (await unread_mentions(alice), await unread_mentions(carol)) == (1, 0)
    assert await code(bob, f.MessageEdit(G, 1, NEW, mentions=["carol", "carol"])) == "done"
    (changed,) = (await alice.take_of(f.MessageChanged)).messages
    assert (changed.mentions, changed.mentions_all, changed.cloud_data) == (["carol"], False, b"one")
    assert await page(alice) == [changed]
    assert (await unread_mentions(alice), await unread_mentions(carol)) == (0, 1), "unread mentions follow"
    edit = f.MessageEdit(G, 1, NEW, mentions=[], mentions_all=True, cloud_data=b"two")
    assert await code(bob, edit) == "NOT_PERMITTED", "only the owner and admins mention all here (GT-28)"
    await alice.ask(f.GroupMemberSet("g", "bob", role=Role.ADMIN))
    assert await code(bob, edit) == "done"
    (changed,) = (await alice.take_of(f.MessageChanged)).messages
    assert (changed.mentions, changed.mentions_all, changed.cloud_data) == ((), True, b"two")
    assert (await unread_mentions(alice), await unread_mentions(carol)) == (1, 1)
    assert await code(bob, f.MessageEdit(G, 1, encode_body([Text("other")]))) == "done"
    (changed,) = (await alice.take_of(f.MessageChanged)).messages
    assert (changed.mentions_all, changed.cloud_data) == (True, b"two"), "what is not named stays"
    assert await code(bob, f.MessageEdit(G, 1, NEW, mentions_all=False, cloud_data=b"")) == "done"
    kept = (await page(carol))[0]
    assert (kept.mentions, kept.mentions_all, kept.cloud_data) == ((), False, b"")
    assert (await unread_mentions(alice), await unread_mentions(carol)) == (0, 0)
    for frame, error in (
        (f.MessageEdit(G, 1, NEW, mentions=["stranger"]), "NO_SUCH_MEMBER"),
        (f.MessageEdit(G, 1, NEW, mentions=[f"u{i}" for i in range(31)]), "TOO_MANY_MENTIONS"),
        (f.MessageEdit(G, 1, NEW, mentions=["\n"]), "BAD_PARAMETER"),
        (f.MessageEdit(G, 1, NEW, cloud_data=b"x" * 1025), "BODY_TOO_LARGE"),
    ):
        assert await code(bob, frame) == error


async def test_edits_take_their_place_in_the_groups_limit(tmp_path: Path) -> None:  # FC-02
    """So many at once can't all find room in a group of one message a second, however slowly they are handled."""
    flags = ("types.ChatRoom.messages_per_s=1", "types.ChatRoom.normal_per_s=1")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice, bob = await room(server, "alice", "bob")
    assert (await bob.ask(send("g", "c"))).seq == 1
    count = 60
    bob.write(b"".join(f.MessageEdit(G, 1, encode_body([Text(f"{i}" * 2000)])).encode(100 + i) for i in range(count)))
    answers: list[Any] = []
    while len(answers) < count:
        found = await bob.take()
        if isinstance(found, RcimError | f.MessageEditOk):
            answers.append(found)
    refused = [found for found in answers if isinstance(found, RcimError)]
    assert refused and {found.code.name for found in refused} == {"TOO_FREQUENT"}
    assert all(0 < found.retry_after_ms <= 5000 for found in refused)
    edited = count - len(refused)
    alice.write(f.MessageRecall(G, 1).encode(500))  # it is not refused, and comes after all of them
    states = []
    while MessageState.RECALLED not in states:
        states += [m.state for m in (await alice.take_of(f.MessageChanged)).messages]
    assert states == [MessageState.EDITED] * edited + [MessageState.RECALLED]
    await server.stop()


async def test_who_was_mentioned_and_has_left_stays_mentioned(server: TestServer) -> None:  # MS-17
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    await bob.ask(f.Send(G, "c", Priority.NORMAL, NEW, mentions=["carol"]))
    await carol.ask(f.GroupLeave("g"))
    assert await code(bob, f.MessageEdit(G, 1, NEW, mentions=["carol", "alice"])) == "done"
    assert (await page(alice))[0].mentions == ["carol", "alice"]


async def test_who_may_recall_and_delete(server: TestServer) -> None:
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    admin = await server.member("administrator")
    for i in range(4):
        await bob.ask(send("g", f"c{i}"))
    stranger = await server.member("dave")
    wanted = [
        (carol, f.MessageRecall(G, 1), "NOT_PERMITTED"),
        (bob, f.MessageDelete(G, 1), "NOT_PERMITTED"),
        (bob, f.MessagesErase(G, "bob"), "NOT_PERMITTED"),
        (stranger, f.MessageRecall(G, 1), "NOT_PERMITTED"),
        (alice, f.MessageRecall(G, 1), "done"),
        (alice, f.MessageDelete(G, 1), "done"),
        (alice, f.MessageDelete(G, 2), "done"),
        (admin, f.MessageEdit(G, 3, NEW), "done"),
        (admin, f.MessageDelete(G, 3), "done"),
        (alice, f.MessageRecall(G, 3), "NOT_RECALLABLE"),
        (alice, f.MessageRecall(G, 0), "NO_SUCH_MESSAGE"),
        (alice, f.MessageRecall("g:none", 1), "NO_SUCH_GROUP"),
    ]
    for raw, frame, result in wanted:
        assert await code(raw, frame) == result, frame
    states = [m.state for m in await page(bob)]
    assert states == [MessageState.DELETED] * 3 + [MessageState.AS_SENT]


async def test_an_admin_alters_nothing_of_the_owners(server: TestServer) -> None:  # MS-10
    alice, bob, carol = await room(server, "alice", "bob", "carol", type_="Public")
    root = await server.member("administrator")
    for name in ("bob", "carol"):
        await alice.ask(f.GroupMemberSet("g", name, role=Role.ADMIN))
    for i in range(2):
        await alice.ask(send("g", f"a{i}", "the owner's"))
    of_carol = (await carol.ask(send("g", "c"))).seq
    of_owner = [m.seq for m in await page(alice) if m.sender == "alice" and not m.client_msg_id.startswith("@tip")]
    for frame in (
        f.MessageRecall(G, of_owner[0]),
        f.MessageDelete(G, of_owner[0]),
        f.MessageEdit(G, of_owner[0], NEW),
        f.MessagesErase(G, "alice"),
    ):
        assert await code(bob, frame) == "NOT_PERMITTED", frame
    assert all(m.state is MessageState.AS_SENT for m in await page(bob))
    assert await code(bob, f.MessageRecall(G, of_carol)) == "done", "another admin's it does"
    assert await code(alice, f.MessageRecall(G, of_owner[0])) == "done"
    assert await code(root, f.MessageDelete(G, of_owner[1])) == "done", "and the app any"
    await alice.ask(f.GroupOwnerSet("g", "carol"))
    assert await code(bob, f.MessagesErase(G, "alice")) == "done", "who is the owner no more is a member like others"
    assert await code(bob, f.MessagesErase(G, "carol")) == "NOT_PERMITTED"


async def test_where_messages_are_not_stored(server: TestServer) -> None:  # GT-22
    alice = await server.member("alice")
    bob, carol = await server.member("bob"), await server.member("carol")
    await alice.ask(f.GroupCreate("g", "AVChatRoom", "g", "", "", "", ApplyJoinOption.FREE_ACCESS, []))
    for raw in (bob, carol):
        await raw.ask(f.GroupJoin("g", ""))
    for i in range(60):
        await bob.ask(send("g", f"c{i}", f"secret {i}"))
    ok = await bob.ask(f.MessageRecall(G, 1))
    assert isinstance(ok, f.MessageRecallOk)
    (changed,) = (await carol.take_of(f.MessageChanged)).messages
    assert (changed.seq, changed.sender, changed.state, changed.body) == (1, "bob", MessageState.RECALLED, b"")
    assert (changed.message_id, changed.client_msg_id, changed.changed_ms) == (0, "@tip-1", ok.changed_ms)
    assert await bob.ask(f.MessageRecall(G, 1)) == ok
    assert await code(carol, f.MessageRecall(G, 2)) == "NOT_PERMITTED"
    assert await code(alice, f.MessageDelete(G, 2)) == "done", "the owner deletes it for all"
    assert [m.seq for m in await page(carol)] == list(range(41, 61))
    assert await code(bob, f.MessageRecall(G, 60)) == "done"
    assert await code(alice, f.MessagesErase(G, "bob")) == "done"
    assert {m.state for m in await page(alice)} == {MessageState.DELETED}


async def test_the_time_for_it_is_the_types(tmp_path: Path) -> None:
    flags = ("types.ChatRoom.recall_s=0", "types.ChatRoom.edit_s=0")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice, bob = await room(server, "alice", "bob")
    sent = await bob.ask(send("g", "c"))
    await until(lambda: clock.wall_ms() > sent.time_ms, "0 s are over as soon as time passes")
    assert await code(bob, f.MessageRecall(G, 1)) == "TOO_LATE"
    assert await code(bob, f.MessageEdit(G, 1, NEW)) == "TOO_LATE"
    assert await code(alice, f.MessageRecall(G, 1)) == "done", "for the owner there is no such time"
    await server.stop()


async def test_all_of_one_sender_are_deleted_at_once(server: TestServer) -> None:
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    for i in range(6):
        await (bob, carol)[i % 2].ask(send("g", f"c{i}", f"text {i}"))
    assert await code(alice, f.MessagesErase(G, "bob")) == "done"
    push = await carol.take_of(f.MessagesErased)
    assert (push.sender, push.to_seq) == ("bob", 6)
    await bob.ask(send("g", "later"))
    kept = await page(carol)
    assert [m.state is MessageState.DELETED for m in kept] == [True, False] * 3 + [False]
    assert not any(m.body for m in kept if m.state is MessageState.DELETED)
    assert await code(alice, f.MessageRecall(G, 1)) == "NOT_RECALLABLE"


async def test_deleted_for_oneself_changes_nothing_for_others(server: TestServer) -> None:
    alice, bob = await room(server, "alice", "bob")
    second = await server.member("bob")
    for i in range(4):
        await alice.ask(send("g", f"c{i}"))
    assert await code(bob, f.MessagesHide(G, [f.SeqEntry(2), f.SeqEntry(99)])) == "done"
    push = await second.take_of(f.MessagesHidden)
    assert [entry.seq for entry in push.messages] == [2] and push.to_seq == 0
    assert [m.state for m in await page(bob)][1] is MessageState.DELETED
    assert all(m.state is MessageState.AS_SENT for m in await page(alice))
    assert await code(bob, f.ConversationClear(G)) == "done"
    assert (await second.take_of(f.MessagesHidden)).to_seq == 4
    assert await page(bob) == [] and len(await page(alice)) == 4
    await alice.ask(send("g", "new"))
    assert [m.seq for m in await page(second)] == [5]
    assert await code(bob, f.MessageRecall(G, 1)) == "NO_SUCH_MESSAGE", "it is gone for who has deleted it"
    assert await code(bob, f.MessagesHide(G, [f.SeqEntry(i) for i in range(101)])) == "BAD_PARAMETER"
    stranger = await server.member("dave")
    assert await code(stranger, f.ConversationClear(G)) == "NOT_PERMITTED"


async def test_changes_are_told_to_who_could_see_the_message(server: TestServer) -> None:  # MS-07, GT-14
    alice, bob, carol = await room(server, "alice", "bob", "carol", type_="Public")
    await alice.ask(f.Send(G, "c", Priority.NORMAL, NEW, to=["bob"]))
    await alice.ask(send("g", "d"))
    assert await code(carol, f.MessageRecall(G, 1)) == "NO_SUCH_MESSAGE"
    dave = await server.member("dave")
    await alice.ask(f.GroupSet("g", apply_join_option=ApplyJoinOption.FREE_ACCESS))
    await dave.ask(f.GroupJoin("g", ""))
    assert await code(alice, f.MessageEdit(G, 1, NEW)) == "done"
    assert await code(alice, f.MessageEdit(G, 2, encode_body([Text("after")]))) == "done"
    await alice.ask(send("g", "e"))
    assert [m.seq for m in (await bob.take_of(f.MessageChanged)).messages] == [1]
    assert [m.seq for m in (await carol.take_of(f.MessageChanged)).messages] == [2], "not the one for bob"
    while True:
        seen = await dave.take()
        assert not isinstance(seen, f.MessageChanged), "what was before it came is not for it"
        if isinstance(seen, f.Deliver) and seen.messages[-1].client_msg_id == "e":
            break
    kept = {m.seq: m for m in await page(carol)}
    assert kept[1].state is MessageState.NOT_FOR_YOU and kept[2].state is MessageState.EDITED


async def test_who_is_gone_or_has_cleared_is_not_told(server: TestServer) -> None:  # MS-07, GT-14
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    await alice.ask(f.Send(G, "c", Priority.NORMAL, NEW, to=["bob"]))
    await alice.ask(send("g", "d"))
    await carol.ask(f.ConversationClear(G))
    await alice.ask(f.GroupKick("g", ["bob"], ""))
    first = f.MessageEdit(G, 1, NEW).encode(50)
    alice.write(first + f.MessageRecall(G, 2).encode(51) + f.MessageRecall(G, 2).encode(52))
    ok, again = await alice.answer_to(51), await alice.answer_to(52)
    assert ok == again, "answered as the first time, also at once"
    await alice.ask(send("g", "e"))
    for raw in (bob, carol):
        raw.write(f.Ping(1).encode(99))
        while not isinstance(seen := await raw.take(), f.Pong):
            assert not isinstance(seen, f.MessageChanged)


async def test_tips_can_not_be_recalled(server: TestServer) -> None:
    alice, _ = await room(server, "alice", "bob", type_="Public")
    await alice.ask(f.GroupKick("g", ["bob"], ""))
    assert await code(alice, f.MessageRecall(G, 1)) == "NOT_RECALLABLE"


async def test_who_has_read_it(server: TestServer) -> None:  # MS-11
    alice, bob, carol = await room(server, "alice", "bob", "carol")
    for i in range(3):
        await alice.ask(send("g", f"c{i}"))
    await bob.ask(f.ConversationRead(G, 2))
    first = await alice.ask(f.MessageReceipts(G, 2, True, "", 0))
    assert (first.read_num, first.unread_num, first.users, first.next) == (1, 1, ["bob"], "")
    assert (await alice.ask(f.MessageReceipts(G, 3, False, "", 1))).next == "bob"
    assert (await alice.ask(f.MessageReceipts(G, 3, False, "bob", 1))).users == ["carol"]
    await alice.ask(f.Send(G, "d", Priority.NORMAL, NEW, to=["bob"]))
    only = await alice.ask(f.MessageReceipts(G, 4, False, "", 0))
    assert (only.unread_num, only.users) == (1, ["bob"])
    assert await code(carol, f.MessageReceipts(G, 4, False, "", 0)) == "NO_SUCH_MESSAGE"
    assert await code(carol, f.MessageReceipts(G, 9, False, "", 0)) == "NO_SUCH_MESSAGE"


async def test_who_joined_after_a_message_is_not_among_its_readers(server: TestServer) -> None:  # MS-11
    alice, _, _ = await room(server, "alice", "bob", "carol")
    await alice.ask(send("g", "c1"))
    dave = await server.member("dave")
    await alice.ask(f.GroupInvite("g", ["erin"]))
    await dave.ask(f.GroupJoin("g", ""))
    assert [m.seq for m in await page(dave)] == [1], "it sees the message all the same (GT-14)"
    for read, users in ((True, []), (False, ["bob", "carol"])):
        found = await alice.ask(f.MessageReceipts(G, 1, read, "", 0))
        assert (found.read_num, found.unread_num, found.users) == (0, 2, users)
    await alice.ask(send("g", "c2"))
    assert (await alice.ask(f.MessageReceipts(G, 2, False, "", 0))).users == ["bob", "carol", "dave"]


async def test_receipts_end_with_a_size(tmp_path: Path) -> None:  # MS-11
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.receipts_members_max=2",))
    await server.start()
    alice, *_ = await room(server, "alice", "bob", "carol")
    await alice.ask(send("g", "c"))
    assert await code(alice, f.MessageReceipts(G, 1, True, "", 0)) == "NO_RECEIPTS"
    await server.stop()


async def events(client: Client, last: type) -> list[Any]:
    found: list[Any] = []
    async with asyncio.timeout(PATIENCE_S):
        async for event in client.events():
            found.append(event)
            if isinstance(event, last):
                break
    return found


async def test_the_sdk(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        for text in ("one", "two", "three"):
            await bob.send("g", text)
        await bob.edit_message("g", 1, "uno", mentions=["alice"], cloud_data=b"v2")
        await bob.recall("g", 2)
        await alice.delete_message("g", 3)
        await alice.erase_messages("g", "bob")
        seen = await events(alice, ErasedEvent)
        now = {m.seq: m for m in seen if isinstance(m, Message)}
        now |= {e.message.seq: e.message for e in seen if isinstance(e, ChangedEvent)}
        assert now[1].text == "uno" and now[1].state is MessageState.EDITED
        assert (now[1].mentions, now[1].cloud_data) == (("alice",), b"v2")
        assert now[2].state is MessageState.RECALLED and now[3].state is MessageState.DELETED
        await alice.mark_read("g", 3)
        await bob.send("g", "four")
        assert await bob.receipts("g", 4) == ([], ["alice"])
        await alice.hide_messages("g", [4])
        await alice.clear_conversation("g")
        hidden = await events(alice, HiddenEvent)
        assert hidden[-1] == HiddenEvent(G, (4,), 0)
        assert (await events(alice, HiddenEvent))[-1] == HiddenEvent(G, (), 4)
        assert await alice.history("g") == []


async def test_a_change_that_comes_before_its_message_is_not_lost(server: TestServer) -> None:
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        silent = f.GroupMemberSet("g", "alice", msg_flag=MsgFlag.DISCARD)  # nothing comes by itself
        await alice.request(silent, f.GroupMemberSetOk)
        await alice.send("g", "one")
        row = (await alice.history_page("g", 0, 0, 0)).messages[0]
        gone = replace(row, body=b"", state=MessageState.RECALLED, changed_ms=row.time_ms + 5)
        inbox = alice._inbox
        inbox.stream.track(G, 0)
        inbox.changed(f.MessageChanged(G, [gone]))
        inbox.delivered(f.Deliver(G, [row]))
        (seen,) = [m for m in await events(alice, Message) if isinstance(m, Message)]
        assert seen.state is MessageState.RECALLED and seen.text == ""


@pytest.mark.parametrize("seed", range(4))
async def test_a_failed_commit_leaves_a_message_as_it_was(seed: int) -> None:  # ST-04
    from rcim.actor import commands as c
    from rcim.actor import outcomes as o

    sim = Sim(seed=seed)
    await sim.answer(G, create_command("g", "u1"))
    sent = await sim.answer(G, c.SendMessage("u1", False, "", "", "c", Priority.NORMAL, b"b"))
    original = sim.store.load_group(G, 0).recent[0]
    sim.backend.share = 1.0
    recall = c.AlterMessage("u1", False, sent.seq, MessageState.RECALLED, b"", original)
    assert isinstance(await sim.answer(G, recall), o.Refused)
    sim.backend.share = 0.0
    assert sim.store.load_group(G, 0).recent == [original]
    edit = c.AlterMessage("u1", False, sent.seq, MessageState.EDITED, b"new", original)
    assert isinstance(await sim.answer(G, edit), o.Altered), "it is not taken for recalled"
    assert isinstance(await sim.answer(G, recall), o.Altered)
    late = await sim.answer(G, edit)
    assert isinstance(late, o.Refused) and late.code.name == "NOT_RECALLABLE", "although it was read before"


async def test_history_by_a_list_of_seqs(server: TestServer) -> None:  # RX-12
    alice, bob = await room(server, "alice", "bob")
    for i in range(1, 9):
        await alice.ask(send("g", f"c{i}", "x" * 10))
    await alice.ask(f.Send(G, "d", Priority.NORMAL, NEW, to=["alice"]))  # 9
    await alice.ask(f.MessageEdit(G, 3, NEW))
    await bob.ask(f.MessagesHide(G, [f.SeqEntry(5)]))

    async def named(*seqs: int, low: int = 0, high: int = 0, backwards: bool = False) -> Any:
        frame = f.History(G, low, high, 1, backwards, seqs=[f.SeqEntry(seq) for seq in seqs])
        return await bob.ask(frame)

    found = await named(7, 3, 99, 0, 7, 9, 5)
    assert [m.seq for m in found.messages] == [3, 5, 7, 9] and not found.more
    states = [MessageState.EDITED, MessageState.DELETED, MessageState.AS_SENT, MessageState.NOT_FOR_YOU]
    assert [m.state for m in found.messages] == states
    assert [m.seq for m in (await named(1, 3, 7, low=2, high=6)).messages] == [3]
    assert [m.seq for m in (await named(1, 3, 7, backwards=True)).messages] == [7, 3, 1]
    assert await code(bob, f.History(G, 0, 0, 0, False, seqs=[f.SeqEntry(n) for n in range(101)])) == "BAD_PARAMETER"
    stranger = await server.member("eve")
    assert await code(stranger, f.History(G, 0, 0, 0, False, seqs=[f.SeqEntry(1)])) == "NOT_PERMITTED"


async def test_a_page_of_named_messages_fits_its_frame(plain_server: TestServer) -> None:  # RX-12, WI-04
    alice, bob = await room(plain_server, "alice", "bob")
    for i in range(12):
        await alice.ask(send("g", f"c{i}", "x" * 8000))
    seqs, pages = list(range(1, 13)), []
    while seqs:
        page = await bob.ask(f.History(G, 0, 0, 0, False, seqs=[f.SeqEntry(seq) for seq in seqs]))
        pages.append([m.seq for m in page.messages])
        seqs = [seq for seq in seqs if seq > pages[-1][-1]]
        assert page.more == bool(seqs)
    assert [seq for page in pages for seq in page] == list(range(1, 13)) and len(pages) > 1
    async with plain_server.client("bob") as client:
        assert [m.seq for m in await client.history_of("g", [12, 1, 7, 7, 50])] == [1, 7, 12]
        assert len(await client.history_of("g", range(1, 500))) == 12


async def test_what_is_not_stored_is_found_by_seq_while_it_is_in_memory(plain_server: TestServer) -> None:  # RX-12
    alice, bob = await room(plain_server, "alice", type_="AVChatRoom"), await plain_server.member("bob")
    await bob.ask(f.GroupJoin("g", ""))
    sent = [(await alice[0].ask(send("g", f"c{i}"))).seq for i in range(4)]
    page = await bob.ask(f.History(G, 0, 0, 0, False, seqs=[f.SeqEntry(sent[2]), f.SeqEntry(sent[0])]))
    assert [m.seq for m in page.messages] == [sent[0], sent[2]]
