"""Applications to join, and what has become of them, are kept for who was offline (GR-12)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.base import clock
from rcim.base.terms import ApplicationState, ApplyJoinOption, Role
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused
from tests.kit import Raw, TestCluster, TestServer, travel, until

DAY_MS = 86_400_000
ASK = ApplyJoinOption.NEED_PERMISSION
WAITING, APPROVED, REFUSED = ApplicationState.WAITING, ApplicationState.APPROVED, ApplicationState.REFUSED


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    made = (TestCluster if request.param == "gateways" else TestServer)(tmp_path / "data", tls=False)
    await made.start()
    yield made
    await made.stop()


def create(group: str, type_: str = "Public", *members: str) -> f.GroupCreate:
    return f.GroupCreate(group, type_, "Group", "", "", "", ASK, list(members))


async def sync(raw: Raw, cursor: bytes = b"") -> tuple[dict[str, int], bytes]:
    """How many applications wait, by conversation, of those that have changed; and the next cursor."""
    found = await raw.ask(f.Sync(cursor, 0, 0))
    assert not found.more
    return {row.conversation: row.applications for row in found.conversations}, found.cursor


async def own(raw: Raw) -> list[tuple[str, ApplicationState, str, str]]:
    page = await raw.ask(f.ApplicationsOwn("", 0))
    return [(row.group_id, row.state, row.operator, row.answer) for row in page.applications]


async def test_who_decides_finds_what_waits_by_sync(server: TestServer) -> None:
    alice, bob, carol = [await server.member(name) for name in ("alice", "bob", "carol")]
    await alice.ask(create("g", "Public", "adam", "mary"))
    await alice.ask(f.GroupMemberSet("g", "adam", role=Role.ADMIN))
    cursors = {}
    for name in ("alice", "adam", "mary"):
        raw = await server.member(name)
        told, cursors[name] = await sync(raw)
        assert told == {"g:g": 0}
        await raw.close()
    for raw in (bob, carol, bob):
        await raw.ask(f.GroupJoin("g", "", "please"))

    async def told_of(name: str) -> dict[str, int]:
        raw = await server.member(name)
        told, cursors[name] = await sync(raw, cursors[name])
        return told

    assert await told_of("alice") == {"g:g": 2} and await told_of("adam") == {"g:g": 2}
    assert await told_of("mary") == {}, "it is none of her business"
    rows = (await alice.ask(f.GroupApplications("g", "", 0))).applications
    assert [(row.user_id, row.text) for row in rows] == [("bob", "please"), ("carol", "please")]
    await alice.ask(f.GroupApplicationDecide("g", "bob", False, "no"))
    assert await told_of("adam") == {"g:g": 1}
    (row,) = (await alice.ask(f.GroupsJoined("", 0))).groups
    assert row.applications == 1
    await alice.ask(f.GroupBlock("g", ["carol"], 60, ""))
    assert await told_of("adam") == {"g:g": 0}
    mary = await server.member("mary")
    assert (await sync(mary))[0] == {"g:g": 0}


async def test_the_applicant_finds_the_decision(server: TestServer) -> None:
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    for group in ("a", "b", "c", "d", "e"):
        await alice.ask(create(group))
        await bob.ask(f.GroupJoin(group, "", "please"))
    assert await own(bob) == [(group, WAITING, "", "") for group in ("a", "b", "c", "d", "e")]
    await bob.close()
    await alice.ask(f.GroupApplicationDecide("a", "bob", True, "welcome"))
    await alice.ask(f.GroupApplicationDecide("b", "bob", False, "sorry"))
    await root.ask(f.GroupInvite("c", ["bob"]))
    await alice.ask(f.GroupDissolve("d"))
    bob = await server.member("bob")
    decided = [("a", APPROVED, "alice", "welcome"), ("b", REFUSED, "alice", "sorry")]
    assert await own(bob) == [*decided, ("e", WAITING, "", "")], (
        "put in otherwise, and gone: nothing is left to decide"
    )
    first = await bob.ask(f.ApplicationsOwn("", 1))
    assert first.applications[0].text == "please" and first.applications[0].decided_ms > 0
    second = await bob.ask(f.ApplicationsOwn(first.next, 100))
    assert [row.group_id for row in second.applications] == ["b", "e"] and second.next == ""
    await bob.ask(f.GroupJoin("b", "", "again"))
    assert await own(bob) == [decided[0], ("b", WAITING, "", ""), ("e", WAITING, "", "")]
    assert (await alice.ask(f.ApplicationsOwn("", 0, "bob"))).code.name == "ADMIN_REQUIRED"
    assert len((await root.ask(f.ApplicationsOwn("", 0, "bob"))).applications) == 3
    await root.ask(f.AdminAccountsDelete(["bob"]))
    assert (await root.ask(f.ApplicationsOwn("", 0, "bob"))).applications == [], "ID-09"


async def test_what_waits_too_long_waits_no_more(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob, carol = [await server.member(name) for name in ("alice", "bob", "carol")]
    for group in ("g", "h"):
        await alice.ask(create(group))
        await bob.ask(f.GroupJoin(group, ""))
    await alice.ask(f.GroupApplicationDecide("h", "bob", False, ""))
    began_ms = max(row.time_ms for row in (await bob.ask(f.ApplicationsOwn("", 0))).applications)
    await carol.ask(f.GroupJoin("g", ""))
    cases: list[tuple[int, Any]] = [(30 * DAY_MS - 60_000, True), (30 * DAY_MS + 60_000, False)]
    for later_ms, waits in cases:
        travel(monkeypatch, began_ms + later_ms)
        assert (await sync(alice))[0]["g:g"] == (2 if waits else 0)
        assert bool((await alice.ask(f.GroupApplications("g", "", 0))).applications) is waits
        assert len(await own(bob)) == (2 if waits else 0)
    found = await alice.ask(f.GroupApplicationDecide("g", "bob", True, ""))
    assert found.code.name == "ALREADY_HANDLED"
    await bob.ask(f.GroupJoin("g", "", "again"))
    told = await alice.take_of(f.JoinRequested)
    while told.text != "again":
        told = await alice.take_of(f.JoinRequested)
    assert told.time_ms == clock.wall_ms(), "it is a new one, and who decides is told again"
    assert await own(bob) == [("g", WAITING, "", "")]


async def test_the_sdk_knows_how_many_wait(server: TestServer, quick_lists: None) -> None:
    async with Crowd(server) as crowd:
        alice, bob = await crowd("alice", "bob")
        await alice.create_group("Group", group_id="g")

        def waiting() -> list[int]:
            return [row.applications for row in alice.conversations]

        await until(lambda: waiting() == [0], "the group is in the list")
        await bob.join("g", text="please")
        await until(lambda: waiting() == [1], "one waits")
        await alice.decide("g", "bob", False, text="no")
        await until(lambda: waiting() == [0], "none waits")
        (one,) = await bob.own_applications()
        assert (one.state, one.answer) == (REFUSED, "no")
        assert await refused(bob.own_applications(user_id="alice")) == "ADMIN_REQUIRED"


async def test_whoever_gets_a_deleted_accounts_id_has_applied_for_nothing(server: TestServer) -> None:  # ID-09
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    for group in ("a", "b", "c"):
        await alice.ask(create(group))
        await bob.ask(f.GroupJoin(group, "card", "a word of the first bob's"))
    await alice.ask(f.GroupApplicationDecide("c", "bob", False, "no"))
    await root.ask(f.AdminAccountsDelete(["bob"]))
    assert (await alice.ask(f.GroupApplications("a", "", 0))).applications == []
    assert (await sync(alice))[0] == {"g:a": 0, "g:b": 0, "g:c": 0}
    again = await server.member_anew("bob")
    assert (await alice.ask(f.GroupApplicationDecide("a", "bob", True, ""))).code.name == "ALREADY_HANDLED"
    assert (await alice.ask(f.GroupApplicationDecide("b", "bob", False, ""))).code.name == "ALREADY_HANDLED"
    assert await own(again) == [] and (await again.ask(f.GroupsJoined("", 0))).groups == []
