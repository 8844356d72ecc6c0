"""Events through the dispatcher: kept with what they tell of, or not at all (docs/adr/0023)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor.events import AnyEvent, EventKind, MembersEntered, MessagePassed, SessionChanged
from rcim.base.ids import SHARDS, shard_of
from rcim.base.terms import Platform
from rcim.store.backend import FullError, WriteView
from rcim.store.check import check
from tests.kit import until
from tests.sim.test_dispatcher import FlakyBackend, Sim, create, running, send

WANTED = frozenset({EventKind.MESSAGE_PASSED, EventKind.MEMBERS_ENTERED, EventKind.SESSION_CHANGED})


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


def wanting(seed: int = 0, wanted: frozenset[EventKind] = WANTED) -> Sim:
    sim = Sim(seed=seed)
    sim.dispatcher._app_state.wanted_events = wanted
    sim.store.events.register("one")
    return sim


def events_of(sim: Sim) -> list[AnyEvent]:
    """All that are kept, shard by shard."""
    return [one.event for shard in range(SHARDS) for one in sim.store.events.read(shard, 1, 100_000)[0]]


@pytest.mark.parametrize("seed", range(6))
async def test_every_message_has_its_event_and_nothing_else_has(seed: int) -> None:  # ST-01
    rng = random.Random(seed)
    sim = wanting(seed)
    keys = [f"g:{n}" for n in range(4)]
    for key in keys:
        assert isinstance(await sim.answer(key, create(key[2:], "u1", "u2")), o.Created)
    sim.backend.share = 0.5
    for _ in range(40):
        for _ in range(rng.randrange(1, 12)):
            user = rng.choice(["u1", "u2", "u3"])
            command: Any = rng.choice([send(user, f"c{rng.randrange(60)}"), c.JoinGroup(user, False, "")])
            sim.ask(rng.choice(keys), command)
        if rng.random() < 0.5:
            await until(lambda: len(sim.asker.answers) == len(sim.asked))
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    sim.backend.share = 0.0
    assert sim.backend.failed and check(sim.backend).faults == []
    told = events_of(sim)
    for key in keys:
        passed = [event.message for event in told if isinstance(event, MessagePassed) and event.where.key == key]
        sent = [message for message in sim.sink.seen.get(key, []) if message.tip is None]
        assert passed == sent and all(message.body for message in passed)
        entered = [event.users for event in told if isinstance(event, MembersEntered) and event.where.key == key]
        members = {member.user_id for member in sim.store.load_group(key, 0).members}
        assert {user for users in entered for user in users} == members - {"u0", "u1", "u2"}


async def test_nothing_is_kept_for_nobody() -> None:
    sim = wanting(wanted=frozenset())
    await sim.answer("g:a", create("a", "u1"))
    assert isinstance(await sim.answer("g:a", send("u1", "c1")), o.Sent)
    assert events_of(sim) == [] and sim.dispatcher.counted()["events_written"] == 0
    with sim.backend.read() as view:
        assert view.get("meta", b"events") is None, "not even a counter"


async def test_events_of_no_command_wait_for_a_commit_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:  # ID-07
    monkeypatch.setattr("rcim.dispatch.untold_events.PAUSE_S", 0.001)
    sim = wanting()
    woken: list[int] = []
    sim.dispatcher.wake_consumers(woken.extend)
    sim.backend.share = 1.0
    made = [SessionChanged(n, "u1", Platform.WEB, None) for n in range(5)]
    shard = shard_of("@:u1")
    for event in made[:3]:
        sim.dispatcher._committer.tell(shard, event)
    await until(lambda: sim.backend.failed > 2)
    assert events_of(sim) == [] and woken == []
    for event in made[3:]:
        sim.dispatcher._committer.tell(shard, event)
    sim.backend.share = 0.0
    await until(lambda: sim.dispatcher.idle)
    assert events_of(sim) == made and set(woken) == {shard}
    assert sim.dispatcher.counted()["events_lost"] == 0 and sim.dispatcher.counted()["events_written"] == 5


async def test_events_are_trimmed_between_commits() -> None:
    sim = wanting()
    for n in range(3):
        sim.dispatcher._committer.tell(1, SessionChanged(n, "u1", Platform.WEB, None))
    await until(lambda: sim.dispatcher.idle)
    retention = sim.dispatcher._retention
    assert retention.event_bounds().bytes_max == sim.dispatcher._limits.events_bytes_max
    assert retention._tidy_and_purge() and not retention._tidy_and_purge()
    assert events_of(sim) == [] and sim.store.events.dropped == {"one": 3}, "they were of 1970"


async def test_more_than_may_wait_is_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.dispatch.untold_events.UNTOLD_MAX", 3)
    sim = wanting()
    for n in range(5):
        sim.dispatcher._committer.tell(1, SessionChanged(n, "u1", Platform.WEB, None))
    await until(lambda: sim.dispatcher.idle)
    assert len(events_of(sim)) == 3 and sim.dispatcher.counted()["events_lost"] == 2


class NoRoomForEvents(FlakyBackend):
    """Once it is full it has room for records, and none for events."""

    full = False

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        with super().write(makes_room=makes_room) as view:
            before = view.get("meta", b"events")
            yield view
            if self.full and view.get("meta", b"events") != before:
                raise FullError("it is full")


async def test_no_command_is_refused_for_the_events_of_sessions_in_its_batch() -> None:  # ST-04
    sim = Sim(make_backend=NoRoomForEvents)
    sim.dispatcher._app_state.wanted_events = frozenset({EventKind.SESSION_CHANGED})
    await sim.answer("g:a", create("a", "u1"))
    assert isinstance(sim.backend, NoRoomForEvents)
    sim.backend.full = True
    sent = [sim.ask("g:a", send("u1", f"c{n}")) for n in range(2)]
    sim.dispatcher._committer.tell(1, SessionChanged(1, "u1", Platform.WEB, None))
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    assert all(isinstance(sim.asker.answers[token], o.Sent) for token in sent)
    assert sim.backend.failed == 0 and events_of(sim) == [], "the event waits"
    sim.backend.full = False
    sim.dispatcher._committer.untold._rested()
    await until(lambda: sim.dispatcher.idle)
    assert len(events_of(sim)) == 1 and sim.dispatcher.counted()["events_lost"] == 0


async def test_no_command_is_refused_for_what_another_one_has_no_room_for() -> None:  # ST-04
    sim = Sim(make_backend=NoRoomForEvents)
    sim.dispatcher._app_state.wanted_events = frozenset({EventKind.MESSAGE_PASSED})
    await sim.answer("g:a", msgspec.structs.replace(create("a"), type="AVChatRoom"))
    await sim.answer("g:b", create("b", "u1"))
    assert isinstance(await sim.answer("g:a", send("u0", "c1")), o.Sent), (
        "it reserves SEQs: the next one has no record"
    )
    assert isinstance(sim.backend, NoRoomForEvents)
    sim.backend.full = True
    unstored = sim.ask("g:a", send("u0", "c2"))
    goes = sim.ask("g:b", c.LeaveGroup("u1", False))
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    assert isinstance(sim.asker.answers[unstored], o.Refused) and isinstance(sim.asker.answers[goes], o.Done)


async def test_who_waits_for_events_hears_of_it_when_they_are_durable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # ID-07
    monkeypatch.setattr("rcim.dispatch.untold_events.PAUSE_S", 0.001)
    sim = wanting()
    committer = sim.dispatcher._committer
    heard: list[int] = []
    committer.after_told(1, lambda: heard.append(len(events_of(sim))))
    assert heard == [0], "nothing is to be waited for"
    sim.backend.share = 1.0
    committer.tell(1, SessionChanged(1, "u1", Platform.WEB, None))
    committer.after_told(1, lambda: heard.append(len(events_of(sim))))
    await until(lambda: sim.backend.failed > 2)
    assert heard == [0]
    sim.backend.share = 0.0
    await until(lambda: sim.dispatcher.idle)
    assert heard == [0, 1] and not committer._after_told
