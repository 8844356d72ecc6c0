"""The dispatcher over a store in memory that fails when it is told to: from a seed, many histories of sends, joins,
reads and failing commits. Nothing is visible before it is durable, and a failed batch leaves no trace."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor import user_commands as u
from rcim.actor.records import Message
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import ApplyJoinOption, Priority
from rcim.dispatch.dispatcher import Dispatcher
from rcim.dispatch.requests import Delivery, Request
from rcim.rules.conversation_kinds import addressed
from rcim.rules.group_types import GroupType
from rcim.store.backend import DamagedError, FullError, MemoryBackend, StoreError, WriteView
from rcim.store.check import check
from rcim.store.connection_answers import ConnectionRow, ConnectionsPage
from rcim.store.shard_log import ShardLog
from rcim.store.store import Store
from tests.kit import PATIENCE_S, UNLIMITED, app_state, until

running: list[Sim] = []


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


class FlakyBackend(MemoryBackend):
    """Fails commits at random, after everything was written, as a full disk does."""

    def __init__(self, rng: random.Random, share: float) -> None:
        super().__init__()
        self.rng = rng
        self.share = share
        self.failed = 0

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        with super().write(makes_room=makes_room) as view:
            yield view
            if self.rng.random() < self.share:
                self.failed += 1
                raise StoreError("no room")


ROWS = [ConnectionRow(i, f"u{i}", 1, "", "", 0, 0, "") for i in (3, 5, 9)]


class DeliverySink:
    """Keeps what is delivered; every message has to be in the store by then."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.seen: dict[str, list[Message]] = {}
        self.members: dict[str, set[str]] = {}
        self.stuck: set[str] = set()
        self.silently: list[str] = []
        self.ended: list[tuple[str, Any]] = []
        self.online: set[str] | None = set()

    def congested(self, conversation: str) -> bool:
        return conversation in self.stuck

    def listening(self, conversation: str) -> bool:
        return True

    def look(self, query: q.Look, done: Callable[[Any], None]) -> None:
        if isinstance(query, q.OnlineQuery):
            done(None if self.online is None else sorted(self.online))
        else:
            done({"connections": 3} if isinstance(query, q.CountersQuery) else ROWS[: query.limit + 1])

    def deliver(self, conversation: str, deliveries: Sequence[Delivery]) -> None:
        messages = [one.message for one in deliveries]
        for message in messages:
            if message.message_id >> 63:
                continue  # of a type that stores none
            query = q.MessagesQuery(addressed(conversation), message.seq, message.seq, 1, False, 0, 0, message.seq, 1)
            (answer,) = self._store.answer_all([query])
            assert isinstance(answer, o.Page) and answer.messages == [message], "delivered before durable"
        self.seen.setdefault(conversation, []).extend(messages)

    def members_added(self, conversation: str, user_ids: Sequence[str]) -> None:
        self.members.setdefault(conversation, set()).update(user_ids)

    def member_gone(self, conversation: str, user_id: str, *why: Any) -> None:
        self.members[conversation].discard(user_id)

    def member_silenced(self, conversation: str, user_id: str, silent: bool) -> None:
        """Nothing is delivered to anyone here."""

    def conversation_gone(self, conversation: str, silently: bool, reason: Any) -> None:
        self.ended.append((conversation, reason))
        if silently:
            self.silently.append(conversation)
        self.members.get(conversation, set()).clear()

    def announce(self, conversation: str, change: Any) -> None:
        """Weak notices are not compared."""

    def tell(self, conversation: str, user_ids: Any, notice: e.Notice) -> None:
        """Notices are not compared."""

    def user_logged_out(self, user_id: str) -> None:
        """Nobody is logged in here."""

    def close_devices(self, user_id: str, connections: Sequence[int], code: int, text: str) -> None:
        """Nobody is logged in here."""

    def presence_barred(self, user_id: str, others: Sequence[str]) -> None:
        """Nobody is watched here."""

    def user_profile_changed(self, user_id: str, nickname: str, face_url: str, fields: Any) -> None:
        self.members.setdefault("profiles", set()).add(f"{user_id} {nickname}")


