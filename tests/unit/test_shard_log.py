"""The contract of a shard log: the same cases for LMDB, for its twin in memory, and for the faulty one (ST-01)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from rcim.actor import records as r
from rcim.base.ids import SHARDS, message_id, shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, FullError, LmdbBackend, MemoryBackend, StoreError, WriteView
from rcim.store.check import check
from rcim.store.shard_log import (
    Appended,
    AppendFailed,
    AppendResult,
    Claim,
    Fenced,
    Full,
    ShardAppend,
    ShardLog,
    Unavailable,
)
from rcim.store.store import Store
from tests.faulty_log import FaultyLog

A, B = "g:a", "g:b"
assert shard_of(A) != shard_of(B)


class Made:
    """A log over a backend, and what is told of its appends."""

    def __init__(self, backend: Backend, faulty: bool) -> None:
        self.backend = backend
        self.store = Store(backend, DEFAULTS)
        self.log: ShardLog = FaultyLog(self.store) if faulty else self.store

    def claim(self, *conversations: str) -> dict[str, Claim]:
        shards = {key: shard_of(key) for key in conversations}
        found = self.log.claim(shards.values())
        return {key: found[shard] for key, shard in shards.items()}

    def append(self, *appends: ShardAppend) -> dict[int, AppendResult]:
        """By shard; each is told of once."""
        told: list[AppendResult] = []
        self.log.append(appends, 5, 0, told.extend)
        assert sorted(result.shard for result in told) == sorted(append.shard for append in appends)
        return {result.shard: result for result in told}


@pytest.fixture(params=["lmdb", "memory", "faulty"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    backend: Backend = LmdbBackend(tmp_path / "store") if request.param == "lmdb" else MemoryBackend()
    yield Made(backend, request.param == "faulty")
    backend.close()


def created(key: str) -> r.GroupCreated:
    profile = r.Profile(key[2:], "Public", "n", "", "", "", "alice", 5, ApplyJoinOption.FREE_ACCESS, 0, 1)
    return r.GroupCreated(key, profile, [], 5)


def sent(key: str, seq: int) -> r.MessageKept:
    id_ = message_id(shard_of(key), seq + 1)
    return r.MessageKept(key, r.Message(seq, seq, id_, Priority.LOW, "alice", "", "", "", f"c{seq}", b""))


def append(key: str, claim: Claim, records: Sequence[r.Record], behind: int = 0) -> ShardAppend:
    return ShardAppend(shard_of(key), claim.epoch, claim.position + behind, records)


def test_an_empty_log_is_claimed_at_its_first_record(made: Made) -> None:
    claims = made.log.claim(range(SHARDS))
    assert set(claims) == set(range(SHARDS)) and set(claims.values()) == {Claim(1, 1)}


def test_an_append_says_where_the_shard_goes_on_and_is_in_the_view(made: Made) -> None:
    claims = made.claim(A, B)
    told = made.append(append(A, claims[A], [created(A), sent(A, 1)]), append(B, claims[B], [created(B)]))
    assert told == {shard_of(A): Appended(shard_of(A), 3), shard_of(B): Appended(shard_of(B), 2)}
    assert made.store.load_group(A, 0).next_seq == 2 and made.store.load_group(B, 0).profile is not None
    assert made.claim(A, B) == {A: Claim(1, 3), B: Claim(1, 2)}, "claiming one's own again changes nothing"
    assert made.store.newest_ms() == 5 and check(made.backend).faults == []


@pytest.mark.parametrize("behind", [-1, 1])
def test_a_position_that_is_not_the_next_fails_alone(made: Made, behind: int) -> None:
    claims = made.claim(A, B)
    made.append(append(A, claims[A], [created(A)]), append(B, claims[B], [created(B)]))
    claims = made.claim(A, B)
    told = made.append(append(A, claims[A], [sent(A, 1)], behind), append(B, claims[B], [sent(B, 1)]))
    failed = told[shard_of(A)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, Unavailable)
    assert told[shard_of(B)] == Appended(shard_of(B), 3)
    assert made.store.load_group(A, 0).next_seq == 1 and made.store.load_group(B, 0).next_seq == 2


def test_an_append_is_kept_whole_or_not_at_all(made: Made) -> None:
    claims = made.claim(A)
    told = made.append(append(A, claims[A], [created(A), sent(A, 1), sent(A, 7)]))
    failed = told[shard_of(A)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, StoreError)
    assert made.store.load_group(A, 0).profile is None and made.claim(A) == claims


def test_who_had_a_shard_before_is_fenced_and_others_are_not(made: Made) -> None:
    claims = made.claim(A, B)
    other = Store(made.backend, DEFAULTS)
    assert other.claim([shard_of(A)]) == {shard_of(A): Claim(2, 1)}
    told = made.append(append(A, claims[A], [created(A)]), append(B, claims[B], [created(B)]))
    failed = told[shard_of(A)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, Fenced)
    assert told[shard_of(B)] == Appended(shard_of(B), 2)
    with pytest.raises(Fenced):
        made.log.claim([shard_of(A)])
    assert made.store.load_group(A, 0).profile is None
    results: list[AppendResult] = []
    other.append([ShardAppend(shard_of(A), 2, 1, [created(A)])], 5, 0, results.extend)
    assert results == [Appended(shard_of(A), 2)]


def test_a_store_that_was_never_claimed_has_epoch_zero(made: Made) -> None:
    with made.backend.read() as view:
        assert view.get("meta", b"epochs") is None
    made.claim(A)
    with made.backend.read() as view:
        row = view.get("meta", b"epochs") or b""
    assert [keys.U64.unpack_from(row, 8 * n)[0] for n in range(SHARDS)] == [n == shard_of(A) for n in range(SHARDS)]


class ClosingBackend(MemoryBackend):
    """Takes no writes while it is `full`."""

    full = False

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        with super().write(makes_room=makes_room) as view:
            yield view
            if self.full:
                raise FullError("full")


def test_a_full_store_is_claimed_and_writes_the_epoch_with_its_first_append() -> None:  # ST-04
    backend = ClosingBackend()
    first = Made(backend, False)
    old = first.claim(A)
    backend.full = True
    second = Made.__new__(Made)
    second.backend, second.store = backend, Store(backend, DEFAULTS)
    second.log = second.store
    new = second.claim(A)
    assert new == {A: Claim(2, 1)}
    failed = second.append(append(A, new[A], [created(A)]))[shard_of(A)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, Full)
    backend.full = False
    assert second.append(append(A, new[A], [created(A)])) == {shard_of(A): Appended(shard_of(A), 2)}
    fenced = first.append(append(A, old[A], [created(A)]))[shard_of(A)]
    assert isinstance(fenced, AppendFailed) and isinstance(fenced.error, Fenced)


def test_the_faulty_log_does_what_it_is_told() -> None:
    store = Store(MemoryBackend(), DEFAULTS)
    log = FaultyLog(store)
    shard = shard_of(A)
    epoch = log.claim([shard])[shard].epoch
    told: list[AppendResult] = []

    def try_it(position: int, record: r.Record) -> AppendResult | None:
        told.clear()
        log.append([ShardAppend(shard, epoch, position, [record])], 1, 0, told.extend)
        return told[0] if told else None

    for fault, error in ((log.fill, Full), (log.cut_off, Unavailable)):
        fault(shard)
        result = try_it(1, created(A))
        assert isinstance(result, AppendFailed) and type(result.error) is error
        assert log.claim([shard])[shard].position == 1
    log.lose_acknowledgement(shard)
    result = try_it(1, created(A))
    assert isinstance(result, AppendFailed) and log.claim([shard])[shard].position == 2
    log.hold(shard)
    assert try_it(2, sent(A, 1)) is None and log.is_held(shard) and store.load_group(A, 0).next_seq == 1
    log.let_go(shard)
    assert told == [Appended(shard, 3)] and store.load_group(A, 0).next_seq == 2
    log.fence(shard)
    result = try_it(3, sent(A, 2))
    assert isinstance(result, AppendFailed) and isinstance(result.error, Fenced)


def damage_epochs(made: Made) -> None:
    with made.backend.write() as view:
        view.put("meta", b"epochs", b"short")


def test_damaged_epochs_fence_whoever_held_a_shard(made: Made) -> None:  # ST-03
    old = made.claim(A)
    made.append(append(A, old[A], [created(A)]))
    damage_epochs(made)
    assert any("epochs" in text for text in check(made.backend).faults)
    other = Store(made.backend, DEFAULTS)
    (new,) = other.claim([shard_of(A)]).values()
    assert new.epoch > old[A].epoch and new.position == 2 and check(made.backend).faults == []
    failed = made.append(append(A, Claim(old[A].epoch, 2), [sent(A, 1)]))[shard_of(A)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, Fenced)
    results: list[AppendResult] = []
    other.append([ShardAppend(shard_of(A), new.epoch, 2, [sent(A, 1)])], 5, 0, results.extend)
    assert results == [Appended(shard_of(A), 3)] and other.noticing.count == 1


def test_epochs_that_are_damaged_meanwhile_are_put_in_force_again_by_a_claim(made: Made) -> None:  # ST-03
    claims = made.claim(A, B)
    damage_epochs(made)
    failed = made.append(append(A, claims[A], [created(A)]))[shard_of(A)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, DamagedError)
    again = made.claim(A)
    assert again[A].epoch > claims[A].epoch
    assert made.append(append(A, again[A], [created(A)])) == {shard_of(A): Appended(shard_of(A), 2)}
    failed = made.append(append(B, claims[B], [created(B)]))[shard_of(B)]
    assert isinstance(failed, AppendFailed) and isinstance(failed.error, Unavailable), "nobody else has it"
    assert made.append(append(B, made.claim(B)[B], [created(B)])) == {shard_of(B): Appended(shard_of(B), 2)}
