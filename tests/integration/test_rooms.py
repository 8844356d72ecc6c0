"""Rooms, through the SDK: absent members leave (CR-01), one room at a time (CR-02), attributes (CR-03), rooms that are
empty or kept alive (CR-04), members by joining (CR-05), what the app sets (CR-07), who may send (GT-26)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, HeldBack
from rcim.client import AttributesEvent, Client, Message
from tests.kit import PATIENCE_S, TestCluster, TestServer, until
from tests.kit_sdk import next_of

FLAGS = (
    "app.message_group_fields=Topic",
    "types.Live.base=AVChatRoom",
    "types.Live.leave_after_messages=3",
    "types.Live.messages_per_s=0",
    "types.Live.group_fields=Topic anyone member",
    "types.Live.send=anyone",
    "types.Single.base=AVChatRoom",
    "types.Single.one_room=true",
    "types.Open.base=ChatRoom",
    "types.Open.send=anyone",
    "types.Asked.base=ChatRoom",
    "types.Asked.one_room=true",
    "types.Small.base=Single",
    "types.Small.member_cap=1",
)


@pytest.fixture(params=["plain", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server with types of its own; once with two gateways."""
    kind = TestServer if request.param == "plain" else TestCluster
    made = kind(tmp_path / "data", tls=False, flags=FLAGS)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[TestServer]:
    made = TestServer(tmp_path / "data", tls=False, flags=FLAGS)
    await made.start()
    yield made
    await made.stop()


async def made(owner: Client, group_id: str = "room", type_: str = "Live") -> str:
    return await owner.create_group("Room", group_id=group_id, type_=type_)


async def names(client: Client, group_id: str = "room") -> set[str]:
    return {row.user_id for row in await client.members_by_joining(group_id)}


async def in_room(client: Client, wanted: set[str], group_id: str = "room") -> None:
    """Wait until they are in it."""
    end = time.monotonic() + PATIENCE_S
    while (found := await names(client, group_id)) != wanted:
        assert time.monotonic() < end, found
        await asyncio.sleep(0.005)


async def refused(job: object) -> str:
    with pytest.raises(RcimError) as error:
        await job  # type: ignore[misc]
    return error.value.code.name


async def test_absent_members_leave(server: TestServer) -> None:  # CR-01
    async with server.client("alice") as alice, server.client("carol") as carol:
        await made(alice)
        await carol.join("room")
        async with server.client("bob") as bob:
            await bob.join("room")
        async with server.client("dave") as dave:
            await dave.join("room")
            await alice.set_attributes("room", {"topic": "chess"})
            await dave.set_attributes("room", {"seat": "dave"}, with_setter=True)
        room = await carol.room("room")
        assert room.attributes == {"topic": "chess", "seat": "dave"}
        await alice.send("room", "one")
        async with server.client("bob") as bob:  # in time: nothing is missed, and nobody joins again
            await alice.send("room", "two")
            assert await names(carol) == {"alice", "bob", "carol", "dave"}
            await alice.send("room", "three")
            await in_room(carol, {"alice", "bob", "carol"})
            await until(lambda: room.attributes == {"topic": "chess"})


async def test_who_is_back_is_told_why_they_are_out(server: TestServer) -> None:  # CR-01
    async with server.client("alice") as alice:
        await made(alice)
        async with server.client("bob") as bob:
            await bob.join("room")
        for n in range(3):
            await alice.send("room", f"m{n}")
        await in_room(alice, {"alice"})
        async with server.client("bob") as bob:
            assert await refused(bob.attributes("room")) == "NOT_PERMITTED"
            await bob.join("room")
            assert await names(bob) == {"alice", "bob"}


async def test_attributes_follow_over_reconnections(server: TestServer) -> None:  # CR-03
    async with server.client("alice") as alice, server.client("bob") as bob:
        await made(alice)
        await bob.join("room")
        room = await bob.room("room")
        assert room.attributes == {}
        await alice.set_attributes("room", {"a": "1", "b": "2"}, notice=b"hello")
        event = await next_of(bob, AttributesEvent)
        assert [(row.key, row.value, row.notice) for row in event.changes] == [("a", "1", b"hello"), ("b", "2", b"")]
        await until(lambda: room.attributes == {"a": "1", "b": "2"})
        assert await refused(bob.set_attributes("room", {"a": "x", "c": "3"})) == "ATTRIBUTE_CONFLICT"
        assert await refused(bob.set_attributes("room", {"a": "x"}, forced=True)) == "ADMIN_REQUIRED"
        assert bob._link is not None
        bob._link.abort()
        await alice.delete_attributes("room", ["a"])
        await alice.set_attributes("room", {"c": "3"})
        await until(lambda: room.attributes == {"b": "2", "c": "3"})
        assert await bob.attributes("room", ["c", "none"]) == {"c": "3"}


