"""A consumer of the event log: everything in the order of its shard, at least once, and nobody waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence

import pytest

from rcim.actor.events import ConversationFacts, EventKind, GroupFull, SessionChanged
from rcim.base.ids import SHARDS
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.dispatch.worker import Worker
from rcim.outbox import consumer as consumer_module
from rcim.outbox.backoff import no_jitter
from rcim.outbox.circuit_breaker import FAILURES_MAX
from rcim.outbox.consumer import Clock, Consumer
from rcim.outbox.delivering import Times
from rcim.outbox.destination import Subscription, Untaken
from rcim.outbox.outbox import Outbox
from rcim.store.backend import MemoryBackend, StoreError
from rcim.store.event_log import Bounds, KeptEvent
from rcim.store.filling import append_now
from rcim.store.shard_log import ShardAppend
from rcim.store.store import Store
from tests.kit import PATIENCE_S, until

SESSIONS = frozenset({EventKind.SESSION_CHANGED})
A, B = 3, 7


class Consuming:
    """A store in memory, and consumers of its events. What `refuse` names is not taken."""

    def __init__(self) -> None:
        self.store = Store(MemoryBackend(), DEFAULTS)
        loop = asyncio.get_running_loop()
        self.workers = Worker(loop, "reading"), Worker(loop, "writing")
        self.seen: list[str] = []
        self.refuse: set[str] = set()
        self.forgotten: list[tuple[int, int]] = []
        """Shard and number."""
        self.one_user_at_a_time = False
        self.given_up_ms = 0
        self.clock = Clock(Times(lambda: 5000, lambda: self.given_up_ms), no_jitter)
        self.consumer = self.make()
        self.consumer.start()

    def make(self) -> Consumer:
        """Another consumer with the same name, as after a start."""
        reading, writing = self.workers
        made = Consumer(
            self.store.events, "one", self.subscription, reading=reading, writing=writing, clock=self.clock
        )
        made.open()
        return made

    async def start_again(self) -> None:
        """Another consumer, with the pauses that are in force now."""
        await until(lambda: self.consumer.idle)
        self.consumer._closing = True
        self.consumer = self.make()
        self.consumer.start()

    @property
    def subscription(self) -> Subscription:
        return Subscription(SESSIONS, self)

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        self.forgotten += [(shard, number) for number in sorted(numbers)]

    def counted(self) -> dict[str, int]:
        return {}

    async def close(self) -> None:
        """Nothing is open."""

    async def deliver(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        if self.one_user_at_a_time:
            return [Untaken(one, "refused") for one in await by_user(self, events)]
        for at, one in enumerate(events):
            assert isinstance(one.event, SessionChanged)
            self.seen.append(one.event.user_id)
            if one.event.user_id in self.refuse:
                return [Untaken(one, "refused") for one in events[at:]]
        return []

    def happen(self, shard: int, *names: str, time_ms: int = 1000) -> None:
        claim = self.store.claim([shard])[shard]
        made = [SessionChanged(time_ms, name, Platform.WEB, None) for name in names]
        append_now(self.store, [ShardAppend(shard, claim.epoch, claim.position, (), made)])
        self.consumer.wake([shard])

    def had(self, shard: int) -> int:
        """How many events the store knows it has had."""
        return self.store.events.consumers()["one"][shard] - 1


@pytest.fixture
async def made(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Consuming]:
    monkeypatch.setattr(consumer_module, "PAUSE_S", 0.001)
    monkeypatch.setattr(consumer_module, "COMMIT_S", 3600)
    found = Consuming()
    yield found
    await found.consumer.close(0)
    for worker in found.workers:
        worker.stop()


async def test_events_come_in_the_order_of_their_shard(made: Consuming) -> None:
    for n in range(250):
        made.happen(A, f"a{n}")
    made.happen(B, "b")
    await until(lambda: len(made.seen) == 251)
    assert [name for name in made.seen if name != "b"] == [f"a{n}" for n in range(250)]
    assert made.consumer.delivered == 251
    await until(lambda: made.consumer.idle)


async def test_what_was_delivered_and_not_committed_comes_again(made: Consuming) -> None:
    made.happen(A, "a1", "a2")
    await until(lambda: made.consumer.idle and made.seen == ["a1", "a2"])
    assert made.had(A) == 0, "the process is killed here"
    made.consumer._closing = True
    made.consumer = made.make()
    made.consumer.start()
    await until(lambda: made.seen == ["a1", "a2"] * 2)
    await until(lambda: made.consumer.idle)
    await made.consumer.commit()
    assert made.had(A) == 2
    made.consumer._closing = True
    made.consumer = made.make()
    made.consumer.start()
    made.happen(A, "a3")
    await until(lambda: made.seen[4:] == ["a3"])


async def test_what_is_not_taken_comes_again_and_holds_up_its_shard_alone(made: Consuming) -> None:
    made.refuse = {"a2"}
    made.happen(A, "a1", "a2", "a3")
    await until(lambda: made.seen.count("a2") > 3)
    made.happen(B, "b")
    await until(lambda: "b" in made.seen)
    assert made.seen.count("a1") == 1 and "a3" not in made.seen
    made.refuse = set()
    await until(lambda: "a3" in made.seen)
    await until(lambda: made.consumer.idle)
    assert made.seen.count("a3") == 1 and made.consumer.delivered == 4


async def test_what_is_dropped_meanwhile_is_not_waited_for(made: Consuming) -> None:
    made.refuse = {"old"}
    made.happen(A, "old", time_ms=1)
    made.happen(A, "new")
    await until(lambda: made.seen.count("old") > 1)
    assert made.store.events.trim_step(Bounds(500, 1 << 40)) == 1
    await until(lambda: "new" in made.seen)
    assert made.store.events.dropped == {"one": 1}


async def test_a_fault_of_who_takes_them_ends_nothing(made: Consuming, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = [True, True]

    async def fails(events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        if faults:
            faults.pop()
            raise RuntimeError("a fault")
        return await deliver(events)

    deliver = made.deliver
    monkeypatch.setattr(made.consumer.delivering.destination, "deliver", fails)
    made.happen(A, "a1")
    await until(lambda: made.seen == ["a1"])
    assert not faults and made.consumer.delivering.failed == 2


@pytest.mark.parametrize("fault", [ValueError, asyncio.CancelledError])
async def test_an_event_that_is_a_fault_holds_up_no_other_user(
    made: Consuming, monkeypatch: pytest.MonkeyPatch, fault: type[BaseException]
) -> None:
    told: list[str] = []

    async def fails(events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        for one in events:
            assert isinstance(one.event, SessionChanged)
            if one.event.user_id == "poison":
                raise fault
        told.extend(one.event.user_id for one in events if isinstance(one.event, SessionChanged))
        return []

    monkeypatch.setattr(made, "deliver", fails)
    made.happen(A, "a", "poison", "b", "poison", "c")
    await until(lambda: told == ["a", "b", "c"])
    assert made.consumer.retrying == 2 and not made.consumer.idle
    made.given_up_ms = 2000
    await until(lambda: made.consumer.delivering.dead == 2)
    made.happen(A, "d")
    await until(lambda: told == ["a", "b", "c", "d"] and made.consumer.idle)


async def test_an_event_that_cannot_be_judged_is_given_on(made: Consuming, monkeypatch: pytest.MonkeyPatch) -> None:
    def wants(event: SessionChanged) -> bool:
        if event.user_id == "poison":
            raise ValueError("a fault of ours")
        return event.user_id != "unwanted"

    monkeypatch.setattr(made.consumer._shards[A], "_wants", wants)
    made.happen(A, "a", "unwanted", "poison", "b")
    await until(lambda: made.seen == ["a", "poison", "b"] and made.consumer.idle)


async def test_a_store_that_fails_is_asked_again(made: Consuming, monkeypatch: pytest.MonkeyPatch) -> None:
    read, commit = made.store.events.read, made.store.events.commit
    faults = [True, True]

    def fails(*args: int) -> tuple[list[KeptEvent], int]:
        if faults:
            faults.pop()
            raise StoreError("not now")
        return read(*args)

    monkeypatch.setattr(made.store.events, "read", fails)
    made.happen(A, "a1")
    await until(lambda: made.seen == ["a1"] and made.consumer.idle)

    def no(*_: object) -> None:
        raise StoreError("not now")

    monkeypatch.setattr(made.store.events, "commit", no)
    await made.consumer.commit()
    assert made.had(A) == 0
    monkeypatch.setattr(made.store.events, "commit", commit)
    await made.consumer.commit()
    assert made.had(A) == 1


async def test_other_kinds_are_passed_over(made: Consuming) -> None:
    claim = made.store.claim([A])[A]
    full = GroupFull(1, ConversationFacts("g:a", "Public", "n", "o", 2))
    append_now(made.store, [ShardAppend(A, claim.epoch, claim.position, (), (full,))])
    made.happen(A, "a1")
    await until(lambda: made.seen == ["a1"] and made.consumer.idle)
    await made.consumer.commit()
    assert made.had(A) == 2


async def test_a_store_that_cannot_be_written_is_no_reason_not_to_begin(  # ST-04
    made: Consuming, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: made.consumer.idle)
    made.consumer._closing = True
    made.happen(A, "before")
    register = made.store.events.register

    def no(*_: object) -> None:
        raise StoreError("full")

    made.store.events.unregister("one")
    monkeypatch.setattr(made.store.events, "register", no)
    made.consumer = made.make()
    made.consumer.start()
    assert made.store.events.consumers() == {}
    made.happen(A, "a1")
    await until(lambda: made.seen == ["a1"] and made.consumer.idle)
    await made.consumer.commit()
    assert made.store.events.consumers() == {}, "still not"
    monkeypatch.setattr(made.store.events, "register", register)
    made.happen(A, "a2")
    await until(lambda: made.seen == ["a1", "a2"] and made.consumer.idle)
    await made.consumer.commit()
    assert made.had(A) == 3


async def test_who_registers_late_loses_nothing_that_waits(made: Consuming, monkeypatch: pytest.MonkeyPatch) -> None:
    made.consumer._closing = True
    made.store.events.unregister("one")

    def no(*_: object) -> None:
        raise StoreError("full")

    made.refuse = {"a1"}
    with monkeypatch.context() as full:
        full.setattr(made.store.events, "register", no)
        made.consumer = made.make()
        made.consumer.start()
        made.happen(A, "a1", "a2")
        await until(lambda: made.seen)
        await made.consumer.commit()
    await made.consumer.commit()
    assert made.had(A) == 0, "it is registered, though it has had nothing"
    made.happen(B, "b1")
    await until(lambda: made.consumer.delivered == 1)
    await until(lambda: made.consumer.waiting_first[B] == 2)
    await made.consumer.commit()
    assert (made.had(A), made.had(B)) == (0, 1)


async def test_an_outbox_forgets_who_is_not_there_any_more(made: Consuming, caplog: pytest.LogCaptureFixture) -> None:
    made.happen(A, "a1")
    loop = asyncio.get_running_loop()
    outbox = Outbox(made.store.events, {"two": made.subscription}, made.workers[1], loop)
    assert set(made.store.events.consumers()) == {"two"} and outbox.wanted == SESSIONS
    (said,) = [row.getMessage() for row in caplog.records if "not in the settings" in row.getMessage()]
    assert said.endswith("consumer=one events=1 dead_letters=0")
    assert outbox.counted() == {
        "events_delivered.two": 0,
        "events_dead.two": 0,
        "events_dropped.two": 0,
        "events_waiting.two": 0,
    }
    await outbox.close(1)
    outbox.stop()
    none = Outbox(made.store.events, {}, made.workers[1], loop)
    assert none.wanted == frozenset() and made.store.events.consumers() == {}
    made.store.events.register("one")


async def by_user(made: Consuming, events: Sequence[KeptEvent]) -> Sequence[KeptEvent]:
    """Takes all but what `refuse` names, and then what follows of the same user."""
    made.seen += [one.event.user_id for one in events if isinstance(one.event, SessionChanged)]
    return [one for one in events if isinstance(one.event, SessionChanged) and one.event.user_id in made.refuse]


async def test_what_is_not_taken_of_one_user_holds_up_no_other(made: Consuming) -> None:
    made.one_user_at_a_time = True
    made.refuse = {"bad"}
    made.happen(A, "a1", "bad", "a2")
    await until(lambda: made.seen.count("bad") > 2)
    for n in range(150):
        made.happen(A, f"later{n}")
    made.happen(A, "bad", "last")
    await until(lambda: "last" in made.seen)
    assert [made.seen.count(name) for name in ("a1", "a2", "later0", "later149", "last")] == [1] * 5
    await made.consumer.commit()
    assert made.had(A) == 1, "not beyond what was not taken"
    made.refuse = set()
    made.seen.clear()
    await until(lambda: made.consumer.idle)
    assert made.seen == ["bad", "bad"] and made.consumer.delivered == 155
    await made.consumer.commit()
    assert made.had(A) == 155


async def test_a_consumer_that_refuses_too_many_users_waits(made: Consuming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.outbox.retry_queue.KEYS_MAX", 3)
    made.one_user_at_a_time = True
    made.refuse = {f"bad{n}" for n in range(9)}
    made.happen(A, *sorted(made.refuse), "good")
    await until(lambda: made.seen.count("bad2") > 2)
    assert "bad3" not in made.seen and "good" not in made.seen
    made.refuse = {"bad1"}
    await until(lambda: "good" in made.seen)
    await made.consumer.commit()
    assert made.had(A) == 1 and made.seen.index("bad8") < made.seen.index("good")


async def test_what_was_taken_beyond_what_waits_comes_again_after_a_start(made: Consuming) -> None:
    made.one_user_at_a_time = True
    made.refuse = {"bad"}
    made.happen(A, "a1", "bad", "a2")
    await until(lambda: made.seen.count("bad") > 1)
    await made.consumer.close(0)
    assert made.had(A) == 1
    made.refuse = set()
    made.seen.clear()
    made.consumer = made.make()
    made.consumer.start()
    await until(lambda: made.seen == ["bad", "a2"])


async def test_who_takes_events_hears_which_were_dropped(made: Consuming) -> None:
    made.one_user_at_a_time = True
    made.refuse = {"bad", "worse"}
    made.happen(A, "bad", "worse", time_ms=1)
    await until(lambda: made.seen.count("worse") > 1)
    assert made.store.events.trim_step(Bounds(500, 1 << 40)) == 2
    await until(lambda: made.consumer.idle)
    assert sorted(made.forgotten) == [(A, 1), (A, 2)]


# -- dead letters, pauses, replays (CB-04)


async def test_what_is_refused_for_good_becomes_a_dead_letter_at_once(
    made: Consuming, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def deliver(events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        made.seen += [one.event.user_id for one in events if isinstance(one.event, SessionChanged)]
        bad = [one for one in events if isinstance(one.event, SessionChanged) and one.event.user_id == "bad"]
        return [Untaken(one, "never", for_good=True) for one in bad[:1]] + [Untaken(one) for one in bad[1:]]

    monkeypatch.setattr(made.consumer.delivering.destination, "deliver", deliver)
    made.happen(A, "a1", "bad", "bad", "a2")
    await until(lambda: made.consumer.idle and "a2" in made.seen)
    letters = made.store.events.dead_letters.page("one", 0, 9, 1 << 20)
    assert [(one.letter.number, one.letter.reason, one.letter.dead_ms) for one in letters] == [
        (2, "never", 5000),
        (3, "never", 5000),
    ]
    assert made.forgotten == [(A, 2), (A, 3)] and made.consumer.delivering.dead == 2 and made.consumer.delivered == 2
    await made.consumer.commit()
    assert made.had(A) == 4, "the consumer has gone past them"


async def test_what_was_tried_until_it_is_too_old_becomes_a_dead_letter(made: Consuming) -> None:
    made.one_user_at_a_time = True
    made.refuse = {"bad"}
    made.happen(A, "bad", "good", "bad", time_ms=1000)
    await until(lambda: made.seen.count("bad") > 4)
    assert made.store.events.dead_letters.state("one").letters == 0
    made.given_up_ms = 1001
    await until(lambda: made.consumer.idle)
    assert made.store.events.dead_letters.state("one").letters == 2 and made.seen.count("good") == 1
    await made.consumer.commit()
    assert made.had(A) == 3


async def test_a_dead_letter_that_cannot_be_kept_is_given_on_again(
    made: Consuming, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.one_user_at_a_time = True
    made.refuse = {"bad"}
    made.given_up_ms = 2000
    bury = made.store.events.dead_letters.bury

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(made.store.events.dead_letters, "bury", full)
    made.happen(A, "bad", "good", time_ms=1000)
    await until(lambda: made.seen.count("bad") > 2 and "good" in made.seen)
    await made.consumer.commit()
    assert made.had(A) == 0, "it is lost at no point"
    monkeypatch.setattr(made.store.events.dead_letters, "bury", bury)
    await until(lambda: made.consumer.idle)
    assert made.store.events.dead_letters.state("one").letters == 1 and made.had(A) == 2


async def test_a_dead_receiver_costs_few_requests_and_its_return_brings_everything(
    made: Consuming, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "PAUSE_S", 3600.0)
    monkeypatch.setattr(consumer_module, "PAUSE_MAX_S", 7200.0)
    await made.start_again()
    made.one_user_at_a_time = True
    users = [f"u{n}" for n in range(3000)]
    made.refuse = set(users)
    for n in range(0, 3000, 50):
        made.happen(n % SHARDS, *users[n : n + 50])
    await until(lambda: made.consumer.refused)
    await asyncio.sleep(0)
    assert len(made.seen) <= 2 * FAILURES_MAX
    assert made.consumer.retry_in_s == pytest.approx(3600, rel=0.3)
    made.refuse.clear()
    made.seen.clear()
    await made.consumer.resume()
    await until(lambda: made.consumer.idle)
    assert sorted(made.seen) == sorted(users) and not made.consumer.refused


async def test_while_it_pauses_what_was_tried_before_is_given_up(
    made: Consuming, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.one_user_at_a_time = True
    users = [f"u{n}" for n in range(FAILURES_MAX)]
    made.refuse = {*users, "new"}
    made.happen(A, *users[:10], time_ms=1000)
    made.happen(B, *users[10:], time_ms=1000)
    await until(lambda: made.consumer.refused)
    made.given_up_ms = 1001
    made.happen(A, "new", time_ms=2000)
    await until(lambda: made.store.events.dead_letters.state("one").letters == FAILURES_MAX)
    await until(lambda: made.consumer.retrying == made.consumer.retrying_keys == 1, "the new one waits")
    assert {one.letter.reason for one in made.store.events.dead_letters.page("one", 0, 99, 1 << 20)} == {"refused"}


async def test_a_paused_consumer_stays_paused_after_a_start_and_loses_nothing(made: Consuming) -> None:
    made.happen(A, "a1")
    await until(lambda: made.consumer.idle and made.seen == ["a1"])
    await made.consumer.pause()
    made.happen(A, "a2")
    assert made.consumer.idle and made.consumer.waiting(made.store.events.following()) == 1
    await made.consumer.close(0)
    made.consumer = made.make()
    made.consumer.start()
    made.happen(B, "b1")
    assert made.consumer.paused_ms == 5000 and made.consumer.idle and made.seen == ["a1"]
    await made.consumer.resume()
    await until(lambda: made.consumer.idle)
    assert sorted(made.seen) == ["a1", "a2", "b1"] and made.store.events.dead_letters.state("one").paused_ms == 0


async def test_pausing_ends_the_wait_for_another_try(made: Consuming, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "PAUSE_S", 3600.0)
    await made.start_again()
    made.refuse = {"a1"}
    made.happen(A, "a1")
    await until(lambda: made.consumer.retrying == 1)
    await made.consumer.pause()
    await until(lambda: made.consumer.idle)
    made.refuse = set()
    await made.consumer.resume()
    await until(lambda: made.consumer.idle)
    assert made.seen == ["a1", "a1"] and made.consumer.retrying == 0


async def test_a_replay_brings_what_is_kept_since_then_in_order_and_loses_nothing_that_waits(made: Consuming) -> None:
    made.one_user_at_a_time = True
    made.refuse = {"bad"}
    for number, user in enumerate(["a", "bad", "b", "bad", "c"]):
        made.happen(A, user, time_ms=1000 + number)
    made.happen(B, "d", time_ms=1003)
    await until(lambda: "c" in made.seen and "d" in made.seen and made.consumer.retrying == 2)
    made.seen.clear()
    assert await made.consumer.replay(1003) == 3, "of shard A the last two, of shard B the one"
    await until(lambda: {"c", "d"} <= set(made.seen))
    made.refuse = set()
    made.seen.clear()
    await until(lambda: made.consumer.idle)
    assert made.seen == ["bad", "bad"], "the one that waited, and then the one that comes again"
    await made.consumer.commit()
    assert made.had(A) == 5
    assert await made.consumer.replay(9999) == 0, "it never leaves out what it has not had"
    made.seen.clear()
    assert await made.consumer.replay(0) == 6
    assert made.had(A) == 0, "a crash now repeats them too"
    await until(lambda: made.consumer.idle)
    assert [user for user in made.seen if user != "d"] == ["a", "bad", "b", "bad", "c"]


async def test_a_consumer_of_an_earlier_version_goes_on_under_its_new_name(made: Consuming) -> None:
    events = made.store.events
    events.register("state-change")
    made.happen(A, "a1", "a2")
    events.commit("state-change", {A: 2})
    loop = asyncio.get_running_loop()
    for kept in ({A: 2}, {A: 3}):
        outbox = Outbox(events, {"callbacks": made.subscription}, made.workers[1], loop)
        assert set(events.consumers()) == {"callbacks"} and events.consumers()["callbacks"][A] == kept[A]
        events.register("state-change")
        events.commit("callbacks", {A: 3})
        await outbox.close(0)
        outbox.stop()
    events.register("one")


async def test_a_consumer_whose_place_is_taken_cuts_off_nothing_and_begins_nothing(
    made: Consuming, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-03: what is with the destination is waited for, or it would come again; the rest is for who comes next."""
    released, given = asyncio.Event(), list[int]()
    deliver = made.deliver

    async def slowly(events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        given.append(len(events))
        await released.wait()
        return await deliver(events)

    monkeypatch.setattr(made, "deliver", slowly)
    made.happen(A, "a1", "a2")
    await until(lambda: given == [2], "they are with the destination")
    made.happen(A, "a3")
    closing = asyncio.create_task(made.consumer.close(10 * PATIENCE_S, goes_on=True))
    await until(lambda: made.consumer._closing)
    made.happen(A, "a4")
    released.set()
    await closing
    assert made.seen == ["a1", "a2"] and made.had(A) == 2
    made.consumer = made.make()
    made.consumer.start()
    await until(lambda: made.seen == ["a1", "a2", "a3", "a4"])
