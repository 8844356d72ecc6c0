"""Who is put into a group is told so at once, whatever its type announces (GR-07); so is who may not send, or may again
(SC-09). On all devices."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.base.terms import ApplyJoinOption, Platform, Role
from rcim.client import EnteredEvent, MuteEvent
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd
from tests.kit import Raw, TestCluster, TestServer, send, travel

FOR_EVER = (1 << 64) - 1
FREE, ASK = ApplyJoinOption.FREE_ACCESS, ApplyJoinOption.NEED_PERMISSION


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    made = (TestCluster if request.param == "gateways" else TestServer)(tmp_path / "data", tls=False)
    await made.start()
    yield made
    await made.stop()


async def devices(server: TestServer, user: str) -> list[Raw]:
    """Two devices of the user."""
    made = []
    for platform in (Platform.DESKTOP, Platform.MOBILE):
        raw = await server.raw()
        await raw.login(user, server.sign(user), platform)
        made.append(raw)
    return made


async def all_told(told: list[Raw], kind: Any) -> Any:
    """What all of these devices are told, which is the same."""
    first, *others = [await raw.take_of(kind) for raw in told]
    assert all(other == first for other in others)
    return first


def create(type_: str, *members: str, option: ApplyJoinOption = FREE) -> f.GroupCreate:
    return f.GroupCreate("g", type_, "Group", "", "", "https://example.org/g", option, list(members))


async def made_with(root: Raw, alice: Raw) -> str:
    await alice.ask(create("ChatRoom", "bob"))
    return "alice"


async def invited(root: Raw, alice: Raw) -> str:
    await alice.ask(create("ChatRoom"))
    await root.ask(f.GroupInvite("g", ["bob"]))
    return "administrator"


async def synced(root: Raw, alice: Raw) -> str:
    await alice.ask(create("ChatRoom"))
    await root.ask(f.AdminGroupsSync("bob", ["g"]))
    return ""


async def imported(root: Raw, alice: Raw) -> str:
    face = "https://example.org/g"
    await root.ask(f.AdminGroupImport("g", "ChatRoom", "alice", "Group", "", "", face, FREE, 0))
    await root.ask(f.AdminMembersImport("g", [f.ImportedMember("bob", Role.MEMBER, 0, 0)]))
    await root.ask(f.AdminImportFinish("g"))
    return "administrator"


async def seen(root: Raw, alice: Raw) -> str:  # GT-16
    await alice.ask(create("Private", "bob", option=ApplyJoinOption.BY_TYPE))
    await alice.ask(send("g", "first"))
    return "alice"


async def given(root: Raw, alice: Raw) -> str:  # GT-16: only its owner knows of it
    await alice.ask(create("Private", "bob", option=ApplyJoinOption.BY_TYPE))
    await root.ask(f.GroupOwnerSet("g", "bob"))
    return "administrator"


@pytest.mark.parametrize(
    "way", [made_with, invited, synced, imported, seen, given], ids=lambda way: str(way.__name__)
)
async def test_who_is_put_into_a_group_is_told_on_all_devices(server: TestServer, way: Any) -> None:  # GR-07
    bobs = await devices(server, "bob")
    root, alice = await server.member("administrator"), await server.member("alice")
    by = await way(root, alice)
    told = await all_told(bobs, f.GroupEntered)
    assert (told.group_id, told.name, told.face_url, told.operator) == ("g", "Group", "https://example.org/g", by)
    assert told.newest_seq == 0 and told.time_ms > 0
    await (bobs[1] if way is given else alice).ask(send("g", "then"))
    assert (await bobs[0].take_of(f.Deliver)).messages[0].seq == 1


async def test_who_applied_and_who_joined_are_told_on_all_devices(server: TestServer) -> None:  # GR-07
    bobs, carols = await devices(server, "bob"), await devices(server, "carol")
    alice = await server.member("alice")
    await alice.ask(create("ChatRoom", option=ASK))
    await bobs[0].ask(f.GroupJoin("g", ""))
    await alice.ask(f.GroupApplicationDecide("g", "bob", True, ""))
    assert (await all_told(bobs, f.GroupEntered)).operator == "alice"
    await alice.ask(f.GroupSet("g", apply_join_option=FREE))
    carols[0].write(f.GroupJoin("g", "").encode(7))
    assert (await all_told(carols, f.GroupEntered)).operator == "carol", "before the reply"
    assert isinstance(await carols[0].answer_to(7), f.GroupJoinOk)


async def test_who_was_offline_finds_it_by_sync(server: TestServer) -> None:  # GR-07
    bob, alice = await server.member("bob"), await server.member("alice")
    cursor = (await bob.ask(f.Sync(b"", 0, 0))).cursor
    await bob.close()
    await alice.ask(create("ChatRoom", "bob"))
    bob = await server.member("bob")
    assert [row.conversation for row in (await bob.ask(f.Sync(cursor, 0, 0))).conversations] == ["g:g"]


async def test_who_is_muted_in_a_group_is_told(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:  # SC-09
    bobs, alice = await devices(server, "bob"), await server.member("alice")
    await alice.ask(create("ChatRoom", "bob"))
    travel(monkeypatch, 2_000_000_000_000)
    await alice.ask(f.GroupMute("g", ["bob", "stranger"], 60))
    until_ms = 2_000_000_060_000
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("g", until_ms, "alice")
    bobs[0].write(f.GroupLeave("g").encode(7) + f.GroupJoin("g", "").encode(8))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("g", until_ms, ""), "it holds, and is said again"
    await alice.ask(f.GroupMute("g", ["bob"], 0))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("g", 0, "alice")
    await alice.ask(f.GroupMute("g", ["bob"], 0))
    await alice.ask(f.GroupMute("g", ["bob"], 0xFFFFFFFF))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("g", FOR_EVER, "alice"), (
        "what changes nothing is not told"
    )


@pytest.mark.parametrize("type_", ["Public", "ChatRoom", "AVChatRoom"])
async def test_a_mute_of_all_is_told_to_all(server: TestServer, type_: str) -> None:  # SC-03, SC-09, GT-15
    bobs, alice = await devices(server, "bob"), await server.member("alice")
    await alice.ask(create(type_))
    await bobs[0].ask(f.GroupJoin("g", ""))
    await alice.ask(f.GroupMuteAll("g", True, []))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("g", FOR_EVER, "alice", True)
    await alice.ask(f.GroupMuteAll("g", False, []))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("g", 0, "alice", True)


async def test_who_is_muted_in_all_chat_rooms_is_told(server: TestServer) -> None:  # SC-04, SC-09
    bobs, root = await devices(server, "bob"), await server.member("administrator")
    await root.ask(f.AdminUserMute(["bob", "carol"], 0))
    await root.ask(f.AdminUserMute(["bob", "carol"], 0xFFFFFFFF))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("", FOR_EVER, "administrator")
    await root.ask(f.AdminUserMute(["bob"], 0))
    assert await all_told(bobs, f.MuteChanged) == f.MuteChanged("", 0, "administrator")


@pytest.mark.parametrize("type_", ["ChatRoom", "AVChatRoom"], ids=["from the store", "from memory"])
async def test_a_mute_that_is_over_is_not_shown(
    server: TestServer, monkeypatch: pytest.MonkeyPatch, type_: str
) -> None:  # SC-02
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create(type_))
    await bob.ask(f.GroupJoin("g", ""))
    travel(monkeypatch, 2_000_000_000_000)
    await alice.ask(f.GroupMute("g", ["bob"], 60))

    async def shown() -> set[int]:
        rows = [
            *(await alice.ask(f.GroupMembers("g", "", 0))).members,
            *(await alice.ask(f.GroupMemberGet("g", ["bob"]))).members,
            *(await bob.ask(f.GroupMemberGet("g", ["bob"]))).members,
        ]
        return {row.muted_until_ms for row in rows if row.user_id == "bob"}

    assert await shown() == {2_000_000_060_000}
    travel(monkeypatch, 2_000_000_060_000)
    assert await shown() == {0}
    assert (await alice.ask(f.GroupMuted("g", "", 0))).muted == []


async def test_the_sdk_tells_its_app(server: TestServer) -> None:  # GR-07, SC-09
    async with Crowd(server) as crowd:
        alice, _ = await crowd("alice", "bob")
        await alice.create_group("Room", group_id="r", type_="ChatRoom", members=["bob"])
        told = await crowd.told("bob", EnteredEvent)
        assert (told.group_id, told.type_, told.name, told.operator) == ("r", "ChatRoom", "Room", "alice")
        await alice.mute("r", ["bob"], 0xFFFFFFFF)
        assert await crowd.told("bob", MuteEvent) == MuteEvent("r", FOR_EVER, "alice", False)
