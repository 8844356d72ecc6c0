"""Temporary conversations on a store in memory: they end when their time is over, and nothing is left (SY-02)."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor.queries import JoinedGroupsQuery, SyncQuery
from rcim.actor.workflows import EnterGroup
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, GoneReason, MsgFlag
from rcim.store import keys
from rcim.store.backend import TABLES
from rcim.store.check import check
from rcim.store.endings import TOLD_MS
from tests.kit import travel, until
from tests.sim.test_dispatcher import Sim, running, send, stop_all
from tests.sim.test_entering import Asking
from tests.sim.test_housekeeping import passed

assert stop_all, "the fixture is this module's too"
NUMBERS = count(1)
USERS = ("u0", "u1", "u2")


def creation(*members: str, ttl_s: int | None = 60, **more: Any) -> EnterGroup:
    command = c.CreateGroup(
        by="u0",
        admin=False,
        group_id="",
        type="Temporary",
        name="short words",
        introduction="",
        notification="",
        face_url="",
        apply_join_option=ApplyJoinOption.BY_TYPE,
        members=list(members),
        owner="u0",
        made_number=next(NUMBERS),
        ttl_s=ttl_s,
        **more,
    )
    return EnterGroup("u0", "g:", command)


async def made(sim: Asking, *members: str, ttl_s: int | None = 60) -> str:
    """The key of a new one."""
    result = await sim.result(sim.begin(creation(*members, ttl_s=ttl_s)))
    assert isinstance(result, o.Created), result
    return f"g:{result.group_id}"


def rows(sim: Sim, but: tuple[str, ...] = ("meta", "shards")) -> dict[str, list[bytes]]:
    """All keys of all tables; of the counts by type, those that are not 0."""
    with sim.backend.read() as view:
        found = {table: [row for row, _ in view.scan(table, b"", keys.LAST)] for table in TABLES if table not in but}
        found["app"] = [row for row in found["app"] if keys.U64.unpack(view.get("app", row) or b"")[0]]
    return found


async def use_it(sim: Asking, key: str) -> None:
    """All that can leave something behind."""
    for n in range(3):
        assert isinstance(await sim.answer(key, send("u0", f"m{n}")), o.Sent)
    for command in (
        c.HideMessages("u1", False, [1]),
        c.EraseSender("u0", False, "u0"),
        c.SetFlag("u1", False, MsgFlag.DISCARD),
        c.MarkRead("u1", False, 2),
        c.LeaveGroup("u2", False),
    ):
        assert not isinstance(await sim.answer(key, command), o.Refused), command


def gone_for(sim: Sim, user_id: str, since: int) -> list[str]:
    (page,) = sim.store.answer_all([SyncQuery(user_id, since, 0, store_id=sim.store.history_id)])
    assert not page.reset  # type: ignore[union-attr]
    return page.gone  # type: ignore[union-attr]


async def test_nothing_is_left_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Asking()
    await sim.answer("g:other", c_create("other"))
    before = rows(sim)
    key = await made(sim, "u1", "u2")
    assert key.startswith("g:_tmp:")
    await use_it(sim, key)
    assert [table for table, found in rows(sim).items() if len(found) > len(before[table])] != []
    (page,) = sim.store.answer_all([SyncQuery("u1", 0, 0)])
    since = page.upto  # type: ignore[union-attr]
    ends_ms = clock.wall_ms() + 60_000
    travel(monkeypatch, ends_ms)
    await passed(sim.dispatcher.housekeeping.end_temporary, ends_ms)
    await until(lambda: sim.sink.ended)
    assert sim.store.load_group(key, 0).profile is None
    assert sim.sink.ended == [(key, GoneReason.ENDED)]
    assert gone_for(sim, "u1", since) == [key], "a sync says so for a day"
    while sim.store.purge_step():
        pass
    sim.store.forget_ended(ends_ms + TOLD_MS - 1)
    left = {table: len(found) - len(before[table]) for table, found in rows(sim).items()}
    assert {table for table, more in left.items() if more} == {"left", "endings"}
    assert sim.store.forget_ended(ends_ms + TOLD_MS + 1000) == len(USERS) + 1
    assert rows(sim) == before, "not a row, not a head, not a word"
    assert check(sim.backend).faults == []
    assert gone_for(sim, "u1", since) == [], "and nobody has to begin anew"


async def test_once_its_time_is_over_everything_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Asking()
    key = await made(sim, "u1")
    await sim.answer(key, send("u0", "m1"))
    now_ms = clock.wall_ms() + 60_001
    travel(monkeypatch, now_ms)
    for command in (
        send("u1", "m2"),
        c.ReadHistory("u1", False, 0, 0, 10, False, 0, 0),
        c.ReadInfo("u0", False),
        c.LeaveGroup("u1", False),
        c.DissolveGroup("u0", False),
        c.MarkRead("u1", False, 1),
    ):
        answer = await sim.answer(key, command)
        assert isinstance(answer, o.Refused) and answer.code.name == "TEMPORARY_ENDED", command
    assert sim.store.load_group(key, 0).profile is not None, "it is not removed yet"
    kept = [JoinedGroupsQuery("u1", "", 10, now_ms=now_ms), SyncQuery("u1", 0, 0, now_ms=now_ms)]
    joined, synced = sim.store.answer_all(kept)
    assert joined.groups == [] and synced.rows == []  # type: ignore[union-attr]
    assert isinstance(await sim.answer(key, c.EndTemporary("", True)), o.Done)
    assert sim.store.load_group(key, 0).profile is None
    answer = await sim.answer(key, send("u1", "m3"))
    assert answer.code.name == "TEMPORARY_ENDED"


async def test_a_check_finds_one_that_nothing_would_end() -> None:
    sim = Asking()
    key = await made(sim, "u1")
    assert check(sim.backend).faults == []
    with sim.backend.write() as view:
        (row,) = [row for row, _ in view.scan("endings", b"", keys.LAST)]
        value = view.get("endings", row)
        assert value is not None and keys.of_ending(row) == key
        view.delete("endings", row)
    assert [fault for fault in check(sim.backend).faults if "nothing will end it" in fault]
    with sim.backend.write() as view:
        view.put("endings", keys.ending(5, key), value)
    assert [fault for fault in check(sim.backend).faults if "is to end at 5" in fault]


async def test_it_does_not_end_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made_ms = clock.wall_ms()
    travel(monkeypatch, made_ms)
    sim = Asking()
    key = await made(sim, "u1")
    now_ms = made_ms + 59_999
    travel(monkeypatch, now_ms)
    await passed(sim.dispatcher.housekeeping.end_temporary, now_ms)
    assert isinstance(await sim.answer(key, c.EndTemporary("", True)), o.Done)
    assert isinstance(await sim.answer(key, send("u1", "m1")), o.Sent)


async def test_it_ends_after_a_restart_too(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Asking()
    key = await made(sim, "u1")
    await until(lambda: sim.dispatcher.idle)
    running.remove(sim)
    sim.dispatcher.stop()
    later = clock.wall_ms() + 61_000
    travel(monkeypatch, later)
    again = Asking(backend=sim.backend)
    await passed(again.dispatcher.housekeeping.end_temporary, later)
    await until(lambda: again.store.load_group(key, 0).profile is None)


@pytest.mark.parametrize("how", [c.DissolveGroup("u0", False), None])
async def test_nothing_is_left_of_one_that_ends_early(how: c.DissolveGroup | None) -> None:
    sim = Asking()
    await sim.answer("g:other", c_create("other"))
    before = rows(sim)
    key = await made(sim, "u1")
    if how is not None:
        assert isinstance(await sim.answer(key, how), o.Done)
    else:
        for user_id in ("u0", "u1"):
            assert isinstance(await sim.answer(key, c.LeaveGroup(user_id, False)), o.Done)
    while sim.store.purge_step():
        pass
    sim.store.forget_ended(clock.wall_ms() + TOLD_MS + 1000)
    assert rows(sim) == before


async def test_who_may_be_in_it() -> None:
    sim = Asking()
    for ttl_s, code in ((0, "BAD_PARAMETER"), (2 * 86_400, "BAD_PARAMETER"), (86_400, ""), (1, ""), (None, "")):
        result = await sim.result(sim.begin(creation("u1", ttl_s=ttl_s)))
        assert (result.code.name if isinstance(result, o.Refused) else "") == code, ttl_s
    many = [f"v{n}" for n in range(10)]
    result = await sim.result(sim.begin(creation(*many)))
    assert isinstance(result, o.Refused) and result.code.name == "GROUP_FULL", "eleven with the creator"
    key = await made(sim, *many[1:])
    for command in (
        c.JoinGroup("eve", False, ""),
        c.InviteUsers("u0", False, ["eve"]),
        c.InviteUsers("u0", True, ["eve"]),
        c.PlaceMember("eve", True, True),
    ):
        answer = await sim.answer(key, command)
        assert isinstance(answer, o.Refused) and answer.code.name == "NOT_PERMITTED", command
    assert {m.user_id for m in sim.store.load_group(key, 0).members} == {"u0", *many[1:]}


def c_create(group: str) -> c.CreateGroup:
    return c.CreateGroup("u0", False, group, "Public", "n", "", "", "", ApplyJoinOption.BY_TYPE, ["u1", "u2"], "u0")
