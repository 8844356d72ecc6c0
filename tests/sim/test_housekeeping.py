"""Groups that are idle too long and members that are offline, on a store in memory (GT-11, GT-24)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, Priority
from rcim.rules.policies import changed
from rcim.store.check import check
from rcim.store.store import Store
from tests.kit import PATIENCE_S, UNLIMITED, travel, until
from tests.sim.test_dispatcher import Sim, running, send

DAY_MS = 86_400_000
DROPPING = {**UNLIMITED, "Dropping": changed(UNLIMITED["Public"], "Dropping", {"drop_offline": "true"})}


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


def create(group: str, type_: str, *members: str) -> c.CreateGroup:
    return c.CreateGroup("u0", False, group, type_, "n", "", "", "", ApplyJoinOption.BY_TYPE, list(members), "u0")


async def passed(job: Any, now_ms: int) -> None:
    """`job` of the housekeeping has gone over everything."""
    over = asyncio.Event()
    job(now_ms, over.set)
    async with asyncio.timeout(PATIENCE_S):
        await over.wait()


async def test_what_is_idle_too_long_is_reclaimed(monkeypatch: pytest.MonkeyPatch) -> None:  # GT-24
    sim = Sim()
    for name, type_ in (("idle", "Private"), ("used", "Private"), ("public", "Public")):
        assert isinstance(await sim.answer(f"g:{name}", create(name, type_, "u1")), o.Created)
    later = clock.wall_ms() + 31 * DAY_MS
    travel(monkeypatch, later)
    assert isinstance(await sim.answer("g:used", send("u0", "c1")), o.Sent)
    keeping = sim.dispatcher.housekeeping
    await passed(keeping.reclaim, later)
    assert keeping.reclaimed == 1, "only who is idle is asked"
    await until(lambda: sim.sink.silently)
    assert sim.store.load_group("g:idle", 0).profile is None
    assert all(sim.store.load_group(f"g:{name}", 0).profile is not None for name in ("used", "public"))
    assert sim.sink.silently == ["g:idle"] and check(sim.backend).faults == []


async def test_members_that_are_offline_are_dropped() -> None:  # GT-11
    sim = Sim(types=DROPPING)
    await sim.answer("g:d", create("d", "Dropping", "u1", "u2", "u3"))
    await sim.answer("g:p", create("p", "Public", "u1", "u2"))
    await sim.answer("g:d", c.EditMember("u0", False, "u3", None, None, c.Role.ADMIN, ()))
    sim.sink.online = {"u1"}
    keeping = sim.dispatcher.housekeeping
    await passed(keeping.drop_offline, clock.wall_ms() + 1000)
    await until(lambda: len(sim.store.load_group("g:d", 0).members) == 3)
    assert keeping.looked_for_offline == 1
    kept = {m.user_id for m in sim.store.load_group("g:d", 0).members}
    assert kept == {"u0", "u1", "u3"}, "not the owner, not an admin, nobody who is online"
    assert len(sim.store.load_group("g:p", 0).members) == 3
    sim.sink.online = None
    await passed(keeping.drop_offline, clock.wall_ms() + 1000)
    assert len((await sim.answer("g:d", c.ReadSome("u0", True, ["u1"]))).rows) == 1, "nobody is dropped on a guess"


async def test_the_counter_of_messages_that_are_not_stored() -> None:  # MS-01, GT-22
    sim = Sim()
    await sim.answer("g:v", create("v", "AVChatRoom"))
    commits = sim.dispatcher.counters.commits
    seqs = [(await sim.answer("g:v", send("u0", f"c{i}"))).seq for i in range(1500)]
    assert seqs == list(range(1, 1501)), "no gap, no repeat"
    assert sim.dispatcher.counters.commits - commits == 2, "one commit for a thousand of them"
    again = Store(sim.backend, sim.dispatcher._limits).load_group("g:v", 0)
    assert again.reserved and again.next_seq > 1500, "it never falls back"
    assert check(sim.backend).faults == []
    history = await sim.answer("g:v", c.ReadHistory("u0", False, 0, 0, 100, False, 0, 0))
    assert [m.seq for m in history.messages] == list(range(1481, 1501))
    ids = {m.message_id for m in history.messages}
    assert len(ids) == 20
    assert Priority.NORMAL in {m.priority for m in history.messages}
