"""Guests, members who want nothing delivered, and notices, when connections and conversations are in processes of their
own, and the one with the conversations dies (ADR 0009, ADR 0010)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, ChangeKind, GoneReason, MsgFlag, Platform
from rcim.bus.gateway_router import GatewayRouter
from rcim.content.elements import GroupTip, decode_body
from rcim.wire import frames as f
from tests.kit import Raw, TestCluster, create, send, until


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[TestCluster]:
    """Two gateways that take guests."""
    made = TestCluster(tmp_path / "data", flags=("app.guests=true",))
    await made.start()
    yield made
    await made.stop()


async def at(cluster: TestCluster, gateway: int, user: str) -> Raw:
    """A raw connection at this gateway; without a user a guest's."""
    cluster.at = gateway
    if user:
        return await cluster.member(user)
    made = await cluster.raw()
    await made.hello()
    found = await made.ask(f.Login("", "", Platform.WEB, ""))
    assert isinstance(found, f.LoginOk) and found.user_id.startswith("@GUEST#")
    return made


def live(group: str) -> f.GroupCreate:
    return f.GroupCreate(group, "AVChatRoom", "Live", "", "", "", ApplyJoinOption.BY_TYPE, [])


async def owner_dies(cluster: TestCluster) -> None:
    """And another is there, of which all gateways have asked who is in what."""
    cluster.kill_owner()
    await until(lambda: not any(remote.linked for _, remote in cluster.gateways))
    await cluster.start_owner()
    await until(lambda: all(remote.linked for _, remote in cluster.gateways))
    await until(lambda: not any(hub.resubscribe._asking for hub in cluster.hubs))


async def test_guests_go_on_hearing_when_the_owner_is_a_new_one(cluster: TestCluster) -> None:  # ID-06
    alice, guest = await at(cluster, 0, "alice"), await at(cluster, 1, "")
    await alice.ask(live("v"))
    assert isinstance(await guest.ask(f.GroupJoin("v", "")), f.GroupJoinOk)
    await alice.ask(send("v", "c1"))
    assert (await guest.take_of(f.Deliver)).messages[0].client_msg_id == "c1"
    await owner_dies(cluster)
    sent = await alice.ask(send("v", "c2"))
    assert sent.seq > 1, "the counter did not fall back (MS-01)"
    heard = (await guest.take_of(f.Deliver)).messages[-1]
    assert (heard.client_msg_id, heard.seq) == ("c2", sent.seq)
    assert (await alice.ask(f.GroupInfo("v"))).online_num == 2
    assert isinstance(await guest.ask(f.GroupLeave("v")), f.GroupLeaveOk)
    await guest.close()
    await until(lambda: sum(hub.logins.guests for hub in cluster.hubs) == 0)


