"""What app administrators are told and do about one person: unread messages (AB-07), settings of members (AB-08), export
and erasure (AB-06)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rcim.base.errors import NO_SUCH_GROUP, NO_SUCH_MEMBER
from rcim.base.ids import SYSTEM_USER
from rcim.base.terms import MessageState, MsgFlag, UserList, pair_conversation
from rcim.client import Client, MemberSetting, User
from rcim.dispatch.workflows import erasing
from rcim.store import keys
from rcim.store import personal_data as kept
from rcim.store.backend import TABLES
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused, rooms
from tests.kit import SteadyClock, TestServer, until

__all__ = ["rooms"]
PAIR = pair_conversation("alice", "bob")


async def test_how_much_a_user_has_not_read(rooms: TestServer) -> None:  # AB-07
    async with Crowd(rooms) as crowd:
        root, alice = await crowd("administrator", "alice")
        for group, count in (("one", 1), ("two", 2)):
            await alice.create_group(group, group_id=group)
            await root.invite(group, ["bob"])
            for number in range(count):
                await alice.send(group, f"message {number}")
        await alice.send(User("bob"), "to you alone")
        listed = {f"g:{row.group_id}": row.unread for row in await root.groups("bob")}
        assert listed["g:two"] == listed["g:one"] + 1
        found = await root.unread_of("bob")
        assert {row.conversation: row.unread for row in found.conversations} == listed | {PAIR: 1}
        assert (found.total, found.more) == (sum(listed.values()) + 1, False)
        assert {row.unread for row in (await root.unread_of("bob", [User("alice")])).conversations} == {1}
        found = await root.unread_of("bob", ["two"])
        assert [(row.conversation, row.unread) for row in found.conversations] == [("g:two", found.total)]
        assert found.total == listed["g:two"]
        assert (await root.unread_of("nobody")).total == 0
        assert await refused(alice.unread_of("bob")) == "ADMIN_REQUIRED"
        assert await refused(root.unread_of("")) == "BAD_PARAMETER"


async def test_settings_of_any_members(rooms: TestServer) -> None:  # AB-08
    async with Crowd(rooms) as crowd:
        root, alice, _ = await crowd("administrator", "alice", "bob")
        await alice.create_group("g", group_id="g")
        await root.invite("g", ["bob"])
        for number in range(3):
            await alice.send("g", f"message {number}")
        await alice.send(User("bob"), "to you alone")
        pair = User("alice", "bob")
        codes = await root.set_members(
            [
                MemberSetting("g", "bob", MsgFlag.DISCARD, 2, "Card", {"Title": b"x"}),
                MemberSetting(User("alice"), "bob", MsgFlag.ACCEPT_NOT_NOTIFY, 1),
                MemberSetting("g", "bob", read_seq=1),
                MemberSetting("g", "stranger", MsgFlag.DISCARD, 1),
                MemberSetting("none", "bob", read_seq=1),
                MemberSetting("g", "alice", read_seq=99),
            ]
        )
        assert codes == [0, 0, 0, NO_SUCH_MEMBER.number, NO_SUCH_GROUP.number, 0]
        newest = (await root.info("g")).next_msg_seq - 1
        found = await root.member_settings([("g", "bob"), (pair, "bob"), ("g", "alice"), ("g", "stranger")])
        assert 1 <= found[2].read_seq <= newest, "her own messages may not count yet"
        assert [(row.code, row.read_seq, row.msg_flag, row.name_card) for row in found] == [
            (0, 2, MsgFlag.DISCARD, "Card"),
            (0, 1, MsgFlag.ACCEPT_NOT_NOTIFY, ""),
            (0, found[2].read_seq, MsgFlag.ACCEPT_AND_NOTIFY, ""),
            (NO_SUCH_MEMBER.number, 0, MsgFlag.ACCEPT_AND_NOTIFY, ""),
        ]
        assert [(field.key, field.value) for field in found[0].fields] == [("Title", b"x")]
        for bad in (
            MemberSetting(User("alice"), "bob", name_card="x"),
            MemberSetting("g", "bob", name_card="x" * 51),
            MemberSetting(User("carol", "alice"), "bob", read_seq=1),
        ):
            rows = [MemberSetting("g", "alice", name_card="not done"), bad]
            assert await refused(root.set_members(rows)) == "BAD_PARAMETER"
        assert (await root.member_settings([("g", "alice")]))[0].name_card == ""
        assert await refused(alice.set_members([MemberSetting("g", "alice", read_seq=1)])) == "ADMIN_REQUIRED"
        assert await refused(alice.member_settings([("g", "alice")])) == "ADMIN_REQUIRED"


SENT = 7
"""Messages of alice in her group."""


async def alices_life(server: TestServer, crowd: Crowd) -> None:
    """What alice leaves behind: everything that she says or is called has SECRET in it."""
    root, alice, bob = await crowd("administrator", "alice", "bob")
    await alice.set_profile(nickname="SECRET nick", face_url="SECRET url", signature="SECRET line")
    await alice.change_user_list(UserList.BLACK, ["carol"])
    await alice.create_group("g", group_id="g")
    await root.invite("g", ["bob"])
    await alice.edit_member("g", "alice", name_card="SECRET card")
    for number in range(SENT):
        await alice.send("g", f"SECRET {number}")
        await bob.send("g", f"an answer {number}")
    await alice.send(User("bob"), "SECRET to you alone")
    await bob.send(User("alice"), "an answer to you alone")


def rows_with(server: TestServer, what: bytes) -> list[str]:
    """Where in the store this stands: tables and keys of live rows."""
    with server.server.store._backend.read() as view:
        return [
            f"{table} {row!r}"
            for table in TABLES
            for row, data in view.scan(table, b"", keys.LAST)
            if what in row or what in data
        ]


async def exported(root: Client, user_id: str) -> list[dict[str, object]]:
    data = b"".join([part async for part in root.export_user(user_id)])
    return [json.loads(line) for line in data.splitlines()]


@pytest.fixture
async def server(tmp_path: Path) -> TestServer:
    """A server in one process."""
    made = TestServer(tmp_path / "data", tls=False)
    await made.start()
    return made


async def test_all_that_is_kept_of_a_person_is_exported(  # AB-06
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Crowd(server) as crowd:
        await alices_life(server, crowd)
        root, alice = await crowd("administrator", "alice")
        lines = await exported(root, "alice")
        of = {kind: [line for line in lines if line["kind"] == kind] for kind in {line["kind"] for line in lines}}
        assert (of["profile"][0]["nickname"], of["profile"][0]["signature"]) == ("SECRET nick", "SECRET line")
        assert of["list"] == [{"kind": "list", "list": "BLACK", "user_id": "carol"}]
        assert {line["conversation"]: line.get("name_card") for line in of["membership"]} == {
            "g:g": "SECRET card",
            PAIR: "",
        }
        assert len(of["message"]) == SENT + 1 and {line["sender"] for line in of["message"]} == {"alice"}
        assert of["message"][0]["body"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "SECRET to you alone"}}]
        monkeypatch.setattr(kept, "ROWS", 3)
        monkeypatch.setattr("rcim.service.personal_data.EXPORT_BYTES_MAX", 100)
        assert await exported(root, "alice") == lines, "in small pages it is the same"
        assert await exported(root, "nobody") == []
        assert await refused(exported(alice, "alice")) == "ADMIN_REQUIRED"
        for cursor in ("x", "9::0", "0:zz:0", "0:a:0", "0::", "-1::0"):
            asked = root.request(f.AdminUserExport("alice", cursor), f.AdminUserExportOk)
            assert await refused(asked) == "BAD_PARAMETER", cursor
    await server.stop()


async def test_a_person_is_erased_and_messages_keep_their_seq(  # AB-06
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PAGES", 1)
    monkeypatch.setattr(erasing, "AT_ONCE", 2)
    async with Crowd(server) as crowd:
        await alices_life(server, crowd)
        root, alice, bob = await crowd("administrator", "alice", "bob")
        before = await bob.history("g", limit=100)
        assert len(rows_with(server, b"SECRET")) > SENT
        assert await refused(_erased(alice, "alice")) == "ADMIN_REQUIRED"
        for nobody in ("administrator", "@SYS#news", SYSTEM_USER):
            assert await refused(_erased(root, nobody)) == "BAD_PARAMETER"
        first = await root.request(f.AdminUserErase("alice", b""), f.AdminUserEraseOk, repeat=False)
        assert first.messages <= 2 and first.next, "a step is bounded"
        assert await _erased(root, "alice") == SENT + 1 - first.messages, "begun again, it does what is left"
        assert await _erased(root, "alice") == 0
        assert rows_with(server, b"SECRET") == []
        after = await bob.history("g", limit=100)
        places = [(m.seq, m.time_ms, m.sender) for m in after]
        assert places[: len(before)] == [(m.seq, m.time_ms, m.sender) for m in before]
        assert [m.sender for m in after[len(before) :]] == [SYSTEM_USER], "all are told that she has left"
        assert {m.state for m in after if m.sender == "alice"} == {MessageState.DELETED}
        others = [(m.seq, m.elements) for m in before if m.sender == "bob"]
        assert [(m.seq, m.elements) for m in after if m.sender == "bob"] == others and len(others) == SENT
        assert [m.sender for m in await bob.history(User("alice"), limit=10)] == ["alice", "bob"]
        (account,) = await root.query_accounts(["alice"])
        assert not account.imported and account.groups == 0 and account.valid_from_ms > 0
        assert (await root.info("g")).owner == "" and {m.user_id for m in await root.members("g")} == {"bob"}
        kinds = {line["kind"] for line in await exported(root, "alice")}
        assert kinds <= {"profile", "message", "membership"}
    await server.stop()


async def _erased(client: Client, user_id: str) -> int:
    return [done async for done in client.erase_user(user_id)][-1]


async def test_erasing_waits_for_a_conversation_that_takes_no_more(  # AB-06, FC-02
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "AT_ONCE", 1)
    async with Crowd(server) as crowd:
        await alices_life(server, crowd)
        root = await crowd("administrator")
        await root.set_group_type("Public", {"messages_per_s": "1", "normal_per_s": "1"})
        SteadyClock(monkeypatch)  # all of it is in one second, however long it takes
        step = await root.request(f.AdminUserErase("alice", b""), f.AdminUserEraseOk, repeat=False)
        assert step.retry_after_ms > 0 and step.next and step.messages < SENT + 1
        await root.set_group_type("Public", {"messages_per_s": "0", "normal_per_s": "0"})
        rest = await root.request(f.AdminUserErase("alice", step.next), f.AdminUserEraseOk, repeat=False)
        while rest.next:
            rest = await root.request(f.AdminUserErase("alice", rest.next), f.AdminUserEraseOk, repeat=False)
        assert rows_with(server, b"SECRET") == []
    await server.stop()


async def test_messages_of_every_kind_of_conversation_are_erased(tmp_path: Path) -> None:  # AB-06
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.actor_idle_ms=100",))
    await server.start()
    async with Crowd(server) as crowd:
        root, alice, _ = await crowd("administrator", "alice", "bob")
        await alice.create_group("city", group_id="@TGS#_city", type_="UltraGroup")
        await root.invite("@TGS#_city", ["bob"])
        channel = await alice.create_channel("@TGS#_city", "news")
        await alice.create_group("live", group_id="live", type_="ChatRoom")
        await root.create_group("gone", group_id="gone", owner="alice")
        for where in ("@TGS#_city", channel, "live", "gone", User("bob")):
            await alice.send(where, "SECRET")
        await root.broadcast("SECRET", sender="alice")
        await root.dissolve("gone")
        assert len(rows_with(server, b"SECRET")) >= 5
        assert await _erased(root, "alice") >= 5
        await until(lambda: not rows_with(server, b"SECRET"), "the rest of what is dissolved goes by itself")
        assert [m.state for m in await root.history("@TGS#_city") if m.sender == "alice"] == [MessageState.DELETED]
    await server.stop()


async def test_messages_in_memory_alone_are_erased_too(server: TestServer) -> None:  # AB-06, GT-22
    async with Crowd(server) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        await alice.set_profile(nickname="SECRET nick")
        for room in ("live", "left", "busy"):
            await root.create_group(room, group_id=room, type_="AVChatRoom")
            for one in (alice, bob):
                await one.join(room)
            await alice.send(room, "SECRET")
            await bob.send(room, "an answer")
            if room == "left":
                await alice.leave(room)
        await root.set_group_type("AVChatRoom", {"messages_per_s": "1", "normal_per_s": "1"})
        await root.send("busy", "as much as there may be")
        assert await _erased(root, "alice") == 0, "none was in the store"
        for room in ("live", "left", "busy"):
            found = [one for one in await bob.history(room, limit=20) if one.sender == "alice"]
            assert [(m.state, m.elements, m.nickname) for m in found] == [(MessageState.DELETED, (), "")], room
            assert "an answer" in str(await bob.history(room, limit=20))
    await server.stop()
