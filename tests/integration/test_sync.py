"""Sync (RX-03, RX-04), unread (RX-08, GT-19), the list of conversations (RX-09), one's own flag (RX-01, RX-02)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, MessageState, MsgFlag, Priority
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.kit import Raw, TestServer, create, send, travel, until

AB = "c:5:alice:bob"
QUIET = MsgFlag.ACCEPT_NOT_NOTIFY


def say(key: str, name: str, text: str = "hello", **more: Any) -> f.Send:
    return f.Send(key, name, Priority.NORMAL, encode_body([Text(text)]), **more)


def group(name: str, *members: str, type_: str = "Public") -> f.GroupCreate:
    return f.GroupCreate(name, type_, name, "", "", "", ApplyJoinOption.FREE_ACCESS, list(members))


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


class Told:
    """What a whole sync said."""

    def __init__(self) -> None:
        self.rows: dict[str, f.ConversationEntry] = {}
        self.order: list[str] = []
        self.gone: list[str] = []
        self.pages = 0
        self.reset = False
        self.cursor = b""

    def __getitem__(self, key: str) -> f.ConversationEntry:
        return self.rows[key]


async def sync(raw: Raw, cursor: bytes = b"", *, limit: int = 0, messages: int = 0) -> Told:
    told = Told()
    while True:
        page = await raw.ask(f.Sync(cursor, limit, messages))
        assert isinstance(page, f.SyncOk), page
        told.pages += 1
        told.reset = told.reset or page.reset
        told.gone += page.gone
        for row in page.conversations:
            assert row.conversation not in told.rows, "told twice in one sync"
            told.rows[row.conversation] = row
            told.order.append(row.conversation)
        cursor = told.cursor = page.cursor
        if not page.more:
            return told


def texts(row: f.ConversationEntry) -> list[str]:
    return [m.client_msg_id for m in row.messages]


async def test_everything_and_then_only_what_has_changed(server: TestServer) -> None:  # RX-03
    alice, bob = await server.member("alice"), await server.member("bob")
    for i in range(6):
        await alice.ask(group(f"g{i}", "bob"))
    for i in (3, 1):
        await alice.ask(send(f"g{i}", f"m{i}"))
    await alice.ask(say(AB, "hi"))
    first = await sync(bob)
    assert first.order[:3] == [AB, "g:g1", "g:g3"] and len(first.rows) == 7, "the newest change first"
    assert not first.reset and first.gone == []
    row = first["g:g1"]
    assert (row.type_, row.name, row.newest_seq, row.read_seq, row.unread) == ("Public", "g1", 1, 0, 1)
    assert (row.first_seq, row.joined_seq, row.role, row.msg_flag) == (1, 0, 1, MsgFlag.ACCEPT_AND_NOTIFY)
    assert texts(row) == ["m1"] and row.last_time_ms == row.messages[0].time_ms
    assert (first[AB].type_, first[AB].unread, texts(first[AB])) == ("C2C", 1, ["hi"])
    assert (first["g:g0"].newest_seq, first["g:g0"].messages) == (0, ())
    nothing = await sync(bob, first.cursor)
    assert nothing.rows == {} and nothing.pages == 1
    await alice.ask(send("g2", "m2"))
    news = await sync(bob, nothing.cursor)
    assert list(news.rows) == ["g:g2"]
    again = await sync(bob, first.cursor)
    assert list(again.rows) == ["g:g2"], "the older cursor is as good"


async def test_page_by_page(server: TestServer) -> None:
    alice = await server.member("alice")
    for i in range(25):
        await alice.ask(group(f"g{i:02}", type_="ChatRoom"))
    told = await sync(alice, limit=10)
    assert told.pages == 3 and told.order == [f"g:g{i:02}" for i in reversed(range(25))]
    cursor = (await alice.ask(f.Sync(b"", 10, 0))).cursor
    await alice.ask(send("g03", "new"))  # between two pages
    rest = await sync(alice, cursor, limit=10)
    assert "g:g03" not in rest.rows and len(rest.rows) == 14
    assert list((await sync(alice, rest.cursor)).rows) == ["g:g03"], "the next sync has it"


async def test_what_is_gone(server: TestServer) -> None:
    alice, bob = await server.member("alice"), await server.member("bob")
    for name in ("left", "kicked", "dissolved", "stays", "again"):
        await alice.ask(group(name, "bob"))
    cursor = (await sync(bob)).cursor
    await bob.ask(f.GroupLeave("left"))
    await alice.ask(f.GroupKick("kicked", ["bob"], ""))
    await alice.ask(f.GroupDissolve("dissolved"))
    await bob.ask(f.GroupLeave("again"))
    await bob.ask(f.GroupJoin("again", ""))
    news = await sync(bob, cursor)
    assert sorted(news.gone) == ["g:dissolved", "g:kicked", "g:left"]
    assert "g:again" in news.rows and "g:stays" not in news.rows
    assert (await sync(bob, news.cursor)).gone == []
    assert sorted((await sync(bob)).rows) == ["g:again", "g:stays"]


async def test_one_is_told_of_a_group_as_soon_as_one_may_know_of_it(server: TestServer) -> None:  # GT-16
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(f.GroupCreate("p", "Private", "p", "", "", "", ApplyJoinOption.BY_TYPE, ["bob"]))
    told = await sync(bob)
    assert told.rows == {}
    await alice.ask(send("p", "first"))
    assert list((await sync(bob, told.cursor)).rows) == ["g:p"]


async def test_what_one_does_is_news_for_ones_other_devices_alone(server: TestServer) -> None:  # ID-05
    alice, bob, other = [await server.member(name) for name in ("alice", "bob", "bob")]
    await alice.ask(group("g", "bob", type_="ChatRoom"))
    for i in range(3):
        await alice.ask(send("g", f"m{i}"))
    cursors = [(await sync(raw)).cursor for raw in (alice, bob)]
    for frame in (
        f.ConversationRead("g:g", 2),
        f.ConversationFlag("g:g", QUIET),
        f.ConversationPin("g:g", True),
        f.MessagesHide("g:g", [f.SeqEntry(1)]),
    ):
        assert await code(other, frame) == "done"
        (row,) = (await sync(bob, cursors[1])).rows.values()
    assert (row.read_seq, row.msg_flag, row.pinned_ms > 0) == (2, QUIET, True)
    assert [entry.seq for entry in row.altered] == [1]
    assert (await sync(alice, cursors[0])).rows == {}, "for others it is none"


async def test_the_devices_that_are_online_are_told_at_once(server: TestServer) -> None:  # ID-05
    alice, other = await server.member("alice"), await server.member("alice")
    await alice.ask(say(AB, "m"))
    await alice.ask(f.ConversationFlag(AB, QUIET))
    assert await other.take_of(f.ConversationFlagged) == f.ConversationFlagged(AB, QUIET, 1)
    await alice.ask(f.ConversationPin(AB, True))
    pinned = await other.take_of(f.ConversationListed)
    assert pinned.pinned_ms > 0 and not pinned.removed
    await alice.ask(f.ConversationRemove(AB))
    assert await other.take_of(f.ConversationListed) == f.ConversationListed(AB, 0, True)


async def test_a_conversation_that_is_removed_comes_back_with_its_next_message(server: TestServer) -> None:  # RX-09
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(say(AB, "m1"))
    await bob.ask(f.ConversationPin(AB, True))
    await bob.ask(f.ConversationRemove(AB))
    row = (await sync(bob))[AB]
    assert row.removed and row.pinned_ms == 0
    assert not (await sync(alice))[AB].removed
    await alice.ask(f.MessageEdit(AB, 1, encode_body([Text("x")])))
    assert (await sync(bob))[AB].removed, "a change is no message"
    await alice.ask(say(AB, "m2"))
    assert not (await sync(bob))[AB].removed


async def test_pins_have_a_bound_and_are_for_what_one_is_in(plain_server: TestServer) -> None:
    alice = await plain_server.member("alice")
    assert await code(alice, f.ConversationPin("g:none", True)) == "done"
    assert await code(alice, f.ConversationRemove("c:3:abe:alice")) == "done"
    assert (await sync(alice)).rows == {}
    for i in range(99):
        assert await code(alice, f.ConversationPin(f"g:x{i}", True)) == "done"
    assert await code(alice, f.ConversationPin("g:over", True)) == "TOO_MANY_ENTRIES"
    assert await code(alice, f.ConversationPin("g:none", False)) == "done"
    assert await code(alice, f.ConversationPin("g:over", True)) == "done"
    assert await code(alice, f.ConversationPin("c:3:abe:bob", True)) == "NOT_PERMITTED"
    assert await code(alice, f.ConversationFlag("g:none", QUIET)) == "NO_SUCH_GROUP"
    assert await code(alice, f.ConversationFlag(AB, MsgFlag.DISCARD)) == "BAD_PARAMETER"


async def test_what_counts_as_unread(server: TestServer) -> None:  # RX-08, GT-19, MS-07, MS-09
    alice, bob, carol = [await server.member(name) for name in ("alice", "bob", "carol")]
    await alice.ask(group("g", "bob", "carol"))
    for i in range(8):
        await alice.ask(send("g", f"m{i}"))  # 1 to 8
    await alice.ask(say("g:g", "for-bob", to=["bob"]))  # 9: directed does not count
    await alice.ask(say("g:g", "for-carol", to=["carol"]))  # 10
    await alice.ask(say("g:g", "note", type_name="RC:InfoNtf"))  # 11: a class that does not count
    await alice.ask(f.MessageRecall("g:g", 1))
    await alice.ask(f.MessageDelete("g:g", 2))
    await alice.ask(f.MessageEdit("g:g", 3, encode_body([Text("x")])))
    await bob.ask(f.MessagesHide("g:g", [f.SeqEntry(4)]))
    row = (await sync(bob))["g:g"]
    assert (row.newest_seq, row.unread) == (11, 5), "3 and 5 to 8"
    assert (await sync(carol))["g:g"].unread == 6, "3 to 8"
    assert [g.unread for g in (await bob.ask(f.GroupsJoined("", 0))).groups] == [5]
    await bob.ask(f.ConversationRead("g:g", 6))
    assert (await sync(bob))["g:g"].unread == 2
    await alice.ask(f.MessagesErase("g:g", "alice"))
    row = (await sync(bob))["g:g"]
    assert row.unread == 0
    await bob.ask(send("g", "own"))  # 12
    row = (await sync(bob))["g:g"]
    assert row.unread == 0 and texts(row) == ["own"]
    await alice.ask(send("g", "later"))
    assert (await sync(bob))["g:g"].unread == 1
    await bob.ask(f.ConversationClear("g:g"))
    assert (await sync(bob))["g:g"].unread == 0


@pytest.mark.parametrize(("type_", "unread"), [("Public", 2), ("ChatRoom", 0), ("AVChatRoom", 0)])
async def test_types_that_count_none(server: TestServer, type_: str, unread: int) -> None:  # GT-19
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await root.ask(f.AdminTypeSet("AVChatRoom", "", [f.Policy("listed", "true")]))  # GT-27
    await alice.ask(group("g", type_=type_))
    await bob.ask(f.GroupJoin("g", ""))
    for i in range(2):
        await alice.ask(send("g", f"m{i}"))
    row = (await sync(bob))["g:g"]
    assert (row.unread, row.unstored) == (unread, type_ == "AVChatRoom")
    assert texts(row) == (["m1"] if type_ != "AVChatRoom" else [])


async def test_what_was_before_one_joined_is_not_unread_and_not_told(server: TestServer) -> None:  # GT-14
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g"))
    await alice.ask(send("g", "before"))
    await bob.ask(f.GroupJoin("g", ""))
    row = (await sync(bob))["g:g"]
    assert (row.joined_seq, row.first_seq, row.unread) == (1, 2, 0)
    assert [m.client_msg_id[:5] for m in row.messages] == ["@tip-"], "that bob has joined"
    await alice.ask(send("g", "after"))
    assert (await sync(bob))["g:g"].unread == 1


async def test_who_sends_has_read_up_to_its_own_message(server: TestServer) -> None:  # RX-11
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob", "carol"))
    read = []
    for i in range(2):  # with the first of them bob's row is written, with the second it is not
        await alice.ask(send("g", f"before{i}"))
        await alice.ask(say("g:g", f"at{i}", mentions=["bob"]))
        await bob.ask(send("g", f"own{i}"))
        await alice.ask(send("g", f"after{i}"))
        row = (await sync(bob))["g:g"]
        read.append((row.read_seq, row.unread, row.mentions))
        (own,) = (await bob.ask(f.GroupsJoined("", 0))).groups
        assert (own.read_seq, own.unread) == read[-1][:2]
        receipts = await alice.ask(f.MessageReceipts("g:g", row.read_seq - 1, True, "", 0))
        assert receipts.users == ["bob"]
        assert (await alice.ask(f.MessageReceipts("g:g", row.newest_seq, True, "", 0))).users == []
    assert read == [(3, 1, 0), (7, 1, 0)]
    assert (await bob.ask(f.ConversationRead("g:g", 5))).read_seq == 7
    assert (await sync(alice))["g:g"].read_seq == 8


async def test_what_does_not_read_for_its_sender(server: TestServer) -> None:  # RX-11
    alice, bob, carol = [await server.member(name) for name in ("alice", "bob", "carol")]
    await alice.ask(group("g", "bob", "carol"))
    await alice.ask(send("g", "m1"))
    await bob.ask(say("g:g", "typing", transient=True))
    assert (await sync(bob))["g:g"].unread == 1, "it has no SEQ"
    await bob.ask(send("g", "m2"))
    await alice.ask(f.GroupMute("g", ["carol"], 1))
    row = (await sync(alice))["g:g"]
    assert (row.newest_seq, row.read_seq, row.unread) == (3, 1, 1), "the notice of what alice has done is no message"
    await alice.ask(f.GroupMute("g", ["carol"], 0))
    await carol.ask(say("g:g", "for-alice", to=["alice"]))
    row = (await sync(carol))["g:g"]
    assert (row.read_seq, row.unread) == (row.newest_seq, 0), "carol itself is told that it has read"
    seen = (await alice.ask(f.GroupMemberGet("g", ["carol"]))).members
    assert [m.read_seq for m in seen] == [0], "others would learn whose the directed message is (MS-07)"


async def test_who_sends_has_read_after_a_restart_too(tmp_path: Path) -> None:  # RX-11
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob"))
    for name in ("m1", "m2"):
        await alice.ask(send("g", name))
        await bob.ask(send("g", name))
    await server.stop()
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    assert (await alice.ask(f.MessageReceipts("g:g", 3, True, "", 0))).users == ["bob"]
    row = (await sync(bob))["g:g"]
    assert (row.read_seq, row.unread) == (4, 0)
    await server.stop()


async def test_mentions(server: TestServer) -> None:  # MS-07
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob", "carol"))
    await bob.ask(f.ConversationFlag("g:g", QUIET))
    await alice.ask(send("g", "m1"))
    await alice.ask(say("g:g", "m2", mentions=["bob"]))
    await alice.ask(say("g:g", "m3", mentions=["carol"]))
    await alice.ask(say("g:g", "m4", mentions_all=True))
    row = (await sync(bob))["g:g"]
    assert (row.unread, row.mentions, row.mention_seq) == (4, 2, 2)
    await bob.ask(f.ConversationRead("g:g", 2))
    row = (await sync(bob))["g:g"]
    assert (row.unread, row.mentions, row.mention_seq) == (2, 1, 4)


async def test_the_unread_messages_themselves(server: TestServer) -> None:  # RX-04
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob"))
    for i in range(30):
        await alice.ask(send("g", f"m{i}"))
    row = (await sync(bob, messages=20))["g:g"]
    assert row.unread == 30 and texts(row) == [f"m{i}" for i in range(10, 30)]
    assert texts((await sync(bob, messages=3))["g:g"]) == ["m27", "m28", "m29"]
    await bob.ask(f.ConversationRead("g:g", 30))
    assert texts((await sync(bob, messages=20))["g:g"]) == []


async def test_the_bounds_of_what_counts(tmp_path: Path) -> None:  # RX-04: 100 messages of 50 conversations
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("many", "bob"))
    for i in range(120):
        await alice.ask(send("many", f"m{i}"))
    for i in range(60):
        await alice.ask(group(f"g{i:02}", "bob"))
        await alice.ask(send(f"g{i:02}", "m"))
    told = await sync(bob, limit=7)
    assert [row.unread for row in told.rows.values()] == [1] * 50 + [0] * 11
    await alice.ask(send("many", "m"))
    assert (await sync(bob, limit=7))["g:many"].unread == 100
    await server.stop()


async def test_large_messages_make_small_pages(server: TestServer) -> None:  # WI-04
    alice, bob = await server.member("alice"), await server.member("bob")
    for i in range(8):
        await alice.ask(group(f"g{i}", "bob"))
        for j in range(10):
            await alice.ask(send(f"g{i}", f"m{j}", "x" * 8000))
    told = await sync(bob, messages=20)
    assert len(told.rows) == 8 and told.pages > 2
    assert all(row.unread == 10 and 1 <= len(row.messages) <= 10 for row in told.rows.values())
    assert all(texts(row)[-1] == "m9" for row in told.rows.values())


async def test_changes_of_older_messages(server: TestServer) -> None:  # MS-10
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob", type_="ChatRoom"))
    for i in range(70):
        await alice.ask(send("g", f"m{i}"))
    cursor = (await sync(bob)).cursor
    await alice.ask(f.MessageRecall("g:g", 5))
    await alice.ask(f.MessageEdit("g:g", 9, encode_body([Text("x")])))
    row = (await sync(bob, cursor))["g:g"]
    assert [entry.seq for entry in row.altered] == [5, 9] and not row.reread
    page = await bob.ask(f.History("g:g", 5, 5, 1, False))
    assert page.messages[0].state is MessageState.RECALLED
    for seq in range(10, 65):
        await alice.ask(f.MessageDelete("g:g", seq))
    row = (await sync(bob, cursor))["g:g"]
    assert row.reread and row.altered == (), "too many to name"
    cursor = (await sync(bob)).cursor
    await alice.ask(f.MessagesErase("g:g", "alice"))
    assert (await sync(bob, cursor))["g:g"].reread


async def test_cursors_outlive_the_server(server: TestServer, tmp_path: Path) -> None:
    alice, bob = await server.member("alice"), await server.member("bob")
    for name in ("a", "b", "c"):
        await alice.ask(group(name, "bob"))
    cursor = (await sync(bob)).cursor
    await alice.ask(send("b", "m"))
    await server.stop()
    again = TestServer(tmp_path / "data", tls=False)
    await again.start()
    alice, bob = await again.member("alice"), await again.member("bob")
    first = await sync(bob, cursor)
    assert list(first.rows) == ["g:b"]
    await alice.ask(send("c", "m"))
    assert sorted((await sync(bob, cursor)).rows) == ["g:b", "g:c"]
    assert list((await sync(bob, first.cursor)).rows) == ["g:c"]
    await again.stop()


@pytest.mark.parametrize("bad", [b"x", b"\1", b"\1" + b"\0" * 7, b"\2" + b"\0" * 20, b"\3" + b"\0" * 26])
async def test_bad_cursors(plain_server: TestServer, bad: bytes) -> None:
    alice = await plain_server.member("alice")
    assert await code(alice, f.Sync(bad, 0, 0)) == "BAD_PARAMETER"
    assert await code(alice, f.Sync(b"\2" + b"\0" * 26 + b"\xff", 0, 0)) == "BAD_PARAMETER"


async def test_a_cursor_of_another_server_begins_anew(plain_server: TestServer) -> None:
    alice = await plain_server.member("alice")
    await alice.ask(create("g"))
    own = (await sync(alice)).cursor
    for cursor in (own[:9] + b"\x7f" * 8, own[:1] + b"\0" * 7 + b"\1" + own[9:]):  # a later number; another store
        told = await sync(alice, cursor)
        assert told.reset and list(told.rows) == ["g:g"]
    assert not (await sync(alice, own)).reset
    assert await code(alice, f.Sync(own[:-1], 0, 0)) == "BAD_PARAMETER"
    await alice.ask(send("g", "m"))
    assert list((await sync(alice, told.cursor)).rows) == ["g:g"]


async def test_guests_have_no_conversations(tmp_path: Path) -> None:  # ID-06
    server = TestServer(tmp_path / "data", tls=False, flags=("app.guests=true",))
    await server.start()
    guest = await server.raw()
    await guest.hello()
    await guest.ask(f.Login("", "", 1, ""))
    assert (await sync(guest)).rows == {}
    for frame in (f.ConversationPin("g:g", True), f.ConversationRemove("g:g")):
        assert await code(guest, frame) == "NOT_PERMITTED"
    await server.stop()


async def test_nothing_is_lost_between_sync_and_pushes(server: TestServer) -> None:
    """What is sent while somebody syncs is in the sync, in a push, or in both."""
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob"))
    cursor = b""
    known = -1

    async def chatter() -> None:
        for i in range(60):
            await alice.ask(send("g", f"m{i}"))

    task = asyncio.create_task(chatter())
    while known < 60:
        told = await sync(bob, cursor)
        cursor = told.cursor
        if "g:g" in told.rows:
            assert told["g:g"].newest_seq > known, "told of only when there is more"
            known = told["g:g"].newest_seq
    await task


async def test_what_is_older_than_the_offline_days_counts_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # C2-01, RX-04
    flags = ("types.Public.roaming_days=30", "types.Private.roaming_days=30", "types.Private.offline_days=7")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    now_ms = clock.wall_ms()
    for days, text in ((-10, "old"), (-6.9, "new")):
        at_ms = now_ms + int(days * 86_400_000)
        travel(monkeypatch, at_ms)
        if text == "old":
            await alice.ask(f.GroupCreate("p", "Private", "p", "", "", "", ApplyJoinOption.DISABLE_APPLY, ["bob"]))
            await alice.ask(group("q", "bob"))
        for key in (AB, "g:p", "g:q"):
            await alice.ask(say(key, f"{text} {key}", text))
    monkeypatch.undo()
    rows = (await sync(bob, messages=20)).rows
    found = {key: (row.unread, texts(row)) for key, row in rows.items()}
    assert found == {
        AB: (1, [f"new {AB}"]),
        "g:p": (1, ["new g:p"]),
        "g:q": (2, ["old g:q", "new g:q"]),
    }
    page = await bob.ask(f.History(AB, 1, 0, 0, False))
    assert [m.client_msg_id for m in page.messages] == [f"old {AB}", f"new {AB}"], "history has it all"
    await server.stop()


# ---------------------------------------------------------------------------------------------- heartbeats


async def test_a_lost_last_message_is_found_with_the_next_heartbeat(tmp_path: Path) -> None:  # RX-05
    """The ceiling leaves it out for everybody, and nothing comes after it."""
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.deliveries_per_s_max=1",))
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    await alice.ask(create("quiet", "bob"))
    await alice.ask(send("g", "m", priority=Priority.LOWEST))
    bob.write(f.Ping(7).encode(900))
    assert (await bob.answer_to(900)).token == 7
    assert await bob.take() == f.Heads([f.HeadEntry("g:g", 1)])
    bob.write(f.Ping(8).encode(901) + f.Ping(9).encode(902))
    assert (await bob.answer_to(902)).token == 9
    await alice.ask(send("quiet", "m", priority=Priority.LOWEST))
    bob.write(f.Ping(10).encode(903))
    await bob.answer_to(903)
    heads = await bob.take_of(f.Heads)
    assert f.HeadEntry("g:quiet", 1) in heads.heads
    await server.stop()


async def test_what_heartbeats_tell_has_come_before(server: TestServer) -> None:
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    await alice.ask(say(AB, "m"))
    seen: dict[str, int] = {}
    for i in range(30):
        await alice.ask(send("g", f"m{i}"))
        bob.write(f.Ping(i).encode(1000 + i))
    while seen.get("g:g", 0) < 30:
        found = await bob.take()
        if isinstance(found, f.Deliver):
            seen[found.conversation] = found.messages[-1].seq
        elif isinstance(found, f.Heads):
            for head in found.heads:
                assert head.newest_seq == seen[head.conversation]


# ------------------------------------------------------------------------------------------ what went wrong once


async def test_a_pin_is_kept_whatever_was_before(server: TestServer) -> None:
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(group("g", "bob"))
    await bob.ask(f.ConversationPin("g:g", True))
    await bob.ask(f.GroupLeave("g"))
    await bob.ask(f.GroupJoin("g", ""))
    await bob.ask(f.ConversationPin("g:g", True))
    before = await sync(bob)
    await bob.ask(f.ConversationPin(AB, True))  # there is nothing of it yet
    for cursor in (b"", before.cursor):
        row = (await sync(bob, cursor))[AB]
        assert (row.type_, row.newest_seq, row.unread, row.pinned_ms > 0, row.removed) == ("C2C", 0, 0, True, False)
    await alice.ask(say(AB, "m"))
    told = await sync(bob)
    assert told["g:g"].pinned_ms > 0 and told[AB].pinned_ms > 0 and told[AB].unread == 1
    await bob.ask(f.ConversationPin("c:3:bob:zoe", True))
    pinned = await sync(bob)
    await bob.ask(f.ConversationPin("c:3:bob:zoe", False))
    gone = (await sync(bob, pinned.cursor))["c:3:bob:zoe"]
    assert (gone.pinned_ms, gone.removed) == (0, True), "it was in the list for its pin alone"
    assert AB not in (await sync(await server.member("alice"), b"")).gone


async def test_what_is_gone_counts_for_the_size_of_a_page(tmp_path: Path) -> None:  # WI-04
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    names = [f"{i:03}" + "x" * 45 for i in range(300)]
    for name in names:
        await alice.ask(f.GroupCreate(name, "ChatRoom", "n", "", "", "", ApplyJoinOption.FREE_ACCESS, ["bob"]))
    for i in range(8):
        await alice.ask(group(f"k{i}", "bob"))
    cursor = (await sync(bob)).cursor
    for name in names:
        await alice.ask(f.GroupKick(name, ["bob"], ""))
    for i in range(8):
        await alice.ask(send(f"k{i}", "m", "x" * 8000))
    first = await bob.ask(f.Sync(cursor, 0, 0))
    assert len(first.gone) == 300 and len(first.encode(1)) <= server.settings.limits.frame_bytes_max
    told = await sync(bob, cursor)
    assert len(told.gone) == 300 and len(told.rows) == 8
    await server.stop()


async def test_what_is_not_stored_stays_in_the_list(server: TestServer) -> None:  # GT-22
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await root.ask(f.AdminTypeSet("AVChatRoom", "", [f.Policy("listed", "true")]))  # GT-27
    await alice.ask(group("v", type_="AVChatRoom"))
    await bob.ask(f.GroupJoin("v", ""))
    await bob.ask(f.ConversationRemove("g:v"))
    assert not (await sync(bob))["g:v"].removed


@pytest.mark.parametrize(
    ("type_", "listed"), [("Public", True), ("ChatRoom", True), ("AVChatRoom", False), ("BChatRoom", False)]
)
async def test_which_types_are_in_the_list(server: TestServer, type_: str, listed: bool) -> None:  # GT-27
    bob, root = await server.member("bob"), await server.member("administrator")
    await root.ask(group("g", type_=type_))
    if type_.endswith("VChatRoom") or type_ == "BChatRoom":  # not even the app adds anybody (GT-07)
        await bob.ask(f.GroupJoin("g", ""))
    else:
        await root.ask(f.AdminGroupsSync("bob", ["g"]))
    await root.ask(send("g", "m"))
    told = await sync(bob)
    assert (list(told.rows) == ["g:g"]) is listed and not told.gone
    joined = await bob.ask(f.GroupsJoined("", 0))
    assert [row.group_id for row in joined.groups] == ["g"], "that it is in it the user finds there"
    assert (list((await sync(bob, told.cursor)).rows) == []) is True


async def test_whoever_gets_a_deleted_accounts_id_learns_nothing_of_it(server: TestServer) -> None:  # ID-09
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await alice.ask(group("old", "bob"))
    await alice.ask(say(AB, "m"))
    await bob.ask(f.ConversationPin(AB, True))
    await root.ask(f.AdminAccountsDelete(["bob"]))
    again = await server.member_anew("bob")
    own = (await sync(again, b"")).cursor
    for cursor in (b"", own[:9] + b"\0" * 7 + b"\2"):
        told = await sync(again, cursor)
        assert told.rows == {} and told.gone == []
    await alice.ask(say(AB, "hello"))
    row = (await sync(again))[AB]
    assert (row.unread, row.pinned_ms, row.first_seq) == (1, 0, 2)


async def test_a_strong_notice_counts_as_unread(plain_server: TestServer) -> None:  # GT-15
    async with plain_server.client("alice") as alice, plain_server.client("bob") as bob:
        await alice.create_group("g", group_id="g", type_="Public", members=["bob"])
        newest = (await bob.history_page("g", 1, 0, 1)).newest_seq
        if newest:
            await bob.mark_read("g", newest)
        async with plain_server.client("administrator") as root:
            await root.invite("g", ["carol"])
        raw = await plain_server.member("bob")
        assert (await sync(raw)).rows["g:g"].unread == 1
        await until(lambda: (row := bob.conversation("g")) is not None and row.unread == 1)
        assert (await sync(await plain_server.member("alice"))).rows["g:g"].unread >= 1
