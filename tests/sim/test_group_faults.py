"""What once went wrong in groups, each as small as it can be shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor import outcomes as o
from rcim.actor.app import AppActor, settle
from rcim.actor.records import TypeSaved
from rcim.actor.user_commands import RemoveType
from rcim.actor.workflows import Login
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority
from rcim.dispatch.requests import Request
from rcim.rules.built_in_types import CLOSED
from rcim.rules.policies import changed
from rcim.rules.type_table import TypeChange
from rcim.store.check import check
from tests.kit import UNLIMITED, app_state, travel, until
from tests.sim.test_dispatcher import Sim, running, send

FREE = ApplyJoinOption.BY_TYPE


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


def create(group: str, type_: str, *members: str, **more: object) -> c.CreateGroup:
    return c.CreateGroup("u0", False, group, type_, "n", "", "", "", FREE, list(members), "u0", **more)  # type: ignore[arg-type]


def code(result: object) -> str:
    assert isinstance(result, o.Refused), result
    return result.code.name


async def test_a_failed_commit_keeps_what_needed_none() -> None:  # ST-04, ID-06, GT-22
    sim = Sim()
    await sim.answer("g:v", create("v", "AVChatRoom"))
    await sim.answer("g:p", create("p", "ChatRoom"))
    await sim.answer("g:v", send("u0", "c1"))
    sim.dispatcher.run(Request("", Login("@GUEST#1", True), sim.asker, 900))
    await until(lambda: 900 in sim.asker.answers)
    sim.backend.share = 1.0
    tokens = [
        sim.ask("g:p", send("u0", "lost")),
        sim.ask("g:v", send("u0", "c2")),
        sim.ask("g:v", c.JoinGroup("@GUEST#1", False, "")),
    ]
    await until(lambda: all(token in sim.asker.answers for token in tokens))
    sim.backend.share = 0.0
    lost, sent, joined = (sim.asker.answers[token] for token in tokens)
    assert code(lost) == "STORE_UNAVAILABLE" and isinstance(sent, o.Sent) and isinstance(joined, o.Joined)
    assert [m.client_msg_id for m in sim.sink.seen["g:v"]] == ["c1", "c2"]
    assert "@GUEST#1" in sim.sink.members["g:v"]


async def test_importing_where_a_group_without_stored_messages_was() -> None:  # GR-08, MS-01
    sim = Sim()
    await sim.answer("g:x", create("x", "AVChatRoom"))
    await sim.answer("g:x", send("u0", "c1"))
    await sim.answer("g:x", c.DissolveGroup("u0", True))
    made = replace_owner(create("x", "Public", importing=True, create_time_ms=1000))
    assert isinstance(await sim.answer("g:x", made), o.Created)
    rows = [import_commands.ImportedMessage("u1", 2000 + i, Priority.NORMAL, f"i{i}", b"b") for i in range(2)]
    found = await sim.answer("g:x", import_commands.ImportMessages("root", True, rows))
    assert isinstance(found, o.Imported) and found.last_seq == found.first_seq + 1
    await sim.answer("g:x", import_commands.FinishImport("root", True))
    sent = await sim.answer("g:x", send("u0", "c2"))
    page = await sim.answer("g:x", c.ReadHistory("u0", False, 0, 0, 100, False, 0, 0))
    assert [m.seq for m in page.messages] == [sent.seq] and page.first_seq == sent.seq, "the others are too old"
    whole = await sim.answer("g:x", c.ReadHistory("root", True, 0, 0, 100, False, 0, 0))
    assert [m.seq for m in whole.messages] == [found.first_seq, found.last_seq, sent.seq]
    assert whole.first_seq <= found.first_seq
    assert check(sim.backend).faults == []


def replace_owner(command: c.CreateGroup) -> c.CreateGroup:
    return msgspec.structs.replace(command, admin=True)


async def test_nobody_is_dropped_from_a_group_that_nobody_hears_yet() -> None:  # GT-11, GT-16
    sim = Sim(types={**UNLIMITED, "P": changed(UNLIMITED["Private"], "P", {"drop_offline": "true"})})
    await sim.answer("g:h", create("h", "P", "u1"))
    assert isinstance(await sim.answer("g:h", c.DropOffline("x", True, [], 1 << 62)), o.Done)
    assert len(sim.store.load_group("g:h", 0).members) == 2


async def test_a_hidden_group_that_is_given_away_or_left() -> None:  # GT-16, GR-01, GT-08
    sim = Sim()
    await sim.answer("g:h", create("h", "Private", "u1", "u2"))
    await sim.answer("g:h", c.GiveGroup("u0", False, "u1"))
    assert isinstance(await sim.answer("g:h", send("u1", "c1")), o.Sent)
    assert sim.sink.members["g:h"] == {"u0", "u1", "u2"}
    await sim.answer("g:j", create("j", "Private", "u1", "u2"))
    await sim.answer("g:j", c.GiveGroup("u0", False, "u1"))
    assert sim.sink.members["g:j"] == {"u1"}, "only the new owner knows of it"
    await sim.answer("g:i", create("i", "Private", "u1"))
    await sim.answer("g:i", c.SendMessage("root", True, "", "", "c1", Priority.NORMAL, b"b"))
    assert code(await sim.answer("g:i", c.ReadInfo("u1", False))) == "NO_SUCH_GROUP", "the owner's message counts"
    await sim.answer("g:i", c.LeaveGroup("u0", False))
    assert code(await sim.answer("g:i", c.ReadInfo("root", True))) == "NO_SUCH_GROUP", "nobody could reach it"
    assert check(sim.backend).faults == []


async def test_marks_that_are_over_make_room(monkeypatch: pytest.MonkeyPatch) -> None:  # SC-02, GR-11, GR-05
    now_ms = clock.wall_ms()
    travel(monkeypatch, now_ms)  # a mute of a second must not end while others are made
    sim = Sim(limits=replace(DEFAULTS, marks_max=3))
    await sim.answer("g:p", create("p", "Public"))
    assert isinstance(await sim.answer("g:p", c.MuteUsers("u0", False, ["a", "b", "c"], 1)), o.Done)
    assert code(await sim.answer("g:p", c.MuteUsers("u0", False, ["d"], 1))) == "TOO_MANY_ENTRIES"
    assert code(await sim.answer("g:p", c.JoinGroup("z", False, ""))) == "TOO_MANY_ENTRIES"
    travel(monkeypatch, now_ms + 5000)
    assert isinstance(await sim.answer("g:p", c.JoinGroup("z", False, "")), o.Joined)
    assert isinstance(await sim.answer("g:p", c.BlockUsers("u0", False, ["d", "e"], 60, "")), o.Done)
    assert {m.user_id for m in sim.store.load_group("g:p", 0).marks} == {"z", "d", "e"}
    await sim.answer("g:p", c.BlockUsers("u0", False, ["z"], 0, ""))
    (waiting,) = (await sim.answer("g:p", c.ReadMarks("u0", False, "applied", "", 10))).marks
    assert waiting.user_id == "z", "to block nobody takes no application away"


async def test_a_group_whose_type_is_gone_can_be_ended() -> None:  # GT-20
    sim = Sim(types={**UNLIMITED, "Mine": replace(UNLIMITED["Public"], name="Mine")})
    await sim.answer("g:m", create("m", "Mine", "u1"))
    sim.dispatcher._app_state.config.types._rows.pop("Mine")
    assert code(await sim.answer("g:m", send("u0", "c1"))) == "NOT_PERMITTED"
    assert isinstance(await sim.answer("g:m", c.ReadInfo("u1", False)), o.Info)
    assert isinstance(await sim.answer("g:m", c.LeaveGroup("u1", False)), o.Done)
    assert isinstance(await sim.answer("g:m", c.DissolveGroup("root", True)), o.Done)
    assert CLOSED.name not in UNLIMITED


def test_a_type_that_is_going_takes_no_groups() -> None:  # GT-20, GT-13
    shared = app_state()
    settle(shared, TypeSaved("T", TypeChange("T", "Public", {})))
    policy, counts = shared.config.types.named("T"), shared.counts
    AppActor(shared).handle(RemoveType("app", True, "T"), 1, 1)
    with pytest.raises(RcimError, match="being removed"):
        counts.admit(policy)
    counts.settled()
    counts.admit(policy)
    with pytest.raises(RcimError, match="still have the type"):
        AppActor(shared).handle(RemoveType("app", True, "T"), 1, 1)


async def test_the_maker_writes_an_owners_fields() -> None:  # GR-06
    types = {
        **UNLIMITED,
        "F": changed(UNLIMITED["Public"], "F", {"group_fields": "Motto member owner, Rank anyone app_admin"}),
    }
    sim = Sim(types=types)
    assert isinstance(await sim.answer("g:f", create("f", "F", fields=(("Motto", b"x"),))), o.Created)
    assert code(await sim.answer("g:g", create("g", "F", fields=(("Rank", b"x"),)))) == "NOT_PERMITTED"


async def test_the_last_messages_fit_a_frame() -> None:  # WI-04, GT-22
    sim = Sim()
    await sim.answer("g:v", create("v", "AVChatRoom"))
    for i in range(20):
        await sim.answer("g:v", c.SendMessage("u0", False, "", "", f"c{i}", Priority.NORMAL, b"b" * 8000))
    page = await sim.answer("g:v", c.ReadHistory("u0", False, 0, 0, 100, False, 0, 0))
    assert page.more and 0 < sum(len(m.body) for m in page.messages) < DEFAULTS.frame_bytes_max
    rest = await sim.answer("g:v", c.ReadHistory("u0", False, page.messages[-1].seq + 1, 0, 100, False, 0, 0))
    assert rest.messages[0].seq == page.messages[-1].seq + 1


async def test_what_is_only_in_memory_stays_longer() -> None:  # GT-22, MS-02
    sim = Sim()
    await sim.answer("g:v", create("v", "AVChatRoom"))
    await sim.answer("g:p", create("p", "Public"))
    actors = {key: sim.dispatcher._mailboxes[key].actor for key in ("g:v", "g:p")}
    assert all(actor.forgettable(DEFAULTS.actor_idle_ms) for actor in actors.values())
    await sim.answer("g:v", send("u0", "c1"))
    assert not actors["g:v"].forgettable(DEFAULTS.actor_idle_ms)
    assert actors["g:v"].forgettable(DEFAULTS.tail_idle_ms + 1)
