"""A clock that is wrong destroys nothing: each place where time alone deletes or ends something, with a clock that is 40
days ahead at the start, and with one that jumps while the server runs. When it is put right, all of it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor import user_commands as u
from rcim.base import clock
from rcim.base.terms import PERMANENT_S, MessageState
from rcim.dispatch.requests import Request
from rcim.store.check import check
from rcim.store.mending import accept_clock
from rcim.store.retention import BEGIN
from tests.kit import until
from tests.sim.test_dispatcher import Sim, running, send
from tests.sim.test_housekeeping import DAY_MS, DROPPING, create, passed

AHEAD_MS = 40 * DAY_MS


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


class Clocks:
    """The two clocks, in the hands of a test."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.wall_ms = 20_000 * DAY_MS
        self.elapsed_ms = 1_000_000
        patch.setattr(clock, "wall_ms", lambda: self.wall_ms)
        patch.setattr(clock, "elapsed_ms", lambda: self.elapsed_ms)

    def pass_by(self, ms: int) -> None:
        self.wall_ms += ms
        self.elapsed_ms += ms


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def started_again(sim: Sim) -> Sim:
    """Another server on the same store."""
    sim.dispatcher.stop()
    running.remove(sim)
    return Sim(types=DROPPING, backend=sim.backend)


async def sweep(sim: Sim) -> None:
    """A whole sweep of retention, as the timer begins it."""
    removing = sim.dispatcher._retention
    before = removing.sweeps
    skipped = sim.dispatcher.time.skipped
    removing._trim(BEGIN)
    await until(lambda: removing.sweeps > before or sim.dispatcher.time.skipped > skipped)


async def all_sweeps(sim: Sim, online: set[str]) -> None:
    """Everything that deletes because of the time has its turn."""
    sim.sink.online = online
    now_ms = sim.dispatcher.time.now_ms()
    await passed(sim.dispatcher.housekeeping.reclaim, now_ms)
    await passed(sim.dispatcher.housekeeping.drop_offline, now_ms)
    await sweep(sim)
    await until(lambda: sim.dispatcher.idle)


async def filled() -> Sim:
    sim = Sim(types=DROPPING)
    await sim.answer("g:idle", create("idle", "Private", "u1"))
    await sim.answer("g:d", create("d", "Dropping", "u1", "u2"))
    for n in range(3):
        await sim.answer("g:d", send("u0", f"c{n}"))
    return sim


def left(sim: Sim) -> tuple[bool, int, int]:
    """Whether the idle group is there, members of the other one, and its messages."""
    with sim.backend.read() as view:
        messages = sum(1 for _ in view.scan("messages", b"g:d\0", b"g:d\1"))
    group = sim.store.load_group("g:d", 0)
    return sim.store.load_group("g:idle", 0).profile is not None, len(group.members), messages


@pytest.mark.parametrize("at_start", [True, False], ids=["at start", "while it runs"])
async def test_nothing_is_deleted_because_of_a_wrong_clock(
    clocks: Clocks, at_start: bool, caplog: pytest.LogCaptureFixture
) -> None:  # GT-11, GT-22, GT-24
    sim = await filled()
    clocks.pass_by(3_600_000)
    if at_start:
        clocks.wall_ms += AHEAD_MS
        sim = started_again(sim)
    else:
        clocks.wall_ms += AHEAD_MS
    before = left(sim)
    for _ in range(3):
        clocks.pass_by(3_600_000)
        await all_sweeps(sim, {"u1"})
    assert left(sim) == before
    counted = sim.dispatcher.counted()
    assert (counted["clock_doubts"], counted["clock_in_doubt"]) == (1, 1)
    assert counted["sweeps_skipped_for_clock"] >= 9
    assert sum("accept-clock" in record.message for record in caplog.records) == 1, "once for each episode"
    clocks.wall_ms -= AHEAD_MS
    await all_sweeps(sim, {"u1"})
    assert sim.dispatcher.counted()["clock_in_doubt"] == 0
    assert left(sim)[:2] == (True, 2), "who is offline goes again"
    clocks.pass_by(31 * DAY_MS)
    await all_sweeps(sim, {"u1"})
    assert left(sim) == (False, 2, 0), "and what is too old"
    assert check(sim.backend).faults == []