class Asker:
    """An origin that keeps its answers."""

    def __init__(self) -> None:
        self.answers: dict[int, Any] = {}
        self.room = 0

    def answer(self, token: int, result: Any) -> None:
        assert token not in self.answers, "answered twice"
        self.answers[token] = result

    def mailbox_drained(self, key: str) -> None:
        self.room += 1


class Sim:
    """A dispatcher, its store, and who asks."""

    def __init__(
        self,
        share: float = 0.0,
        seed: int = 0,
        limits: Limits = DEFAULTS,
        types: dict[str, GroupType] = UNLIMITED,
        backend: FlakyBackend | None = None,
        make_backend: Callable[[random.Random, float], FlakyBackend] = FlakyBackend,
    ) -> None:
        self.backend = backend or make_backend(random.Random(seed), 0.0)
        self.share = share
        self.store = Store(self.backend, limits)
        self.dispatcher = Dispatcher(
            self.store, app_state(types, limits), asyncio.get_running_loop(), shard_log=self.make_log()
        )
        self.sink = DeliverySink(self.store)
        self.dispatcher.start(self.sink)
        self.asker = Asker()
        self.asked: list[Any] = []
        running.append(self)

    def make_log(self) -> ShardLog:
        """Where its records go."""
        return self.store

    def ask(self, key: str, command: Any) -> int:
        self.asked.append((key, command))
        token = len(self.asked) - 1
        assert self.dispatcher.submit(Request(key, command, self.asker, token))
        return token

    async def answer(self, key: str, command: Any) -> Any:
        token = self.ask(key, command)
        await until(lambda: token in self.asker.answers)
        return self.asker.answers[token]


def create(group: str, *members: str) -> c.CreateGroup:
    return c.CreateGroup(
        "u0", False, group, "Public", "n", "", "", "", ApplyJoinOption.FREE_ACCESS, list(members), "u0"
    )


def send(by: str, name: str) -> c.SendMessage:
    return c.SendMessage(by, False, "", "", name, Priority.NORMAL, b"b")


@pytest.mark.parametrize("seed", range(12))
async def test_seeded_histories_with_failing_commits(seed: int) -> None:  # MS-01, MS-02, ST-01, ST-04
    rng = random.Random(seed)
    sim = Sim(seed=seed)
    keys = [f"g:{i}" for i in range(4)]
    for key in keys:
        assert isinstance(await sim.answer(key, create(key[2:], "u1", "u2")), o.Created)
    sim.backend.share = rng.choice([0.0, 0.1, 0.5])
    for _ in range(60):
        for _ in range(rng.randrange(1, 12)):
            key, user = rng.choice(keys), rng.choice(["u0", "u1", "u2", "u3"])
            command: Any = rng.choice(
                [
                    send(user, f"c{rng.randrange(60)}"),
                    send(user, f"c{rng.randrange(60)}"),
                    c.JoinGroup(user, False, ""),
                    c.LeaveGroup(user, False),
                    c.ReadInfo(user, True),
                    c.ReadHistory(user, True, 0, 0, 5, True, 0, 0),
                ]
            )
            sim.ask(key, command)
        if rng.random() < 0.5:
            await until(lambda: len(sim.asker.answers) == len(sim.asked))
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    sim.backend.share = 0.0
    _check_history(sim, keys)


def _check_history(sim: Sim, keys: list[str]) -> None:
    assert check(sim.backend).faults == []
    by_id: dict[tuple[str, str, str], int] = {}
    for key in keys:
        seen = sim.sink.seen.get(key, [])
        assert [m.seq for m in seen] == list(range(1, len(seen) + 1)), "delivered in order, without a gap, each once"
        kept = sim.store.load_group(key, 0)
        assert kept.next_seq == len(seen) + 1 and kept.recent == seen
        assert sim.sink.members[key] == {m.user_id for m in kept.members}
        by_id |= {(key, m.sender, m.client_msg_id): m.seq for m in seen}
    refused = 0
    for token, (key, command) in enumerate(sim.asked):
        result = sim.asker.answers[token]
        if isinstance(command, c.SendMessage):
            if isinstance(result, o.Sent):
                assert by_id[(key, command.by, command.client_msg_id)] == result.seq, "acknowledged and kept"
            else:
                assert isinstance(result, o.Refused)
        refused += isinstance(result, o.Refused) and result.code.name == "STORE_UNAVAILABLE"
    assert bool(refused) == bool(sim.backend.failed)


