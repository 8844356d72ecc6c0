"""Users are asked before others add them to a group, where the app's setting says so (GT-07)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.actor.user import user_key
from rcim.base.terms import PERMANENT_S, AddResult, ApplyJoinOption, InviteConsent, OwnChange, UserList
from rcim.client import InvitationEvent, OwnEvent
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused
from tests.kit import TestCluster, TestServer

ADDED, ALREADY, FAILED, WAITING, FULL = (
    AddResult.ADDED,
    AddResult.ALREADY,
    AddResult.FAILED,
    AddResult.WAITING,
    AddResult.FULL,
)


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server that asks."""
    made = TestServer(tmp_path / "data", tls=False, flags=("app.invite_consent=true", "app.guests=true"))
    await made.start()
    yield made
    await made.stop()


async def family(crowd: Crowd) -> None:
    """alice's Private group, which dan can see too."""
    alice, root = await crowd("alice", "administrator")
    await alice.create_group("Family", group_id="f", type_="Private")
    await alice.send("f", "first")
    assert await root.invite("f", ["dan"]) == {"dan": ADDED}, "the app asks nobody"


async def test_who_accepts_is_in(asking: TestServer) -> None:
    async with Crowd(asking) as crowd:
        await family(crowd)
        alice, bob = await crowd("alice", "bob")
        assert await alice.invite("f", ["bob", "dan", "carol"]) == {"bob": WAITING, "dan": ALREADY, "carol": WAITING}
        told = await crowd.told("bob", InvitationEvent)
        assert (told.group_id, told.name, told.by) == ("f", "Family", "alice") and told.time_ms > 0
        assert await bob.groups() == [] and await refused(bob.send("f", "x")) == "NOT_PERMITTED"
        carol = await crowd("carol")
        (waiting,) = await carol.invitations()
        assert (waiting.group_id, waiting.name, waiting.by) == ("f", "Family", "alice"), "it waits for who is offline"
        await bob.answer_invitation("f", True)
        await bob.send("f", "here I am")
        assert await bob.invitations() == [] and await refused(bob.answer_invitation("f", True)) == "ALREADY_HANDLED"
        assert {m.user_id for m in await alice.members("f")} == {"alice", "dan", "bob"}


async def test_who_refuses_is_not(asking: TestServer) -> None:  # ID-05
    async with Crowd(asking) as crowd:
        await family(crowd)
        alice, bob = await crowd("alice", "bob")
        await alice.invite("f", ["bob"])
        await bob.answer_invitation("f", False)
        assert (await crowd.told("bob", OwnEvent)).what is OwnChange.INVITATIONS
        assert await bob.invitations() == [] and await refused(bob.answer_invitation("f", True)) == "ALREADY_HANDLED"
        assert await alice.invite("f", ["bob"]) == {"bob": WAITING}, "until it is invited again"
        await bob.change_user_list(UserList.BLACK, ["alice"])
        assert await alice.invite("f", ["bob"]) == {"bob": FAILED}, "or has enough of it"


async def test_members_named_at_creation_are_asked(asking: TestServer) -> None:
    async with Crowd(asking) as crowd:
        bob, raw = await crowd("bob"), await asking.member("alice")
        made = await raw.ask(f.GroupCreate("p", "Public", "P", "", "", "", ApplyJoinOption.BY_TYPE, ["bob"]))
        assert [(row.user_id, row.result) for row in made.left_out] == [("bob", WAITING)]
        await bob.answer_invitation("p", True)
        assert [entry.group_id for entry in await bob.groups()] == ["p"], "though nobody could be invited later"


async def test_only_who_may_invite_asks(asking: TestServer) -> None:  # GT-07
    async with Crowd(asking) as crowd:
        await family(crowd)
        alice, zoe, bob = await crowd("alice", "zoe", "bob")
        assert await refused(zoe.invite("f", ["bob"])) == "NOT_PERMITTED"
        await alice.block("f", ["bob"], PERMANENT_S)
        assert await alice.invite("f", ["bob"]) == {"bob": FAILED}
        assert await bob.invitations() == []
        guest = await crowd("")
        assert await refused(guest.invitations()) == "NOT_PERMITTED"
        assert await refused(guest.answer_invitation("f", True)) == "NOT_PERMITTED"