async def test_a_sweep_under_way_stops_when_the_clock_jumps(clocks: Clocks) -> None:
    sim = await filled()
    clocks.pass_by(31 * DAY_MS)
    now_ms = sim.dispatcher.time.now_ms()
    over = asyncio.Event()
    sim.dispatcher.housekeeping.reclaim(now_ms, over.set)
    clocks.wall_ms += AHEAD_MS  # the page that was asked for comes after this
    await over.wait()
    await until(lambda: sim.dispatcher.idle)
    assert left(sim)[0]


@pytest.mark.parametrize("at_start", [True, False], ids=["at start", "while it runs"])
async def test_nothing_ends_because_of_a_wrong_clock(clocks: Clocks, at_start: bool) -> None:
    """Mutes, blocks (SC-02, GR-11), client message ids (MS-02), the time to recall (MS-10), what may be read (GT-22)."""
    sim = await filled()
    await sim.answer("g:d", c.MuteUsers("u0", False, ["u1"], 7 * 86_400))
    await sim.answer("g:d", c.BlockUsers("u0", False, ["u9"], 7 * 86_400, ""))
    clocks.pass_by(60_000)
    first = await sim.answer("g:d", send("u2", "mine"))
    clocks.wall_ms += AHEAD_MS
    if at_start:
        sim = started_again(sim)
    assert (await sim.answer("g:d", send("u1", "x"))).code.name == "SENDER_MUTED"
    assert (await sim.answer("g:d", c.JoinGroup("u9", False, ""))).code.name == "BLOCKED"
    again = await sim.answer("g:d", send("u2", "mine"))
    assert (again.seq, again.duplicate) == (first.seq, True)
    page = await sim.answer("g:d", c.ReadHistory("u2", False, 1, 0, 100, False, 0, 0))
    assert first.seq in [m.seq for m in page.messages]
    (mine,) = [m for m in page.messages if m.seq == first.seq]
    recall = c.AlterMessage("u2", False, first.seq, MessageState.RECALLED, original=mine)
    recalled = await sim.answer("g:d", recall)
    assert not isinstance(recalled, o.Refused)
    with sim.backend.read() as view:
        assert (
            max(m.time_ms for m in sim.store._view._recent(view, "g:d", _profile(sim), _head(sim), 0))
            < clocks.wall_ms
        )
    asked = q.SyncQuery("u2", 0, 0)
    sim.dispatcher.ask(Request("", asked, sim.asker, -1))
    await until(lambda: -1 in sim.asker.answers)
    (row,) = [row for row in sim.asker.answers[-1].rows if row.key == "g:d"]
    assert row.messages, "a list of conversations still shows the last message"


def _profile(sim: Sim) -> Any:
    return sim.store.load_group("g:d", 0).profile


def _head(sim: Sim) -> Any:
    from rcim.store.tables import read_head

    with sim.backend.read() as view:
        return read_head(view, "g:d")


async def test_what_is_said_in_doubt_is_stamped_with_the_time_in_force(clocks: Clocks) -> None:
    sim = await filled()
    right_ms = clocks.wall_ms
    clocks.wall_ms += 400 * DAY_MS
    sent = await sim.answer("g:d", send("u0", "in doubt"))
    assert sent.time_ms == right_ms
    await sim.answer("g:d", c.MuteUsers("u0", False, ["u1"], 60))
    clocks.wall_ms -= 400 * DAY_MS
    assert (await sim.answer("g:d", send("u1", "m"))).code.name == "SENDER_MUTED"
    clocks.pass_by(61_000)
    after = await sim.answer("g:d", send("u1", "m"))
    assert after.time_ms == right_ms + 61_000, "no year in which all has the same time"


async def test_a_store_in_which_nobody_speaks_knows_how_late_it_is(clocks: Clocks) -> None:
    sim = await filled()
    for _ in range(10):  # ten quiet days, with a sweep each
        clocks.pass_by(DAY_MS)
        await sweep(sim)
    sim = started_again(sim)
    assert sim.dispatcher.counted()["clock_in_doubt"] == 0