async def test_many_attributes_come_in_pages(plain: TestServer) -> None:  # CR-03
    async with plain.client("alice") as alice, plain.client("bob") as bob:
        await made(alice)
        for start in range(0, 60, 5):
            await alice.set_attributes("room", {f"k{n}": str(n) * 2000 for n in range(start, start + 5)})
        await bob.join("room")
        room = await bob.room("room")
        assert set(room.attributes) == {f"k{n}" for n in range(60)}
        assert set(await bob.attributes("room")) == set(room.attributes)


async def test_bounds_of_keys_and_values(plain: TestServer) -> None:  # CR-03
    async with plain.client("alice") as alice:
        await made(alice)
        good = "aZ09_+=-"
        await alice.set_attributes("room", {good: "v", "k" * 128: "é" * 2048})
        for key in ("", "k" * 129, "a b", "é", "a\n", "k" * 300):
            assert await refused(alice.set_attributes("room", {key: "v"})) == "BAD_ATTRIBUTE_KEY", key
        for value in ("", "x" * 4097, "é" * 2049):
            assert await refused(alice.set_attributes("room", {"k": value})) == "BAD_ATTRIBUTE_VALUE"
        assert await refused(alice.set_attributes("room", {})) == "BAD_PARAMETER"
        assert await refused(alice.set_attributes("room", {f"k{n}": "v" for n in range(21)})) == "BAD_PARAMETER"
        assert await refused(alice.delete_attributes("room", [])) == "BAD_PARAMETER"
        assert await refused(alice.delete_attributes("room", [good, good])) == "BAD_PARAMETER"
        assert await refused(alice.set_attributes("room", {"k": "v"}, notice=b"x" * 1025)) == "BAD_PARAMETER"
        large = {f"large{n}": "x" * 4096 for n in range(9)}
        assert await refused(alice.set_attributes("room", large)) == "BAD_PARAMETER"
        assert set(await alice.attributes("room")) == {good, "k" * 128}


async def test_attributes_survive_a_restart_and_end_with_the_room(tmp_path: Path) -> None:  # CR-03
    for start in range(2):
        server = TestServer(tmp_path / "data", tls=False, flags=FLAGS)
        await server.start()
        async with server.client("alice") as alice:
            if start == 0:
                await made(alice)
                await alice.set_attributes("room", {"a": "1", "b": "2"})
                await alice.delete_attributes("room", ["b"])
            else:
                assert await alice.attributes("room") == {"a": "1"}
                await alice.dissolve("room")
                await made(alice)
                assert await alice.attributes("room") == {}
        await server.stop()


async def test_joining_a_second_room_leaves_the_first(server: TestServer) -> None:  # CR-02
    async with server.client("alice") as alice, server.client("bob") as bob:
        for group_id in ("first", "second"):
            await made(alice, group_id, "Single")
        await made(alice, "full", "Small")
        await made(alice, "other", "Live")
        await bob.join("first")
        await bob.join("other")
        assert await refused(bob.join("full")) == "GROUP_FULL"
        assert "bob" in await names(alice, "first"), "whoever is refused is still in the first"
        await bob.join("second")
        assert "bob" in await names(alice, "second") and "bob" in await names(alice, "other")
        assert "bob" not in await names(alice, "first")


async def test_a_lost_connection_leaves_and_a_login_joins_again(server: TestServer) -> None:  # CR-02
    async with server.client("alice") as alice:
        await made(alice, "first", "Single")
        async with server.client("bob") as bob:
            await bob.join("first")
        await in_room(alice, {"alice"}, "first")
        async with server.client("bob") as bob:
            await in_room(alice, {"alice", "bob"}, "first")
            await alice.send("first", "welcome back")
            message = await next_of(bob, Message)
            assert message.text == "welcome back"