async def test_answers_come_in_the_order_of_asking() -> None:  # WI-06
    sim = Sim()
    await sim.answer("g:a", create("a"))
    tokens = [sim.ask("g:a", send("u0", f"c{i}")) for i in range(300)]
    await until(lambda: tokens[-1] in sim.asker.answers)
    assert [sim.asker.answers[t].seq for t in tokens] == list(range(1, 301))
    assert list(sim.asker.answers)[1:] == tokens


async def test_many_conversations_share_a_commit() -> None:
    sim = Sim()
    go_on = threading.Event()
    # However long the conversations take to load, the first commit takes longer.
    sim.dispatcher.writing.do(lambda: go_on.wait(PATIENCE_S))
    for i in range(100):
        sim.ask(f"g:{i}", create(str(i)))
    await until(lambda: all(sim.dispatcher._mailboxes[f"g:{i}"].actor is not None for i in range(100)))
    go_on.set()
    await until(lambda: len(sim.asker.answers) == 100)
    assert sim.dispatcher.counters.records == 100 and sim.dispatcher.counters.commits <= 2, (
        "the first, and all others"
    )


async def test_a_mailbox_is_bounded_and_tells_who_waits() -> None:
    sim = Sim(limits=replace(DEFAULTS, mailbox_max=8, batch_max=4))
    await sim.answer("g:a", create("a"))
    taken = 0
    while sim.dispatcher.submit(Request("g:a", send("u0", f"c{taken}"), sim.asker, 100 + taken)):
        taken += 1
    assert taken == 8
    assert sim.dispatcher.submit(Request("g:b", send("u0", "x"), sim.asker, 50)), "others have room"
    await until(lambda: sim.asker.room == 1)
    await until(lambda: 107 in sim.asker.answers and 50 in sim.asker.answers)


async def test_one_busy_conversation_does_not_hold_up_another() -> None:
    sim = Sim(limits=replace(DEFAULTS, batch_max=8))
    await sim.answer("g:hot", create("hot"))
    await sim.answer("g:cold", create("cold"))
    hot = [sim.ask("g:hot", send("u0", f"c{i}")) for i in range(500)]
    cold = sim.ask("g:cold", send("u0", "c"))
    await until(lambda: hot[-1] in sim.asker.answers and cold in sim.asker.answers)
    order = list(sim.asker.answers)
    assert order.index(cold) < order.index(hot[20])


async def test_an_outlet_that_is_congested_pauses_the_actor() -> None:
    sim = Sim()
    await sim.answer("g:a", create("a"))
    await sim.answer("g:b", create("b"))
    sim.sink.stuck.add("g:a")
    stuck, free = sim.ask("g:a", send("u0", "c")), sim.ask("g:b", send("u0", "c"))
    await until(lambda: free in sim.asker.answers)
    assert stuck not in sim.asker.answers
    sim.sink.stuck.clear()
    sim.dispatcher.resume("g:a")
    await until(lambda: stuck in sim.asker.answers)


async def test_a_fault_of_ours_takes_nobody_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Sim()
    await sim.answer("g:a", create("a"))
    await sim.answer("g:b", create("b"))
    first, bad, after = (sim.ask("g:a", x) for x in (send("u0", "c1"), object(), send("u0", "c2")))
    other = sim.ask("g:b", send("u0", "c"))
    await until(lambda: {first, bad, after, other} <= set(sim.asker.answers))
    assert sim.asker.answers[bad].code.name == "SERVER_ERROR"
    assert [sim.asker.answers[t].seq for t in (first, after, other)] == [1, 2, 1]