async def test_a_store_of_before_times_were_noted(clocks: Clocks) -> None:
    sim = await filled()
    with sim.backend.write() as view:
        view.delete("meta", b"time")
    clocks.wall_ms += AHEAD_MS
    assert started_again(sim).dispatcher.counted()["clock_in_doubt"] == 1


# --------------------------------------------------------------------------------- the operator says it is right


def accepted(sim: Sim, wall_ms: int) -> Sim:
    """The server is stopped, `rcim accept-clock` said, and it is started again."""
    sim.dispatcher.stop()
    running.remove(sim)
    accept_clock(sim.backend, wall_ms)
    return Sim(types=DROPPING, backend=sim.backend)


async def test_a_server_that_was_really_off_for_long(clocks: Clocks) -> None:
    """What was said while the clock was in doubt is as young as it is; what was there before is as old as it is."""
    sim = await filled()
    clocks.wall_ms += AHEAD_MS
    sim = started_again(sim)
    clocks.pass_by(60_000)
    await sim.answer("g:d", send("u0", "in doubt"))
    await sim.answer("g:new", create("new", "Private", "u1"))
    sim = accepted(sim, clocks.wall_ms)
    assert sim.dispatcher.counted()["clock_doubts"] == 0
    await all_sweeps(sim, {"u1", "u2"})
    assert left(sim) == (False, 3, 1)
    assert sim.store.load_group("g:new", 0).profile is not None
    page = await sim.answer("g:d", c.ReadHistory("u0", False, 0, 0, 100, False, 0, 0))
    assert [(m.client_msg_id, m.time_ms) for m in page.messages] == [("in doubt", clocks.wall_ms)]
    assert check(sim.backend).faults == []


async def test_a_store_that_was_written_with_a_clock_that_was_ahead(clocks: Clocks) -> None:
    """The first start was a year ahead. When that is put right, nothing stays in force for a year."""
    sim = await filled()
    await sim.answer("g:d", c.MuteUsers("u0", False, ["u1"], 3600))
    await sim.answer("g:d", c.MuteUsers("u0", False, ["u2"], PERMANENT_S))
    await sim.answer("g:d", c.BlockUsers("u0", False, ["u9"], 3600, ""))
    await sim.answer("@app", u.MuteEverywhere("root", True, ["u5"], 3600))
    await sim.answer("@:u7", u.InvalidateUser("u7", True, False))
    await sweep(sim)
    clocks.wall_ms -= 365 * DAY_MS
    sim = started_again(sim)
    assert sim.dispatcher.counted()["clock_in_doubt"] == 1
    sim = accepted(sim, clocks.wall_ms)
    assert sim.dispatcher.counted()["clock_doubts"] == 0 and check(sim.backend).faults == []
    assert (await sim.answer("g:d", send("u1", "m"))).code.name == "SENDER_MUTED"
    assert sim.store.load_user("@:u7", "u7").profile.valid_from_ms == clocks.wall_ms
    clocks.pass_by(3_601_000)
    sent = await sim.answer("g:d", send("u1", "m"))
    assert sent.time_ms == clocks.wall_ms
    assert (await sim.answer("g:d", send("u2", "m"))).code.name == "SENDER_MUTED", "what has no end has none"
    assert isinstance(await sim.answer("g:d", c.JoinGroup("u9", False, "")), o.Joined)
    assert sim.store.load_app().muted["u5"] < clocks.wall_ms
    clocks.pass_by(8 * DAY_MS)
    await all_sweeps(sim, {"u1"})
    assert left(sim)[1:] == (2, 1), "all but what says that somebody went"
    clocks.pass_by(31 * DAY_MS)
    await all_sweeps(sim, {"u1"})
    assert not left(sim)[0], "and the idle group goes when it is idle"


async def test_times_do_not_fall_when_they_are_moved(clocks: Clocks) -> None:  # MS-01
    sim = await filled()
    clocks.pass_by(3 * DAY_MS)
    for n in range(3):
        clocks.pass_by(1000)
        await sim.answer("g:d", send("u0", f"later {n}"))
    clocks.wall_ms -= 2 * DAY_MS
    sim = accepted(sim, clocks.wall_ms)
    assert check(sim.backend).faults == []
    newest = [m.time_ms for m in sim.store.load_group("g:d", 0).recent]
    assert newest == sorted(newest) and newest[-1] <= clocks.wall_ms
