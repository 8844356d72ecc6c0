"""How many groups a user is in, and who may add it: kept where the user is, whoever adds it and from wherever."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rcim.base.terms import PERMANENT_S, AddResult, ApplyJoinOption, JoinStatus, Role, UserList
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused
from tests.kit import TestCluster, TestServer

TWO = ("limits.groups_per_user_max=2",)
ADDED, ALREADY, FAILED, FULL = AddResult.ADDED, AddResult.ALREADY, AddResult.FAILED, AddResult.FULL


async def test_nobody_is_added_past_the_bound(tmp_path: Path) -> None:  # GR-05, GT-07
    server = TestServer(tmp_path / "data", tls=False, flags=TWO)
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, root, raw = *await crowd("alice", "bob", "administrator"), await server.member("alice")
        for group in ("a", "b"):
            await root.create_group("G", group_id=group, type_="Private", owner="alice", members=["bob"])
            await alice.send(group, "there it is")
        await root.create_group("R", group_id="r", type_="Private", members=["carol"])
        assert await root.invite("r", ["bob", "carol", "dan"]) == {"bob": FULL, "carol": ALREADY, "dan": ADDED}
        made = await raw.ask(f.GroupCreate("c", "Private", "C", "", "", "", ApplyJoinOption.BY_TYPE, ["bob"]))
        assert made.code.name == "TOO_MANY_GROUPS", "the owner-to-be is in two"
        zoe = await server.member("zoe")
        members = ["bob", "dan", "alice"]
        made = await zoe.ask(f.GroupCreate("c", "Private", "C", "", "", "", ApplyJoinOption.BY_TYPE, members))
        assert [(row.user_id, row.result) for row in made.left_out] == [("bob", FULL), ("alice", FULL)]
        assert {m.user_id for m in await root.members("c")} == {"zoe", "dan"}
        assert await refused(bob.join("nowhere")) == "TOO_MANY_GROUPS"
        assert await refused(bob.join("a")) == "ALREADY_MEMBER", "that would be no group more"
        assert await refused(root.create_group("D", group_id="d", owner="bob")) == "TOO_MANY_GROUPS"
        await root.import_group("O", group_id="o", owner="zoe")
        imported = await root.import_members("o", [f.ImportedMember("bob", Role.MEMBER, 0, 0)])
        assert imported == {"bob": ADDED}, "an import brings over what is so already (GR-08)"
    await server.stop()


async def test_there_is_room_again(tmp_path: Path) -> None:  # GR-05, GR-11, GR-01, GR-10
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.groups_per_user_max=1",))
    await server.start()
    async with Crowd(server) as crowd:
        root, bob = await crowd("administrator", "bob")
        for group in ("a", "b", "c", "d", "e"):
            await root.create_group("G", group_id=group, type_="ChatRoom", owner=f"owner of {group}")
        await root.block("e", ["bob"], PERMANENT_S)
        await bob.join("a")
        await bob.leave("a")
        assert await refused(bob.join("e")) == "BLOCKED"
        assert await root.invite("e", ["bob"]) == {"bob": FAILED}
        await bob.join("b")
        await root.kick("b", ["bob"])
        await bob.join("c")
        await root.block("c", ["bob"], PERMANENT_S)
        await bob.join("d")
        await root.dissolve("d")
        await bob.join("a")
        assert await refused(bob.join("b")) == "TOO_MANY_GROUPS"
        moved = await root.sync_groups("bob", ["b"])
        assert [(row.group_id, row.joined, row.code) for row in moved] == [("a", False, 0), ("b", True, 0)]
        await root.delete_accounts(["bob"])
        assert await root.invite("a", ["bob"]) == {"bob": ADDED}
    await server.stop()


async def test_a_sync_goes_as_far_as_there_is_room(tmp_path: Path) -> None:  # GR-10, GT-08
    server = TestServer(tmp_path / "data", tls=False, flags=TWO)
    await server.start()
    async with Crowd(server) as crowd:
        root = await crowd("administrator")
        for group, owner in (("own", "bob"), ("a", "x"), ("b", "y")):
            await root.create_group("G", group_id=group, type_="ChatRoom", owner=owner)
        rows = {row.group_id: row.code for row in await root.sync_groups("bob", ["a", "b"])}
        assert rows.pop("own") == 10009 and sorted(rows.values()) == [0, 10037], "bob can not leave its own"
    await server.stop()


async def test_an_applicant_who_is_in_too_many_groups_waits_on(tmp_path: Path) -> None:  # GR-05
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.groups_per_user_max=1",))
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        await alice.create_group("P", group_id="p")
        await root.create_group("Q", group_id="q", type_="ChatRoom", owner="zoe")
        assert (await bob.join("p")).status is JoinStatus.WAITING
        await bob.join("q")
        assert await refused(alice.decide("p", "bob", True)) == "TOO_MANY_GROUPS"
        assert [row.user_id for row in await alice.applications("p")] == ["bob"]
        await bob.leave("q")
        await alice.decide("p", "bob", True)
        assert [entry.group_id for entry in await bob.groups()] == ["p"]
    await server.stop()


async def test_who_is_on_a_black_list_can_not_add_its_owner(tmp_path: Path) -> None:  # SC-07
    server = TestServer(tmp_path / "data", tls=False, flags=("c2c.list=white",))
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, root, raw = *await crowd("alice", "bob", "administrator"), await server.member("alice")
        await bob.change_user_list(UserList.BLACK, ["alice"])
        made = await raw.ask(
            f.GroupCreate("g", "Private", "G", "", "", "", ApplyJoinOption.BY_TYPE, ["bob", "carol"])
        )
        assert [(row.user_id, row.result) for row in made.left_out] == [("bob", FAILED)]
        assert await alice.invite("g", ["bob", "dan"]) == {"bob": FAILED, "dan": ADDED}
        assert await root.invite("g", ["bob"]) == {"bob": ADDED}, "the app administrator is on nobody's list"
        await root.kick("g", ["bob"])
        await alice.send("g", "here it is")
        assert await refused(raw_invite(server, "zoe")) == "NOT_PERMITTED", "the group's own refusal comes first"
        await bob.change_user_list(UserList.BLACK, remove=["alice"])
        assert await alice.invite("g", ["bob"]) == {"bob": ADDED}
        await alice.create_group("P", group_id="p")
        await bob.join("p")
        await bob.change_user_list(UserList.BLACK, ["alice"])
        await alice.decide("p", "bob", True)
        assert "bob" in {m.user_id for m in await root.members("p")}, "bob has asked for it"
    await server.stop()


async def raw_invite(server: TestServer, user: str) -> None:
    async with server.client(user) as client:
        await client.invite("g", ["bob"])


async def test_groups_that_are_hidden_keep_nobody_out(tmp_path: Path) -> None:  # GT-16
    server = TestServer(tmp_path / "data", tls=False, flags=TWO)
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        for group in ("a", "b"):
            await alice.create_group("H", group_id=group, type_="Private", members=["bob"])
        await root.create_group("R", group_id="r", type_="Private")
        assert await root.invite("r", ["bob"]) == {"bob": FULL}
        await bob.create_group("B", group_id="mine", type_="ChatRoom")
        await alice.send("a", "now you see it")
        assert await refused(bob.create_group("B", type_="ChatRoom")) == "TOO_MANY_GROUPS"
        await bob.leave("a")
        await alice.edit_group("b", name="still hidden")
        await bob.create_group("B", type_="ChatRoom")
    await server.stop()


async def test_many_at_once_by_many_and_by_two_gateways(tmp_path: Path) -> None:  # ADR 0009
    cluster = TestCluster(tmp_path / "data", flags=("limits.groups_per_user_max=3",))
    await cluster.start()
    makers = []
    for number in range(8):
        cluster.at = number % 2
        maker = await cluster.member(f"maker{number}")
        await maker.ask(f.GroupCreate(f"g{number}", "Private", "G", "", "", "", ApplyJoinOption.BY_TYPE, []))
        makers.append(maker)
    found = await asyncio.gather(*(m.ask(f.GroupInvite(f"g{n}", ["bob"])) for n, m in enumerate(makers)))
    assert sorted(answer.results[0].result for answer in found) == [ADDED] * 3 + [FULL] * 5
    cluster.kill_owner()
    await cluster.start_owner()
    cluster.at = 1
    again = await cluster.member("zoe")
    made = await again.ask(f.GroupCreate("z", "Private", "Z", "", "", "", ApplyJoinOption.BY_TYPE, ["bob"]))
    assert [row.result for row in made.left_out] == [FULL], "also when the owner is another one"
    await cluster.stop()


async def test_no_bound(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("limits.groups_per_user_max=0", "app.guests=true"))
    await server.start()
    async with Crowd(server) as crowd:
        root, guest = await crowd("administrator", "")
        for number in range(3):
            await root.create_group("G", group_id=f"g{number}", type_="AVChatRoom", owner="bob")
            await guest.join(f"g{number}")
        assert len(await root.sync_groups("zoe", ["g0", "g1"])) == 2
    await server.stop()


async def test_what_a_guest_hears_has_a_bound(tmp_path: Path) -> None:  # ID-06
    server = TestServer(tmp_path / "data", tls=False, flags=(*TWO, "app.guests=true"))
    await server.start()
    async with Crowd(server) as crowd:
        root, guest = await crowd("administrator", "")
        for number in range(3):
            await root.create_group("G", group_id=f"g{number}", type_="AVChatRoom", owner=f"u{number}")
        await guest.join("g0")
        await guest.join("g1")
        assert await refused(guest.join("g2")) == "TOO_MANY_GROUPS"
        await guest.leave("g1")
        await guest.join("g2")
    await server.stop()