async def test_idle_actors_leave_memory_and_come_back() -> None:
    sim = Sim(limits=replace(DEFAULTS, actor_idle_ms=100))
    await sim.answer("g:a", create("a"))
    await until(lambda: sim.dispatcher.loaded == 0)
    sent = await sim.answer("g:a", send("u0", "c1"))
    assert sent.seq == 1


async def test_groups_that_are_not_there_stay_out_of_memory() -> None:
    sim = Sim()
    for i in range(50):
        refused = await sim.answer(f"g:none{i}", send("u0", "c"))
        assert refused.code.name == "NO_SUCH_GROUP"
    assert sim.dispatcher.loaded == 0


async def test_profiles_are_kept_and_told() -> None:
    sim = Sim()
    assert await sim.answer("@:bob", u.SetUserProfile("bob", False, "Bob", "")) == o.Done()
    assert await sim.answer("@:bob", u.SetUserProfile("bob", False, "Bob", "")) == o.Done()
    assert sim.sink.members["profiles"] == {"bob Bob"} and sim.dispatcher.counters.records == 1


async def test_a_failed_load_does_not_make_two_actors(monkeypatch: pytest.MonkeyPatch) -> None:  # MS-01
    sim = Sim(limits=replace(DEFAULTS, mailbox_max=1))
    await sim.answer("g:a", create("a"))
    sim.dispatcher._mailboxes.clear()
    load, failing = sim.store.load_group, [True]

    def flaky(key: str, now_ms: int) -> Any:
        if failing:
            failing.pop()
            raise StoreError("not now")
        return load(key, now_ms)

    monkeypatch.setattr(sim.store, "load_group", flaky)

    class Waiter(Asker):
        """Submits again when there is room, as a connection does."""

        def mailbox_drained(self, key: str) -> None:
            assert sim.dispatcher.submit(Request("g:a", send("u0", "held"), self, 1))

    waiter = Waiter()
    first = sim.ask("g:a", send("u0", "first"))
    assert not sim.dispatcher.submit(Request("g:a", send("u0", "held"), waiter, 1))
    await until(lambda: first in sim.asker.answers)
    results = []
    for i in range(3):
        request = Request("g:a", send("u0", f"c{i}"), sim.asker, 900 + i)
        await until(lambda request=request: sim.dispatcher.submit(request))
        await until(lambda i=i: 900 + i in sim.asker.answers)
        results.append(sim.asker.answers[900 + i].seq)
    await until(lambda: 1 in waiter.answers)
    assert sorted([waiter.answers[1].seq, *results]) == [1, 2, 3, 4]
    assert check(sim.backend).faults == []


async def test_a_fault_in_giving_out_is_its_receivers() -> None:
    sim = Sim()
    await sim.answer("g:a", create("a"))

    class Broken(Asker):
        def answer(self, token: int, result: Any) -> None:
            raise RuntimeError("broken")

    for i in range(5):
        assert sim.dispatcher.submit(Request("g:a", send("u0", f"b{i}"), Broken(), i))
    good = sim.ask("g:a", send("u0", "good"))
    await until(lambda: good in sim.asker.answers)
    assert sim.asker.answers[good].seq == 6 and len(sim.sink.seen["g:a"]) == 6


async def test_a_failed_load_loses_nobody_elses_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Sim()
    for key in ("g:a", "g:b"):
        await sim.answer(key, create(key[2:]))
    load = sim.store.load_group
    hold, entered = threading.Event(), threading.Event()

    def failing(key: str, now_ms: int) -> Any:
        if key != "g:bad":
            return load(key, now_ms)
        entered.set()
        hold.wait(PATIENCE_S)
        raise StoreError("not now")

    monkeypatch.setattr(sim.store, "load_group", failing)
    tokens = [sim.ask("g:bad", send("u0", "1"))]
    await until(entered.is_set)
    for i in range(20):
        tokens += [
            sim.ask("g:bad", send("u0", f"x{i}")),
            sim.ask("g:a", send("u0", f"{i}")),
            sim.ask("g:b", send("u0", f"{i}")),
        ]
        if i == 10:
            hold.set()
        await asyncio.sleep(0)
    await until(lambda: set(tokens) <= set(sim.asker.answers))
    for key in ("g:a", "g:b"):
        assert [m.seq for m in sim.sink.seen[key]] == list(range(1, 21))
    assert check(sim.backend).faults == []