async def test_of_rooms_joined_at_once_the_last_is_left(server: TestServer) -> None:  # CR-02
    async with server.client("alice") as alice, server.client("bob") as bob:
        for group_id in "abcd":
            await made(alice, group_id, "Single")
        await asyncio.gather(*(bob.join(group_id) for group_id in "abcd"))
        assert [group_id for group_id in "abcd" if "bob" in await names(alice, group_id)] == ["d"]


async def test_who_is_approved_or_makes_a_room_leaves_the_first(server: TestServer) -> None:  # CR-02
    async with server.client("alice") as alice, server.client("bob") as bob:
        await made(alice, "first", "Asked")
        await alice.create_group(
            "R", group_id="asked", type_="Asked", apply_join_option=ApplyJoinOption.NEED_PERMISSION
        )
        await bob.join("first")
        await bob.join("asked")
        assert "bob" in await names(alice, "first"), "an application changes nothing yet"
        await alice.decide("asked", "bob", approve=True)
        await in_room(alice, {"alice"}, "first")
        assert "bob" in await names(alice, "asked")
        await made(bob, "own", "Asked")
        await in_room(alice, {"alice"}, "asked")
        await bob.join("first")
        assert await names(bob, "own") == {"bob"}, "the owner stays"


async def test_nobody_joins_again_what_is_another_room(server: TestServer) -> None:  # CR-02
    async with server.client("alice") as alice, server.client("mallory") as mallory:
        await made(alice, "first", "Single")
        await made(alice, "asked", "Asked")
        async with server.client("bob") as bob:
            await bob.join("first")
        async with server.client("carol") as carol:
            await carol.join("asked")
        await in_room(alice, {"alice"}, "first")
        await in_room(alice, {"alice"}, "asked")
        await alice.dissolve("first")
        await made(mallory, "first", "Single")
        await alice.edit_group("asked", apply_join_option=ApplyJoinOption.NEED_PERMISSION)
        async with server.client("bob") as bob, server.client("carol") as carol:
            assert (
                await refused(bob.attributes("first")) == await refused(carol.send("asked", "x")) == "NOT_PERMITTED"
            )
            await made(mallory, "other")
            await asyncio.gather(bob.join("other"), carol.join("other"))  # what they entered by themselves is over
            assert await names(mallory, "first") == {"mallory"}
            assert await alice.applications("asked") == [], "nobody has asked for anything"


async def test_who_is_protected_no_longer_leaves(server: TestServer) -> None:  # CR-01
    async with server.client("alice") as alice, server.client("administrator") as admin:
        await made(alice)
        async with server.client("bob") as bob:
            await bob.join("room")
        await admin.set_room("room", protect=["bob"])
        for n in range(5):
            await alice.send("room", f"m{n}")
        assert "bob" in await names(alice)
        await admin.set_room("room", unprotect=["bob"])
        for n in range(5):
            await alice.send("room", f"n{n}")
        await in_room(alice, {"alice"})


async def test_a_room_that_is_kept_alive_is_the_apps_to_destroy(server: TestServer) -> None:  # CR-04, CR-07
    async with server.client("administrator") as admin, server.client("bob") as bob:
        for group_id in ("plain", "kept"):
            await made(bob, group_id)
        await admin.set_room("kept", keep_alive=True, protect=["bob"])
        assert await admin.protected_users("kept") == ["bob"]
        assert await refused(bob.dissolve("kept")) == "ROOM_KEPT_ALIVE"
        await bob.dissolve("plain")
        rows = await admin.rooms(["plain", "kept", "none"])
        assert [(row.group_id, row.member_num, row.keep_alive, row.type_) for row in rows] == [
            ("kept", 1, True, "Live")
        ]
        assert [row.group_id for row in await admin.kept_rooms()] == ["kept"]
        assert await refused(bob.rooms(["kept"])) == "ADMIN_REQUIRED"
        await admin.dissolve("kept")
        assert await admin.kept_rooms() == []


