"""Frequency control in running actors: who waits is answered once, whatever happens meanwhile; SEQ has no gap."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_struct

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor import user_commands as u
from rcim.actor import user_results
from rcim.actor.app import settle
from rcim.actor.group import GroupActor
from rcim.actor.records import MessageOptions, TypeSaved
from rcim.actor.snapshots import GroupSnapshot
from rcim.base import clock
from rcim.base.limits import DEFAULTS
from rcim.base.terms import HeldBack, MsgFlag, Priority
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.pending_requests import PendingRequests
from rcim.dispatch.requests import Request
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.type_table import TypeChange
from rcim.store.check import check
from tests.kit import app_state, until
from tests.sim.test_dispatcher import Asker, Sim, create, stop_all
from tests.unit.test_group_actor import creation

assert stop_all, "the fixture is this module's too"
FEW = {name: replace(row, messages_per_s=5, normal_per_s=5) for name, row in BUILT_IN.items()}
FAST = replace(DEFAULTS, flow_slice_ms=10)


def _stop_the_clock(patch: pytest.MonkeyPatch) -> None:
    """However slow the machine is, what is sent now is sent within one window of frequency control, and one burst."""
    for name in ("wall_ms", "elapsed_ms", "steady_ms"):
        now_ms = getattr(clock, name)()
        patch.setattr(clock, name, lambda now_ms=now_ms: now_ms)


def offer(by: str, name: str, priority: Priority = Priority.NORMAL, admin: bool = False) -> c.SendMessage:
    return c.SendMessage(by, admin, "", "", name, priority, b"b")


@pytest.mark.parametrize("seed", range(6))
async def test_everyone_who_waits_is_answered_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """FC-05, MS-01, MS-02, ST-04."""
    rng = random.Random(seed)
    sim = Sim(seed=seed, limits=FAST, types=FEW)
    keys = [f"g:{i}" for i in range(3)]
    for key in keys:
        await sim.answer(key, create(key[2:], "u1", "u2", "u3"))
    sim.backend.share = rng.choice([0.0, 0.3])
    for i in range(120):
        user = rng.choice(["u0", "u1", "u2", "u3"])
        name = f"c{rng.randrange(i, i + 3)}"
        sim.ask(rng.choice(keys), offer(user, name, Priority(rng.randint(1, 4))))
        if rng.random() < 0.05:
            sim.ask(rng.choice(keys), c.KickMembers("u0", False, ["u3"], ""))
        if i == 100 and seed % 2:
            sim.ask(keys[0], c.DissolveGroup("u0", False))
        if rng.random() < 0.1:
            await until(lambda: not sim.dispatcher._ready and not sim.dispatcher._committer.busy)
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    sim.backend.share = 0.0
    with monkeypatch.context() as patch:
        _stop_the_clock(patch)
        for i in range(30):
            sim.ask(keys[1], offer("u1", f"burst{i}"))
        await until(lambda: not sim.dispatcher._ready and not sim.dispatcher._committer.busy)
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    await until(lambda: sim.dispatcher.idle)
    assert check(sim.backend).faults == []
    results = [
        (key, command, sim.asker.answers[token])
        for token, (key, command) in enumerate(sim.asked)
        if isinstance(command, c.SendMessage)
    ]
    sent = [(key, r) for key, _, r in results if isinstance(r, o.Sent)]
    for key in keys:
        seen = sim.sink.seen.get(key, [])
        assert [m.seq for m in seen] == list(range(1, len(seen) + 1)), "no gap, each once"
        assert {r.seq for k, r in sent if k == key and r.seq} <= {m.seq for m in seen}
    held = [r for _, r in sent if not r.seq]
    assert len(held) >= 20 and all(r.held_back is HeldBack.FREQUENCY and not r.message_id for r in held)
    refused = {r.code.name for _, _, r in results if isinstance(r, o.Refused)}
    assert refused <= {"STORE_UNAVAILABLE", "NOT_PERMITTED", "NO_SUCH_GROUP"}


class Kit:
    """One actor, and time by hand."""

    def __init__(self) -> None:
        self.app_state = app_state(FEW, FAST)
        self.actor = GroupActor(GroupSnapshot("g:lobby", None, 1, 0, 0, 0, [], []), 7, self.app_state)
        self.now, self.position = 10_000, 1
        self.do(creation(members=("bob", "carol"), type_="ChatRoom"))

    def do(self, command: c.GroupCommand) -> o.Outcome:
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += (outcome.record is not None) + len(outcome.more)
        return outcome

    def fill(self) -> None:
        for i in range(5):
            assert isinstance(self.do(offer("bob", f"f{i}")).result, o.Sent)


def test_what_waits_passes_when_there_is_room_in_the_order_in_which_it_came() -> None:  # FC-03, WI-06
    kit = Kit()
    kit.fill()
    waits = [kit.do(offer("carol", f"w{i}")) for i in range(3)]
    assert [w.wait for w in waits] == [1, 2, 3] and waits[0].again_in_ms == 1000
    assert [w.again_in_ms for w in waits[1:]] == [-1, -1], "who comes behind waits for the same slice"
    kit.now += 1000
    ended = kit.do(c.EndSlice("", True))
    assert [(n, r.seq) for n, r in ended.settled if isinstance(r, o.Sent)] == [(1, 6), (2, 7), (3, 8)]
    assert len(ended.effects) == 3 and ended.again_in_ms == -1


def test_sent_again_while_it_waits_it_waits_with_the_first() -> None:  # MS-02
    kit = Kit()
    kit.fill()
    assert kit.do(offer("carol", "w")).wait == kit.do(offer("carol", "w")).wait == 1


def test_a_transient_message_is_another_one_than_an_ordinary_one_with_its_id() -> None:  # MS-02, MS-08
    kit = Kit()
    typing = replace_struct(offer("carol", "x"), transient=True)
    status = replace_struct(offer("carol", "y"), extra=MessageOptions("RC:TypSts"))
    first = [kit.do(one) for one in (typing, status)]
    assert [len(one.effects) for one in first] == [1, 1]
    again = [kit.do(one) for one in (typing, status)]
    assert [(one.result.duplicate, one.effects) for one in again if isinstance(one.result, o.Sent)] == [
        (True, ())
    ] * 2
    sent = [kit.do(offer("carol", name)).result for name in "xy"]
    assert [(one.seq, one.duplicate) for one in sent if isinstance(one, o.Sent)] == [(1, False), (2, False)]
    assert kit.do(replace_struct(offer("carol", "z"))).effects and kit.do(typing).effects == ()
    late = kit.do(replace_struct(offer("carol", "z"), transient=True))
    assert isinstance(late.result, o.Sent) and not late.result.duplicate and len(late.effects) == 1


def test_what_was_held_back_stays_so_when_it_is_sent_again() -> None:  # MS-02, FC-05
    kit = Kit()
    kit.fill()
    outcomes = [kit.do(offer("carol", f"w{i}")) for i in range(7)]
    held = [i for i, one in enumerate(outcomes) if isinstance(one.result, o.Sent)]
    named = {n: i for i, one in enumerate(outcomes) if (n := one.wait)}
    held += [named[n] for one in outcomes for n, r in one.settled if isinstance(r, o.Sent)]
    assert len(held) == 2
    again = kit.do(offer("carol", f"w{held[0]}")).result
    assert isinstance(again, o.Sent) and again.duplicate and again.seq == 0
    assert again.held_back is HeldBack.FREQUENCY


def test_who_may_no_longer_send_is_refused_when_the_turn_comes() -> None:  # SC-01
    kit = Kit()
    kit.fill()
    assert kit.do(offer("carol", "w")).wait
    kit.do(c.KickMembers("alice", False, ["carol"], ""))
    kit.now += 1000
    ((_, result),) = kit.do(c.EndSlice("", True)).settled
    assert isinstance(result, o.Refused) and result.code.name == "NOT_PERMITTED"


def test_the_end_of_the_group_ends_the_wait() -> None:  # GR-01
    kit = Kit()
    kit.fill()
    assert kit.do(offer("carol", "w")).wait
    ((number, result),) = kit.do(c.DissolveGroup("alice", False)).settled
    assert number == 1 and isinstance(result, o.Refused) and result.code.name == "NO_SUCH_GROUP"
    assert kit.do(c.EndSlice("", True)).settled == ()


def test_owners_admins_and_app_administrators_skip_the_limit_of_their_priority() -> None:  # FC-04
    kit = Kit()
    settle(
        kit.app_state,
        TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"messages_per_s": "100", "normal_per_s": "1"})),
    )
    assert isinstance(kit.do(offer("bob", "1")).result, o.Sent)
    assert kit.do(offer("bob", "2")).wait
    kit.now += 1000
    kit.do(c.EndSlice("", True))
    for by, admin in (("alice", False), ("root", True), ("alice", False)):
        assert isinstance(kit.do(offer(by, f"{kit.position}", admin=admin)).result, o.Sent)


def test_limits_follow_the_type_while_the_group_is_in_memory() -> None:  # FC-02, GT-20
    kit = Kit()
    kit.fill()
    settle(
        kit.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"messages_per_s": "0", "normal_per_s": "0"}))
    )
    assert isinstance(kit.do(offer("bob", "free")).result, o.Sent)


def test_figures_are_those_of_the_group_and_of_its_type() -> None:  # FC-08
    kit = Kit()
    kit.fill()
    for i in range(7):
        kit.do(offer("carol", f"w{i}"))
    flow = kit.do(u.ReadFlow("root", True)).result
    assert isinstance(flow, user_results.Flow)
    normal = flow.rows[1]
    assert (normal.name, normal.priority, normal.offered, normal.passed, normal.held_by_total) == (
        "lobby",
        Priority.NORMAL,
        12,
        5,
        2,
    )
    assert kit.app_state.figures["ChatRoom"].offered[Priority.NORMAL] == 12


async def test_the_back_end_is_paced_and_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:  # LI-02
    limits = replace(DEFAULTS, backend_sends_per_s=20, backend_queue_max=10)
    sim = Sim(limits=limits)
    await sim.answer("g:a", create("a"))
    asker = Asker()
    with monkeypatch.context() as patch:
        _stop_the_clock(patch)
        for i in range(60):
            assert sim.dispatcher.submit(Request("g:a", offer("root", f"c{i}", admin=True), asker, i))
    await until(lambda: len(asker.answers) == 60)
    refused = [i for i, r in asker.answers.items() if isinstance(r, o.Refused)]
    assert {asker.answers[i].code.name for i in refused} == {"TOO_FREQUENT"}
    assert all(asker.answers[i].retry_after_ms > 0 for i in refused)
    assert refused == list(range(30, 60)), "a burst of 20 at once, 10 wait, the others are refused"
    seqs = [asker.answers[i].seq for i in range(60) if i not in refused]
    assert seqs == sorted(seqs), "they keep their order"


async def test_a_group_that_ends_while_something_waits_and_is_made_anew_has_one_actor() -> None:  # MS-01
    """The timer of the old one may come while something waits in the new one."""
    sim = Sim(limits=FAST, types=FEW)
    tokens: list[int] = []
    for round_ in range(6):
        await sim.answer("g:a", create("a"))
        tokens += [sim.ask("g:a", offer("u0", f"r{round_}-{i}")) for i in range(9)]
        await until(lambda: not sim.dispatcher._ready and not sim.dispatcher._committer.busy)
        sim.ask("g:a", c.DissolveGroup("u0", False))
        sim.ask("g:a", offer("u0", "late"))
        await until(lambda: not sim.dispatcher._ready and not sim.dispatcher._committer.busy)
    await sim.answer("g:a", create("a"))
    for i in range(30):
        tokens.append(sim.ask("g:a", offer("u0", f"end-{i}")))
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    await until(lambda: sim.dispatcher.idle)
    assert sim.dispatcher.counters.failed_commits == 0
    seen = [m.seq for m in sim.sink.seen["g:a"]]
    assert seen == sorted(set(seen)), "never back, none twice"
    assert not any(
        isinstance(sim.asker.answers[t], o.Refused) and sim.asker.answers[t].code.name == "STORE_UNAVAILABLE"
        for t in tokens
    )


def test_sent_again_it_is_answered_the_same_although_it_could_not_be_sent_now() -> None:  # MS-02
    kit = Kit()
    named = c.SendMessage("bob", False, "", "", "m", Priority.NORMAL, b"b", (), MessageOptions(mentions=("carol",)))
    first = kit.do(named).result
    assert isinstance(first, o.Sent) and first.seq == 1
    kit.do(c.KickMembers("alice", False, ["carol"], ""))
    again = kit.do(named).result
    assert isinstance(again, o.Sent) and again.seq == 1 and again.duplicate
    kit.do(c.MuteUsers("alice", False, ["bob"], 60))
    assert kit.do(named).result == again
    kit.do(c.MuteUsers("alice", False, ["bob"], 0))
    fleeting = c.SendMessage("bob", False, "", "", "t", Priority.NORMAL, b"b", (), None, True)
    assert len(kit.do(fleeting).effects) == 1
    repeated = kit.do(fleeting)
    assert repeated.effects == () and isinstance(repeated.result, o.Sent) and repeated.result.duplicate


def test_a_directed_message_does_not_show_whose_it_is_by_its_time() -> None:  # MS-07
    kit = Kit()
    kit.now += 5
    kit.do(c.SendMessage("bob", False, "", "", "m", Priority.NORMAL, b"b", (), MessageOptions(to=("carol",))))
    members = kit.do(c.ReadSome("alice", False, ["bob"])).result
    assert isinstance(members, o.Members) and members.rows[0].member.last_send_time_ms == 0


def test_directed_transients_reach_only_who_hears_the_group() -> None:  # GT-16, RX-01, MS-08
    kit = Kit()
    kit.do(c.EditMember("bob", False, "bob", None, MsgFlag.DISCARD, None, ()))
    fleeting = c.SendMessage(
        "alice", False, "", "", "t", Priority.NORMAL, b"b", (), MessageOptions(to=("bob", "carol")), True
    )
    (tell,) = kit.do(fleeting).effects
    assert isinstance(tell, e.Notify) and tell.user_ids == ["alice", "carol"]
    private = GroupActor(GroupSnapshot("g:p", None, 1, 0, 0, 0, [], []), 7, kit.app_state)
    private.handle(creation(members=("bob",), option=3, type_="Private"), 1000, 1)
    hidden = c.SendMessage("alice", False, "", "", "t", Priority.NORMAL, b"b", (), MessageOptions(to=("bob",)), True)
    (tell,) = private.handle(hidden, 1001, 2).effects
    assert isinstance(tell, e.Notify) and tell.user_ids == ["alice"], "bob does not know of the group yet"


def test_names_do_not_tell_who_is_a_member_where_members_are_not_listed() -> None:  # GT-03
    kit = Kit()
    settle(kit.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"member_list": "none"})))
    for name in ("carol", "zoe"):
        sent = c.SendMessage("bob", False, "", "", name, Priority.HIGH, b"b", (), MessageOptions(mentions=(name,)))
        assert isinstance(kit.do(sent).result, o.Sent)


def test_a_normal_message_is_asked_for_by_itself_although_a_low_one_waits_longer() -> None:  # FC-04
    kit = Kit()
    policies = {"messages_per_s": "100", "normal_per_s": "2", "low_per_s": "1"}
    settle(kit.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", policies)))
    for i in range(2):
        kit.do(offer("bob", f"n{i}"))
    kit.now += 950
    kit.do(offer("bob", "l0", Priority.LOW))
    assert kit.do(offer("bob", "l1", Priority.LOW)).again_in_ms == 1000
    assert kit.do(offer("bob", "n2")).again_in_ms == 50


async def test_what_the_back_end_has_waiting_is_refused_when_the_server_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # WI-07, LI-02
    sim = Sim(limits=replace(DEFAULTS, backend_sends_per_s=5))
    await sim.answer("g:a", create("a"))
    asker = Asker()
    with monkeypatch.context() as patch:
        _stop_the_clock(patch)
        for i in range(40):
            sim.dispatcher.submit(Request("g:a", offer("root", f"c{i}", admin=True), asker, i))
        sim.dispatcher.going_away()
    await until(lambda: len(asker.answers) == 40)
    refused = [r for r in asker.answers.values() if isinstance(r, o.Refused)]
    assert refused and {r.code.name for r in refused} == {"SHUTTING_DOWN"}


async def test_what_is_due_at_once_can_be_asked_for_twice() -> None:
    """uvloop makes no timer of what is due already."""
    loop = asyncio.get_running_loop()
    ready: list[Mailbox] = []
    slices = PendingRequests(loop, ready.append, lambda _: True)
    mailbox = Mailbox("g:a", 0)
    for wait in (0, 0, 50):
        slices._arm(mailbox, wait)
    await until(lambda: ready)
    assert len(mailbox.queue) == 1 and mailbox.slice_timer is None
    slices.stop()