async def test_looking_at_connections() -> None:  # AB-01
    sim = Sim()
    sim.dispatcher.ask(Request("", q.ConnectionsQuery(0, 2, ""), sim.asker, 900))
    sim.dispatcher.ask(Request("", q.ConnectionsQuery(0, 3, ""), sim.asker, 901))
    sim.dispatcher.ask(Request("", q.CountersQuery(), sim.asker, 902))
    assert sim.asker.answers[900] == ConnectionsPage(ROWS[:2], 5)
    assert sim.asker.answers[901] == ConnectionsPage(ROWS, 0)
    counted = sim.asker.answers[902].values
    assert counted["connections"] == 3 and counted["commits"] == 0 and counted["uptime_ms"] >= 0


class FullBackend(FlakyBackend):
    """Has room only for what makes room, once it is full."""

    full = False

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        with super().write(makes_room=makes_room) as view:
            yield view
            if self.full and not makes_room:
                raise FullError("it is full")


async def test_who_makes_room_is_not_refused_for_the_sends_in_its_batch() -> None:  # ST-04
    sim = Sim(make_backend=FullBackend)
    for group in ("a", "b"):
        await sim.answer(f"g:{group}", create(group, "u1", "u2", "u3"))
    assert isinstance(sim.backend, FullBackend)
    sim.backend.full = True
    sends = [sim.ask("g:a", send("u1", "c1")), sim.ask("g:b", send("u1", "c2")), sim.ask("g:a", send("u2", "c3"))]
    goes = [
        sim.ask("g:a", c.LeaveGroup("u1", False)),
        sim.ask("g:a", c.KickMembers("u0", False, ["u3"], "")),
        sim.ask("g:b", c.DissolveGroup("u0", False)),
    ]
    after = sim.ask("g:a", send("u2", "c4"))
    await until(lambda: len(sim.asker.answers) >= len(sim.asked))
    assert all(isinstance(sim.asker.answers[token], o.Refused) for token in [*sends, after])
    assert all(isinstance(sim.asker.answers[token], o.Done) for token in goes)
    assert {m.user_id for m in sim.store.load_group("g:a", 0).members} == {"u0", "u2"}
    assert sim.store.load_group("g:b", 0).profile is None
    sim.backend.full = False
    assert (await sim.answer("g:a", send("u2", "c5"))).seq == 3, "behind the tips that two have gone"
    assert check(sim.backend).faults == []


class DamagedBackend(FlakyBackend):
    """What is kept of the messages of g:a can't be written."""

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        with super().write(makes_room=makes_room) as view:
            yield view
            if any(True for _ in view.scan("messages", b"g:a\0", b"g:a\1")):
                raise DamagedError("it is damaged")


async def test_what_is_damaged_is_refused_and_nobody_else() -> None:  # ST-03
    sim = Sim(make_backend=DamagedBackend)
    for group in ("a", "b", "c"):
        await sim.answer(f"g:{group}", create(group, "u1"))
    tokens = {group: [sim.ask(f"g:{group}", send("u1", f"c{n}")) for n in range(3)] for group in "abc"}
    await until(lambda: len(sim.asker.answers) >= len(sim.asked))
    answers = {group: [sim.asker.answers[token] for token in asked] for group, asked in tokens.items()}
    assert all(isinstance(answer, o.Refused) for answer in answers["a"])
    assert [answer.seq for group in "bc" for answer in answers[group]] == [1, 2, 3, 1, 2, 3]