async def test_the_app_stops_and_resumes_a_room(server: TestServer) -> None:  # CR-07
    async with (
        server.client("administrator") as admin,
        server.client("alice") as alice,
        server.client("bob") as bob,
    ):
        await made(alice)
        await bob.join("room")
        said = await alice.send("room", "before")
        assert (await next_of(bob, Message)).text == "before"
        await admin.set_room("room", stopped=True)
        assert await refused(alice.edit_message("room", said.seq, "nobody reads this either")) == "NOT_PERMITTED"
        await alice.recall("room", said.seq)
        assert [(row.stopped, row.name) for row in await admin.rooms(["room"])] == [(True, "Room")]
        held = await alice.send("room", "nobody hears this")
        assert (held.seq, held.held_back) == (0, HeldBack.STOPPED)
        await admin.send("room", "the app is heard")
        assert (await next_of(bob, Message)).text == "the app is heard"
        await admin.set_room("room", stopped=False)
        await alice.send("room", "again")
        assert (await next_of(bob, Message)).text == "again"


async def test_a_stranger_sends_and_the_topic_goes_with_it(server: TestServer) -> None:  # GT-26, MS-04
    async with server.client("alice") as alice, server.client("eve") as eve:
        await made(alice)
        await alice.edit_group("room", fields={"Topic": b"chess"})
        result = await eve.send("room", "hello from outside")
        assert result.seq == 1
        message = await next_of(alice, Message)
        assert (message.sender, message.text, message.group_fields) == (
            "eve",
            "hello from outside",
            {"Topic": b"chess"},
        )
        assert await names(alice) == {"alice"}
        await alice.create_group("Open", group_id="open", type_="Open")
        for mentioned in ("alice", "zoe"):
            await eve.send("open", "is it in?", mentions=[mentioned])
        assert await refused(alice.send("open", "is it in?", mentions=["zoe"])) == "NO_SUCH_MEMBER"
        await alice.block("room", ["eve"], 60)
        assert await refused(eve.send("room", "again")) == "BLOCKED"


async def test_members_by_joining(plain: TestServer) -> None:  # CR-05
    async with plain.client("alice") as alice, plain.client("bob") as bob, plain.client("carol") as carol:
        await made(alice)
        await bob.join("room")
        await carol.join("room")
        assert [row.user_id for row in await bob.members_by_joining("room")] == ["alice", "bob", "carol"]
        latest = [row.user_id for row in await bob.members_by_joining("room", latest=True)]
        assert latest == ["carol", "bob", "alice"]


async def test_a_new_owner_drops_nobody_who_is_online(tmp_path: Path) -> None:  # CR-01, ST-01
    server = TestCluster(tmp_path / "data", flags=FLAGS)
    await server.start()
    server.at = 0
    async with server.client("alice") as alice, server.client("carol") as carol:
        server.at = 1
        async with server.client("bob") as bob:
            await made(alice)
            await bob.join("room")
            await carol.join("room")
            server.kill_owner()
            await server.start_owner()
            for n in range(10):
                await alice.send("room", f"m{n}")
            assert await names(carol) == {"alice", "bob", "carol"}
    await server.stop()


async def test_housekeeping_closes_empty_rooms(plain: TestServer) -> None:  # CR-04
    async with plain.client("administrator") as admin, plain.client("bob") as bob:
        for group_id in ("gone", "kept"):
            await bob.create_group("Room", group_id=group_id, type_="ChatRoom")
        await bob.create_group("Room", group_id="used", type_="ChatRoom")
        await admin.set_room("kept", keep_alive=True)
        async with plain.client("temp") as temp:
            for group_id in ("gone", "kept"):
                await temp.join(group_id)
                await bob.give_group(group_id, "temp")
                await bob.leave(group_id)
        await admin.delete_accounts(["temp"])
        assert {row.group_id: row.member_num for row in await admin.rooms(["gone", "kept", "used"])} == {
            "gone": 0,
            "kept": 0,
            "used": 1,
        }
        done = asyncio.Event()
        housekeeping = plain.server.dispatcher.housekeeping
        housekeeping.close_empty(clock.wall_ms() + 59 * 60_000, done.set)
        await done.wait()
        assert len(await admin.rooms(["gone", "kept", "used"])) == 3
        done.clear()
        housekeeping.close_empty(clock.wall_ms() + 61 * 60_000, done.set)
        await done.wait()
        while [row.group_id for row in await admin.rooms(["gone", "kept", "used"])] != ["kept", "used"]:
            await asyncio.sleep(0.01)
