"""What app administrators do with users, types and imports (ID-09, GR-08, GR-10, GT-13, GT-20)."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from rcim.adapters.frames import table
from rcim.base.errors import NOT_PERMITTED, RcimError
from rcim.base.limits import USERSIG_AHEAD_S
from rcim.base.terms import AddResult, ApplyJoinOption, JoinStatus, Priority, Role
from rcim.client import Message
from rcim.content.elements import Text, encode_body
from rcim.session.usersig import mint
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused, rooms
from tests.kit import SDKAPPID, TestServer

__all__ = ["rooms"]
BODY = encode_body([Text("old")])


def old(sender: str, time_ms: int, name: str) -> f.ImportedMessage:
    return f.ImportedMessage(sender, time_ms, Priority.NORMAL, name, BODY)


async def test_importing_a_group(rooms: TestServer) -> None:  # GR-08, GT-23
    async with Crowd(rooms) as crowd:
        root, bob = await crowd("administrator", "bob")
        now = int(time.time() * 1000)
        begin = now - 3_600_000
        await root.import_group("Old", group_id="o", owner="alice", create_time_ms=begin)
        assert await refused(bob.join("o")) == "NO_SUCH_GROUP", "closed to others"
        assert await root.import_members(
            "o", [f.ImportedMember("bob", Role.MEMBER, begin + 5, 1), f.ImportedMember("alice", Role.MEMBER, 0, 0)]
        ) == {"bob": AddResult.ADDED, "alice": AddResult.ALREADY}
        assert await refused(root.import_members("o", [f.ImportedMember("z", Role.OWNER, 0, 0)])) == "BAD_PARAMETER"
        future = f.ImportedMember("z", Role.MEMBER, now + 86_400_000, 0)
        assert await refused(root.import_members("o", [f.ImportedMember("y", Role.MEMBER, 0, 0), future])) == (
            "BAD_PARAMETER"
        )
        found = await root.import_messages("o", [old("bob", begin + 10, "a"), old("zoe", begin + 20, "b")])
        assert (found.first_seq, found.last_seq) == (1, 2)
        for times in ((begin + 19,), (begin + 30, begin + 29), (now + 86_400_000,)):
            bad = [old("bob", t, f"c{i}") for i, t in enumerate(times)]
            assert await refused(root.import_messages("o", bad)) == "BAD_PARAMETER", "times out of order"
        assert (await root.info("o")).next_msg_seq == 3, "nothing of a refused import is kept"
        assert {m.user_id for m in await root.members("o")} == {"alice", "bob"}
        assert await refused(bob.finish_import("o")) == "ADMIN_REQUIRED"
        await root.finish_import("o")
        assert await refused(root.finish_import("o")) == "ALREADY_HANDLED"
        assert await refused(root.import_messages("o", [old("bob", now, "d")])) == "NOT_PERMITTED"
        assert [(m.sender, m.time_ms) for m in await bob.history("o")] == [("bob", begin + 10), ("zoe", begin + 20)]
        (entry,) = await bob.groups()
        assert (entry.unread, entry.newest_seq) == (1, 2)
        assert (await bob.info("o")).create_time_ms == begin
        assert (await bob.send("o", "new")).seq == 3
        assert (await crowd.told("bob", Message)).text == "new", "members hear it from now on"
        assert await refused(root.import_group("A", type_="AVChatRoom")) == "NOT_PERMITTED"
        assert await refused(root.import_group("A", create_time_ms=now + 86_400_000)) == "BAD_PARAMETER"


async def test_accounts(rooms: TestServer) -> None:  # ID-09, AB-05
    async with Crowd(rooms) as crowd:
        root, bob = await crowd("administrator", "bob")
        assert await root.import_accounts([f.Account("bob", "Bob", "u"), f.Account("zoe", "", "")]) == {
            "bob": AddResult.ADDED,
            "zoe": AddResult.ADDED,
        }
        assert await root.import_accounts([f.Account("bob", "", "")]) == {"bob": AddResult.ALREADY}
        assert (await bob.profile("bob")).nickname == "Bob"
        await bob.create_group("G", group_id="g", type_="ChatRoom", members=["zoe"])
        await bob.create_group("H", group_id="h", type_="ChatRoom")
        known = {a.user_id: (a.imported, a.online, a.groups) for a in await root.query_accounts(["bob", "zoe", "no"])}
        assert known == {"bob": (True, True, 2), "zoe": (True, False, 1), "no": (False, False, 0)}
        signed_before = rooms.client("bob")
        assert await root.delete_accounts(["bob", "no"]) == {"bob": AddResult.ADDED, "no": AddResult.ALREADY}
        assert (await root.info("g")).owner == "" and [m.user_id for m in await root.members("g")] == ["zoe"]
        assert (await root.info("h")).member_num == 0, "a room stays for an hour without members (CR-04)"
        assert await refused(root.delete_accounts(["administrator"])) == "BAD_PARAMETER"
        (gone,) = await root.query_accounts(["bob"])
        assert (gone.imported, gone.groups) == (False, 0)
        assert await refused(bob.groups()) == "LOGGED_OUT", "and it does not come back by itself"
        with pytest.raises(RcimError) as caught:
            await signed_before.connect()
        assert caught.value.code.name == "USERSIG_INVALIDATED", "its signature is refused"


async def test_invalidating(rooms: TestServer) -> None:  # ID-09
    async with Crowd(rooms) as crowd:
        root = await crowd("administrator")
        raw = await rooms.member("bob")
        signed_before = rooms.sign("bob")
        await root.invalidate_account("bob")
        said = await raw.take()
        assert isinstance(said, RcimError) and said.code.name == "LOGGED_OUT"
        assert await raw.closed()
        again = await rooms.raw()
        await again.hello()
        refusal = await again.ask(f.Login("bob", signed_before, 1, ""))
        assert isinstance(refusal, RcimError) and refusal.code.name == "USERSIG_INVALIDATED"
        (known,) = await root.query_accounts(["bob"])
        from_s = known.valid_from_ms // 1000
        assert from_s <= time.time() + 1 and f"TLS.time {from_s} on" in refusal.detail, "it says what to do"
        again = await rooms.raw()  # made at once, with the clock of a server that was ahead by nothing
        await again.login("bob", mint(SDKAPPID, rooms.key, "bob", from_s, 3600))


@pytest.mark.parametrize("delete", [False, True])
async def test_a_signature_dated_ahead_does_not_survive(rooms: TestServer, delete: bool) -> None:  # ID-02, ID-09
    """The clock of the server that made it is ahead by as much as is allowed."""
    async with Crowd(rooms) as crowd:
        root = await crowd("administrator")
        ahead_s = int(time.time()) + USERSIG_AHEAD_S
        ahead = mint(SDKAPPID, rooms.key, "bob", ahead_s, 3600)
        raw = await rooms.raw()
        await raw.login("bob", ahead)
        if delete:
            await root.delete_accounts(["bob"])
        else:
            await root.invalidate_account("bob")
        assert await raw.closed()
        again = await rooms.raw()
        await again.hello()
        refusal = await again.ask(f.Login("bob", ahead, 1, ""))
        assert isinstance(refusal, RcimError) and refusal.code.name == "USERSIG_INVALIDATED"
        (known,) = await root.query_accounts(["bob"])
        assert known.valid_from_ms > ahead_s * 1000, "nor is it good when its time has come"


async def test_syncing_groups(rooms: TestServer) -> None:  # GR-10
    async with Crowd(rooms) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        for name in ("a", "b", "c"):
            await alice.create_group(name, group_id=name)
        await root.invite("a", ["bob"])
        results = await root.sync_groups("bob", ["b", "c", "nowhere"])
        assert {(r.group_id, r.joined, r.code) for r in results} == {
            ("a", False, 0),
            ("b", True, 0),
            ("c", True, 0),
            ("nowhere", True, 10010),
        }
        assert {g.group_id for g in await bob.groups()} == {"b", "c"}
        assert await root.sync_groups("bob", ["b", "c"]) == []


async def test_syncing_does_what_the_type_lets_the_app_do(rooms: TestServer) -> None:  # GR-10, GT-07, GT-10
    async with Crowd(rooms) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        for name in ("heard", "other"):
            await alice.create_group(name, group_id=name, type_="AVChatRoom")
        await bob.join("heard")
        rows = await root.sync_groups("bob", ["other"])
        assert {(r.group_id, r.joined, r.code) for r in rows} == {
            ("heard", False, NOT_PERMITTED.number),
            ("other", True, NOT_PERMITTED.number),
        }, "nobody adds there or kicks, not even the app"
        assert {g.group_id for g in await bob.groups()} == {"heard"}
        await root.delete_accounts(["bob"])
        assert (await root.info("heard")).member_num == 1, "a deleted account is out of it all the same (ID-09)"


async def test_types_at_run_time(rooms: TestServer) -> None:  # GT-20, GT-13
    async with Crowd(rooms) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        await alice.create_group("Pub", group_id="p", members=["bob", "eve"])
        assert await refused(bob.kick("p", ["eve"])) == "NOT_PERMITTED"
        await root.set_group_type("Public", {"kick": "member"})
        await bob.kick("p", ["eve"])
        await root.set_group_type("OAGroup", {"join_option": "FreeAccess"}, base="Public")
        await alice.create_group("Office", group_id="o", type_="OAGroup")
        assert (await bob.join("o")).status is JoinStatus.JOINED
        types = {t.name: t for t in await root.group_types()}
        assert types["OAGroup"].base == "Public" and types["OAGroup"].groups == 1 and types["Public"].changed
        assert {p.name: p.value for p in types["OAGroup"].policies}["kick"] == "member", "from its base as it is now"
        for name, base, policies in (
            ("OAGroup2", "Nothing", {}),
            ("bad name", "Public", {}),
            ("T", "Public", {"kick": "everybody"}),
            ("T", "Public", {"no_such": "1"}),
            ("T", "Private", {"search": "on"}),
            ("T", "AVChatRoom", {"notice": "strong"}),
            ("T", "AVChatRoom", {"member_fields": "a member member"}),
            ("T", "BChatRoom", {"has_owner": "true"}),
            ("T", "Public", {"group_fields": ", ".join(f"k{i} member admin" for i in range(21))}),
            ("T", "Public", {"member_cap": "10000001"}),
            ("Public", "Private", {}),
        ):
            assert await refused(root.set_group_type(name, policies, base=base)) == "BAD_PARAMETER", (name, policies)
        assert await refused(root.remove_group_type("OAGroup")) == "NOT_PERMITTED"
        assert await refused(root.remove_group_type("ChatRoom")) == "BAD_PARAMETER"
        assert await refused(alice.group_types()) == "ADMIN_REQUIRED"
        await alice.dissolve("o")
        await root.remove_group_type("OAGroup")
        assert await refused(alice.create_group("X", type_="OAGroup")) == "BAD_PARAMETER"
        await root.remove_group_type("Public")
        assert await refused(bob.kick("p", ["alice"])) == "NOT_PERMITTED"


async def test_so_many_groups_of_a_type(rooms: TestServer) -> None:  # GT-13
    async with Crowd(rooms) as crowd:
        root, alice = await crowd("administrator", "alice")
        jobs = [root.create_group("B", group_id=f"b{i}", type_="BChatRoom") for i in range(8)]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        codes = [r.code.name for r in results if isinstance(r, RcimError)]
        assert codes == ["TOO_MANY_OF_TYPE"] * 3
        made = [r for r in results if isinstance(r, str)]
        assert await refused(alice.dissolve(made[0])) == "NOT_PERMITTED"
        await root.dissolve(made[0])
        assert await root.create_group("B", group_id="again", type_="BChatRoom") == "again"
        assert await refused(alice.create_group("B", type_="BChatRoom")) == "NOT_PERMITTED"


async def test_what_was_changed_is_there_after_a_restart(tmp_path: Path) -> None:  # GT-20, SC-02, SC-04, MS-01, GT-22
    data = tmp_path / "data"
    first = TestServer(data, tls=False)
    await first.start()
    async with Crowd(first) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        await root.set_group_type("OAGroup", {"kick": "member"}, base="Public")
        await alice.create_group("Office", group_id="o", type_="OAGroup", members=["bob", "eve"])
        await alice.create_group("Live", group_id="v", type_="AVChatRoom")
        await alice.mute("o", ["bob"], 600)
        await root.mute_everywhere(["zoe"], 600)
        assert (await alice.create_group("W", group_id="w")) == "w"
        await bob.join("w", text="please")
        last = [(await alice.send("v", f"m{i}")).seq for i in range(3)][-1]
        for i in range(4):
            await root.create_group("B", group_id=f"b{i}", type_="BChatRoom")
    await first.stop()
    second = TestServer(data, tls=False)
    await second.start()
    async with Crowd(second) as crowd:
        root, alice, bob = await crowd("administrator", "alice", "bob")
        assert await refused(bob.send("o", "x")) == "SENDER_MUTED"
        await bob.kick("o", ["eve"])
        assert set(await root.muted_everywhere()) == {"zoe"}
        assert [a.user_id for a in await alice.applications("w")] == ["bob"]
        assert (await alice.send("v", "after")).seq > last, "the counter never falls back"
        assert await alice.history("v", to_seq=last) == []
        await root.create_group("B", group_id="b5", type_="BChatRoom")
        assert await refused(root.create_group("B", type_="BChatRoom")) == "TOO_MANY_OF_TYPE"
    await second.stop()


async def test_names_at_the_bound(rooms: TestServer) -> None:  # GR-03
    async with Crowd(rooms) as crowd:
        (alice, bob) = await crowd("alice", "bob")
        wide = "é" * 15  # 30 bytes
        await alice.create_group(wide, group_id="g", type_="ChatRoom", apply_join_option=ApplyJoinOption.FREE_ACCESS)
        for name in (wide + "a", "a" * 29 + "é", "", "two\nlines"):
            assert await refused(alice.edit_group("g", name=name)) == "BAD_PARAMETER"
        assert (await alice.edit_group("g", introduction="字" * 40)) > 0
        assert await refused(alice.edit_group("g", introduction="字" * 40 + "a")) == "BAD_PARAMETER"
        assert await refused(alice.edit_group("g", notification="字" * 51)) == "BAD_PARAMETER"
        assert await refused(bob.join("g", name_card="n" * 51)) == "BAD_PARAMETER"
        assert await refused(bob.join("g", text="t" * 301)) == "BAD_PARAMETER"
        assert (await alice.info("g")).name == wide
        raw = await rooms.member("carol")
        data = bytearray(f.GroupMemberSet("g", "carol", msg_flag=1).encode(9))
        data[-1] = 9
        raw.write(bytes(data))
        unknown = await raw.answer_to(9)
        assert isinstance(unknown, RcimError) and unknown.code.name == "BAD_PARAMETER", "unknown MsgFlag"


async def test_hidden_groups_cost_their_members_nothing(tmp_path: Path) -> None:  # GT-16, GR-08
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.groups_per_user_max=2",))
    await server.start()
    async with Crowd(server) as crowd:
        alice, root = await crowd("alice", "administrator")
        for i in range(2):
            await alice.create_group("H", group_id=f"h{i}", type_="Private", members=["bob"])
        await root.import_group("O", group_id="o", owner="zoe")
        await root.import_members("o", [f.ImportedMember("bob", Role.MEMBER, 0, 0)])
        bob = await crowd("bob")
        assert await bob.groups() == [] and await refused(bob.leave("h0")) == "NO_SUCH_GROUP"
        await bob.create_group("B", group_id="b", type_="ChatRoom")
        raw = await server.member("bob")
        await root.notice("h0", "secret")
        await root.notice("h0", "secret", users=["bob"])
        await root.notice("o", "secret", users=["bob"])
        await root.dissolve("h0")
        await root.dissolve("o")
        await bob.send("b", "x")
        first = await raw.take()
        assert isinstance(first, f.Deliver), f"nothing of hidden groups is heard: {first}"
        await alice.send("h1", "now you see it")
        assert [g.group_id for g in await bob.groups()] == ["b", "h1"]
    await server.stop()


async def test_an_answer_that_can_not_be_encoded(rooms: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = await rooms.member("alice")
    route = table.ROUTES[f.GroupsJoined.TYPE]
    wrong = route._replace(answer=lambda result: f.GroupCreateOk("x" * 999))
    monkeypatch.setitem(table.ROUTES, f.GroupsJoined.TYPE, wrong)
    said = await raw.ask(f.GroupsJoined("", 0))
    assert isinstance(said, RcimError) and said.code.name == "SERVER_ERROR", "who asked does not wait for ever"
    assert isinstance(await raw.ask(f.ProfileGet("bob")), f.ProfileGetOk)


async def test_unstored_groups_in_the_list(rooms: TestServer) -> None:  # GT-22, RX-05
    async with Crowd(rooms) as crowd:
        alice = await crowd("alice")
        await alice.create_group("Live", group_id="v", type_="AVChatRoom")
        await alice.send("v", "one")
        (entry,) = await alice.groups()
        assert entry.unstored and entry.newest_seq == 0
        again = rooms.client("alice")
        await again.connect()
        await alice.send("v", "two")
        async for message in again.messages():
            assert message.text == "two", "what was before is not given as new"
            break
        await again.close()