async def test_what_is_void(asking: TestServer) -> None:
    async with Crowd(asking) as crowd:
        await family(crowd)
        alice, dan, bob, root = await crowd("alice", "dan", "bob", "administrator")
        await dan.invite("f", ["bob"])
        await dan.leave("f")
        assert await refused(bob.answer_invitation("f", True)) == "NOT_PERMITTED", "who invited is gone"
        assert await bob.invitations() == []
        await alice.invite("f", ["bob"])
        await root.dissolve("f")
        assert await refused(bob.answer_invitation("f", True)) == "NO_SUCH_GROUP"
        assert await bob.invitations() == []
        await alice.create_group("Family", group_id="f", type_="Private")
        await alice.invite("f", ["bob"])
        await root.invite("f", ["bob"])
        assert await bob.invitations() == [], "bob is in"
        assert await refused(bob.answer_invitation("f", True)) == "ALREADY_HANDLED"
        await root.kick("f", ["bob"])
        await alice.invite("f", ["bob"])
        await root.delete_accounts(["bob"])
    assert asking.server.store.load_user(user_key("bob"), "bob").invitations == [], (
        "who gets the id next is not invited"
    )


async def test_users_have_it_their_own_way(asking: TestServer) -> None:  # ID-05
    async with Crowd(asking) as crowd:
        await family(crowd)
        alice, bob, root = await crowd("alice", "bob", "administrator")
        assert await bob.invite_consent() is InviteConsent.AS_APP
        await bob.set_invite_consent(InviteConsent.ADD)
        assert (await crowd.told("bob", OwnEvent)).what is OwnChange.INVITE_CONSENT
        assert await alice.invite("f", ["bob"]) == {"bob": ADDED}
        assert await root.invite_consent(user_id="bob") is InviteConsent.ADD
        assert await refused(alice.invite_consent(user_id="bob")) == "ADMIN_REQUIRED"
        assert await refused(alice.set_invite_consent(InviteConsent.ADD, user_id="bob")) == "ADMIN_REQUIRED"
        await root.set_invite_consent(InviteConsent.AS_APP, user_id="bob")
        await root.kick("f", ["bob"])
        assert await alice.invite("f", ["bob"]) == {"bob": WAITING}


async def test_one_who_asks_where_the_app_does_not(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with Crowd(server) as crowd:
        await family(crowd)
        alice, bob = await crowd("alice", "bob")
        await bob.set_invite_consent(InviteConsent.ASK)
        assert await alice.invite("f", ["bob", "carol"]) == {"bob": WAITING, "carol": ADDED}
    await server.stop()


async def test_an_invitation_waits_for_room(tmp_path: Path) -> None:
    flags = ("app.invite_consent=true", "limits.groups_per_user_max=1", "limits.invitations_max=2")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with Crowd(server) as crowd:
        makers = await crowd("m0", "m1", "m2")
        bob, root = await crowd("bob", "administrator")
        for number, maker in enumerate(makers):
            await maker.create_group("G", group_id=f"g{number}", type_="Private")
        assert [(await m.invite(f"g{n}", ["bob"]))["bob"] for n, m in enumerate(makers)] == [WAITING, WAITING, FULL]
        assert await makers[1].invite("g1", ["bob"]) == {"bob": WAITING}, "one takes the place of another"
        await root.create_group("R", group_id="r", type_="ChatRoom", owner="zoe")
        await bob.join("r")
        assert await makers[0].invite("g0", ["bob"]) == {"bob": FULL}
        assert await refused(bob.answer_invitation("g0", True)) == "TOO_MANY_GROUPS"
        await bob.leave("r")
        await bob.answer_invitation("g0", True)
        assert [row.group_id for row in await bob.invitations()] == ["g1"]
    await server.stop()


async def test_across_gateways_and_owners(tmp_path: Path) -> None:  # ADR 0009
    cluster = TestCluster(tmp_path / "data", flags=("app.invite_consent=true",))
    await cluster.start()
    cluster.at = 0
    alice = await cluster.member("alice")
    await alice.ask(f.GroupCreate("f", "Private", "F", "", "", "", ApplyJoinOption.BY_TYPE, []))
    cluster.at = 1
    bob = await cluster.member("bob")
    assert (await alice.ask(f.GroupInvite("f", ["bob"]))).results[0].result is WAITING
    assert (await bob.take_of(f.GroupInvited)).by == "alice"
    cluster.kill_owner()
    await cluster.start_owner()
    found = await bob.ask(f.GroupInvitations("", 0))
    assert [row.group_id for row in found.invitations] == ["f"], "it is kept"
    assert isinstance(await bob.ask(f.GroupInvitationAnswer("f", True)), f.GroupInvitationAnswerOk)
    await cluster.stop()
