"""The dispatcher over a log that fails shard by shard: what concerns one shard concerns nobody else (ST-01, MS-01)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rcim.actor import outcomes as o
from rcim.actor.events import SessionChanged
from rcim.base.errors import STORE_UNAVAILABLE
from rcim.base.ids import shard_of
from rcim.base.terms import Platform
from rcim.store.check import check
from tests.faulty_log import FaultyLog
from tests.kit import until
from tests.sim.test_dispatcher import Sim, create, running, send

A, B = "g:a", "g:b"
SHARD_A, SHARD_B = shard_of(A), shard_of(B)
assert SHARD_A != SHARD_B


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


class FaultySim(Sim):
    """A Sim whose records go to a faulty log, over the store that is its view."""

    def __init__(self, together: bool) -> None:
        self.together = together
        super().__init__()

    def make_log(self) -> FaultyLog:
        self.log = FaultyLog(self.store, together=self.together)
        return self.log


@pytest.fixture(params=[False, True], ids=["apart", "together"])
async def sim(request: pytest.FixtureRequest) -> FaultySim:
    made = FaultySim(request.param)
    for key in (A, B):
        assert isinstance(await made.answer(key, create(key[2:], "u1")), o.Created)
    return made


def unavailable(answer: Any) -> bool:
    return isinstance(answer, o.Refused) and answer.code is STORE_UNAVAILABLE


async def sent(sim: Sim, key: str, name: str) -> int:
    """The SEQ of a message."""
    answer = await sim.answer(key, send("u1", name))
    assert isinstance(answer, o.Sent), answer
    return answer.seq


async def no_gaps(sim: Sim) -> None:
    """What is in the store is whole, and nothing was delivered twice or out of order."""
    await until(lambda: sim.dispatcher.idle)
    assert check(sim.backend).faults == []
    for messages in sim.sink.seen.values():
        seqs = [message.seq for message in messages]
        assert seqs == sorted(set(seqs))


async def test_a_lost_acknowledgement_and_the_same_message_again(sim: FaultySim) -> None:  # MS-02
    assert await sent(sim, A, "c1") == 1
    sim.log.lose_acknowledgement(SHARD_A)
    assert unavailable(await sim.answer(A, send("u1", "c2")))
    again = await sim.answer(A, send("u1", "c2"))
    assert isinstance(again, o.Sent) and again.seq == 2 and again.duplicate
    assert await sent(sim, A, "c3") == 3
    await no_gaps(sim)


@pytest.mark.parametrize("fault", ["cut_off", "fill"])
async def test_a_shard_that_fails_leaves_the_others_of_its_commit_alone(sim: FaultySim, fault: str) -> None:
    getattr(sim.log, fault)(SHARD_A)
    before = sim.dispatcher.counters.failed_commits
    tokens = [sim.ask(A, send("u1", "c1")), sim.ask(B, send("u1", "c1"))]
    await until(lambda: set(tokens) <= set(sim.asker.answers))
    assert sim.log.appends[-1] == [SHARD_A, SHARD_B], "one append for both"
    assert unavailable(sim.asker.answers[tokens[0]]) and sim.asker.answers[tokens[1]].seq == 1
    assert [message.seq for message in sim.sink.seen[B]] == [1] and A not in sim.sink.seen
    assert await sent(sim, A, "c2") == 1, "no SEQ was used"
    assert sim.dispatcher.counters.failed_commits == before + 1
    await no_gaps(sim)


async def test_a_fenced_shard_is_refused_and_not_taken_back(sim: FaultySim) -> None:
    fenced: list[int] = []
    sim.dispatcher._committer.on_fenced = fenced.append
    sim.log.fence(SHARD_A)
    tokens = [sim.ask(A, send("u1", "c1")), sim.ask(B, send("u1", "c1"))]
    await until(lambda: set(tokens) <= set(sim.asker.answers))
    assert unavailable(sim.asker.answers[tokens[0]]) and sim.asker.answers[tokens[1]].seq == 1
    appended = len(sim.log.appends)
    for n in range(3):
        assert unavailable(await sim.answer(A, send("u1", f"d{n}")))
    assert fenced == [SHARD_A] and len(sim.log.appends) == appended, "the log is not asked again"
    assert await sent(sim, B, "c2") == 2
    sim.log.unfence(SHARD_A)
    sim.dispatcher._committer.claim(SHARD_A)
    await until(lambda: not sim.dispatcher._committer.busy)
    assert await sent(sim, A, "c3") == 1
    await no_gaps(sim)


async def test_a_claim_that_fails_is_made_again(sim: FaultySim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.dispatch.committing.CLAIM_PAUSE_S", 0.001)
    sim.log.cut_off(SHARD_A)
    sim.log.claims_failing = 3
    assert unavailable(await sim.answer(A, send("u1", "c1")))
    assert await sent(sim, A, "c2") == 1, "it waits until the shard is claimed"
    assert sim.log.claims_failing == 0
    await no_gaps(sim)


async def test_a_slow_shard_delays_nobody_else() -> None:
    sim = FaultySim(together=False)
    for key in (A, B):
        await sim.answer(key, create(key[2:], "u1"))
    sim.log.hold(SHARD_A)
    slow = sim.ask(A, send("u1", "c1"))
    await until(lambda: sim.log.is_held(SHARD_A))
    behind = sim.ask(A, send("u1", "c2"))
    for n in range(5):
        assert await sent(sim, B, f"c{n}") == n + 1
    assert slow not in sim.asker.answers and behind not in sim.asker.answers
    assert A not in sim.sink.seen, "nothing is visible before it is durable"
    sim.log.let_go(SHARD_A)
    await until(lambda: {slow, behind} <= set(sim.asker.answers))
    assert [sim.asker.answers[token].seq for token in (slow, behind)] == [1, 2]
    await no_gaps(sim)


async def test_events_of_a_slow_shard_wait_and_hold_up_no_others() -> None:
    sim = FaultySim(together=False)
    await sim.answer(A, create("a", "u1"))
    committer = sim.dispatcher._committer
    sim.log.hold(SHARD_A)
    slow = sim.ask(A, send("u1", "c1"))
    await until(lambda: sim.log.is_held(SHARD_A))
    appends = len(sim.log.appends)
    for shard in (SHARD_A, SHARD_B):
        committer.tell(shard, SessionChanged(1, "u1", Platform.WEB, None))
    await until(lambda: committer.events == 1)
    assert len(sim.log.appends) == appends + 1 and sim.log.appends[-1] == [SHARD_B]
    assert not committer.tells_now, "and no turn is made in vain"
    sim.log.let_go(SHARD_A)
    await until(lambda: slow in sim.asker.answers and sim.dispatcher.idle)
    assert [len(sim.store.events.read(shard, 1, 9)[0]) for shard in (SHARD_A, SHARD_B)] == [1, 1]


@pytest.mark.parametrize("together", [False, True])
async def test_events_of_a_fenced_shard_are_lost_and_counted(together: bool) -> None:
    sim = FaultySim(together)
    await sim.answer(A, create("a", "u1"))
    sim.log.fence(SHARD_A)
    assert unavailable(await sim.answer(A, send("u1", "c1")))
    sim.dispatcher._committer.tell(SHARD_A, SessionChanged(1, "u1", Platform.WEB, None))
    await until(lambda: sim.dispatcher.idle)
    assert sim.dispatcher.counted()["events_lost"] == 1


async def test_what_fails_while_it_is_slow_takes_only_its_own_with_it() -> None:
    sim = FaultySim(together=False)
    for key in (A, B):
        await sim.answer(key, create(key[2:], "u1"))
    sim.log.hold(SHARD_A)
    sim.log.lose_acknowledgement(SHARD_A)
    slow = sim.ask(A, send("u1", "c1"))
    await until(lambda: sim.log.is_held(SHARD_A))
    behind = sim.ask(A, send("u1", "c1"))
    assert await sent(sim, B, "c1") == 1
    sim.log.let_go(SHARD_A)
    await until(lambda: {slow, behind} <= set(sim.asker.answers))
    assert unavailable(sim.asker.answers[slow])
    assert sim.asker.answers[behind].seq == 1 and sim.asker.answers[behind].duplicate
    await no_gaps(sim)
