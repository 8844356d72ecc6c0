"""How far a consumer has come is kept with the next append, or by itself; a replay is not undone by that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from rcim.actor.events import SessionChanged
from rcim.base.ids import SHARDS
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.dispatch.worker import Worker
from rcim.outbox.backoff import Backoff
from rcim.outbox.positions import Positions
from rcim.outbox.retry_queue import RetryQueue
from rcim.store.backend import MemoryBackend
from rcim.store.filling import append_now
from rcim.store.shard_log import ShardAppend
from rcim.store.store import Store
from tests.kit import until

A, B = 3, 7


class Kept:
    """A store in memory, and the positions of a consumer that has registered."""

    def __init__(self, commit_s: float) -> None:
        self.store = Store(MemoryBackend(), DEFAULTS)
        self.events = self.store.events
        self.worker = Worker(asyncio.get_running_loop(), "writing")
        queues = [RetryQueue(Backoff(1.0, 4.0)) for _ in range(SHARDS)]
        self.positions = Positions(self.events, "one", self.worker, queues, commit_s)
        self.positions.open()
        self.happen(A, 5)

    def happen(self, shard: int, count: int) -> None:
        claim = self.store.claim([shard])[shard]
        made = [SessionChanged(1, f"u{n}", Platform.WEB, None) for n in range(count)]
        append_now(self.store, [ShardAppend(shard, claim.epoch, claim.position, (), made)])

    @property
    def come(self) -> int:
        return self.events.consumers()["one"][A]


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    made = Kept(3600.0)
    yield made
    await made.positions.close()
    made.worker.stop()


async def test_an_append_keeps_what_was_offered(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.positions.next[A] = 3
    assert kept.positions._offer() and kept.come == 1
    kept.happen(B, 1)
    assert kept.come == 3
    commits = []
    monkeypatch.setattr(kept.events, "commit", lambda name, following: commits.append(following))
    await kept.positions.commit()
    assert commits == [], "nothing is left to keep"
    kept.positions.next[A] = 4
    await kept.positions.commit()
    assert commits == [{A: 4}]


async def test_what_no_append_has_kept_is_kept_at_the_end(kept: Kept) -> None:
    kept.positions.next[A] = 3
    kept.positions._offer()
    kept.positions.next[A] = 4
    await kept.positions.close()
    assert kept.come == 4


async def test_a_replay_is_not_undone_by_a_later_append(kept: Kept) -> None:
    kept.positions.next[A] = 5
    kept.positions._offer()
    await kept.positions.rewind({A: 2})
    kept.happen(B, 1)
    assert kept.come == 2


async def test_without_any_append_it_is_kept_by_itself() -> None:
    made = Kept(0.003)
    made.positions.next[A] = 3
    made.positions.soon()
    await until(lambda: made.come == 3)
    made.positions.next[A] = 4
    made.positions.soon()
    await until(lambda: made.come == 4)
    await made.positions.close()
    made.worker.stop()


async def test_what_changes_after_the_offer_is_kept_too(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Kept(0.003)
    commit_along = made.events.commit_along
    made.positions.next[A] = 3

    def changes(*args: object) -> object:
        made.positions.next[A] = 4
        made.positions.soon()
        return commit_along(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(made.events, "commit_along", changes)
    made.positions.soon()
    await until(lambda: made.come == 4)
    await made.positions.close()
    made.worker.stop()