async def test_a_new_owner_lets_those_guests_in_again_that_it_would_let_in(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-06, GR-11
    alice = await at(cluster, 0, "alice")
    guests = [await at(cluster, number % 2, "") for number in range(3)]
    for group in ("open", "shut"):
        await alice.ask(live(group))
        for guest in guests[:2]:
            assert isinstance(await guest.ask(f.GroupJoin(group, "")), f.GroupJoinOk)
    monkeypatch.setattr(GatewayRouter, "member_gone", lambda *_: None)  # the owner dies before it has said so
    await alice.ask(f.GroupSet("shut", apply_join_option=ApplyJoinOption.DISABLE_APPLY))
    ((name, _),) = cluster.hubs[1].subscriptions.everyone()
    assert isinstance(await alice.ask(f.GroupBlock("open", [name], 600, "")), f.GroupBlockOk)
    monkeypatch.undo()
    await owner_dies(cluster)
    told = await guests[0].take_of(f.GroupGone)
    assert (told.group_id, told.reason) == ("shut", GoneReason.LEFT)
    assert {(await guests[1].take_of(f.GroupGone)).group_id for _ in range(2)} == {"open", "shut"}
    answers = [await guest.ask(f.History("g:open", 0, 0, 0, False)) for guest in guests]
    assert isinstance(answers[0], f.HistoryOk)
    assert [one.code.name for one in answers[1:]] == ["NOT_PERMITTED"] * 2
    assert (await guests[1].ask(f.GroupJoin("open", ""))).code.name == "BLOCKED"
    assert (await alice.ask(f.GroupInfo("open"))).online_num == 2


async def test_who_was_to_be_logged_out_is_by_a_new_owner(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-09
    bob, carol, root = (
        await at(cluster, 0, "bob"),
        await at(cluster, 1, "carol"),
        await at(cluster, 1, "administrator"),
    )
    monkeypatch.setattr(GatewayRouter, "user_logged_out", lambda *_: None)  # the owner dies before it has said so
    assert isinstance(await root.ask(f.AdminAccountInvalidate("bob")), f.AdminAccountInvalidateOk)
    monkeypatch.undo()
    await owner_dies(cluster)
    assert await bob.closed()
    assert isinstance(await carol.ask(f.GroupsJoined("", 0)), f.GroupsJoinedOk)


async def test_a_gateway_takes_its_guests_with_it(cluster: TestCluster) -> None:  # ID-06
    alice, guest = await at(cluster, 0, "alice"), await at(cluster, 1, "")
    await alice.ask(live("v"))
    await guest.ask(f.GroupJoin("v", ""))
    assert cluster.back is not None
    guests = cluster.back.dispatcher._app_state.guests
    assert len(list(guests.of("g:v"))) == 1
    await cluster.stop_gateway(1)
    await until(lambda: not guests.groups(), "nothing is known of it any more")


async def test_who_wants_nothing_delivered_gets_nothing_from_a_new_owner(cluster: TestCluster) -> None:  # RX-01
    alice, bob = await at(cluster, 0, "alice"), await at(cluster, 1, "bob")
    await alice.ask(create("g", "bob"))
    await bob.ask(f.GroupMemberSet("g", "bob", msg_flag=MsgFlag.DISCARD))
    await owner_dies(cluster)
    await alice.ask(send("g", "unheard"))
    assert (await alice.ask(f.GroupInfo("g"))).online_num == 2
    await bob.ask(f.GroupMemberSet("g", "bob", msg_flag=MsgFlag.ACCEPT_AND_NOTIFY))
    await alice.ask(send("g", "heard"))
    assert (await bob.take_of(f.Deliver)).messages[0].client_msg_id == "heard"
    await bob.ask(f.GroupMemberSet("g", "bob", msg_flag=MsgFlag.DISCARD))
    await alice.ask(f.GroupDissolve("g"))
    assert (await bob.take_of(f.GroupGone)).reason is GoneReason.DISSOLVED


async def test_notices_cross_gateways(cluster: TestCluster) -> None:  # GT-15, GR-05, MS-05
    alice, bob, root = (
        await at(cluster, 0, "alice"),
        await at(cluster, 1, "bob"),
        await at(cluster, 1, "administrator"),
    )
    await alice.ask(live("v"))
    await bob.ask(f.GroupJoin("v", ""))
    (change,) = (await alice.take_of(f.GroupChanges)).changes
    assert (change.kind, change.users) == (ChangeKind.JOINED, ["bob"])
    await root.ask(f.AdminNotice("v", [], send("v", "c").body))
    assert (await bob.take_of(f.Notice)).group_id == (await alice.take_of(f.Notice)).group_id == "v"
    await root.ask(f.AdminUserMute(["bob"], 60))
    refused = await bob.ask(send("v", "c"))
    assert refused.code.name == "SENDER_MUTED"
    await owner_dies(cluster)
    refused = await bob.ask(send("v", "c"))
    assert refused.code.name == "SENDER_MUTED", "what holds for all chat rooms holds after it too (SC-04)"


async def test_who_is_online_anywhere_is_not_dropped(cluster: TestCluster) -> None:  # GT-11
    alice, carol = await at(cluster, 0, "alice"), await at(cluster, 1, "carol")
    root = await at(cluster, 1, "administrator")
    await root.ask(f.AdminTypeSet("Dropping", "Public", [f.Policy("drop_offline", "true")]))
    await alice.ask(
        f.GroupCreate("d", "Dropping", "D", "", "", "", ApplyJoinOption.BY_TYPE, ["bob", "carol", "dora"])
    )
    dora = await at(cluster, 0, "dora")
    await dora.ask(f.GroupMemberSet("d", "dora", msg_flag=MsgFlag.DISCARD))
    assert cluster.back is not None
    over = asyncio.Event()
    cluster.back.dispatcher.housekeeping.drop_offline(clock.wall_ms() + 1000, over.set)
    await over.wait()
    tip = (await carol.take_of(f.Deliver)).messages[0]
    (element,) = decode_body(tip.body)
    assert isinstance(element, GroupTip) and (element.kind, element.users) == (ChangeKind.OFFLINE, ["bob"])
    assert tip.sender == "@SYSTEM"
    members = await alice.ask(f.GroupMembers("d", "", 0))
    assert {m.user_id for m in members.members} == {"alice", "carol", "dora"}, "who does not listen is online too"


async def test_a_trace_counts_who_is_online_at_all_gateways(cluster: TestCluster) -> None:
    """As GROUP_INFO does (GR-03): whichever gateway the administrator asks."""
    alice = await at(cluster, 0, "alice")
    for name in ("bob", "carol"):
        await at(cluster, 1, name)
    await alice.ask(create("g", "bob", "carol", "dora"))
    await alice.ask(send("g", "c1"))
    for gateway in (0, 1):
        admin = await at(cluster, gateway, "administrator")
        traced = await admin.ask(f.AdminTrace("g:g", "alice", "c1"))
        assert (traced.stage, traced.members, traced.online) == ("delivered", 4, 3)
        assert (await admin.ask(f.GroupInfo("g"))).online_num == 3
