"""What is too old goes in small steps, and history says where it begins (ST-02, GT-22); on LMDB and on its twin."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.ids import message_id, shard_of
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.store import keys, retention
from rcim.store.backend import Backend, LmdbBackend, MemoryBackend, StoreError
from rcim.store.check import check
from rcim.store.retention import BEGIN, DAY_MS, Ages
from tests.kit import FilledStore

DAYS = {"Week": 7, "Half": 180}
"""Types of these tests; one that is not named is kept for ever."""


class Keeping(FilledStore):
    """A store in which time is the test's."""

    def __init__(self, backend: Backend) -> None:
        super().__init__(backend)
        self.newest: dict[str, int] = {}
        self.sent: dict[str, list[tuple[int, int]]] = {}
        self.types: dict[str, str] = {}

    def make(self, key: str, type_: str) -> None:
        profile = r.Profile(key[2:], type_, "n", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        self.append(r.GroupCreated(key, profile, [r.Member(u, Role.MEMBER, 1, 0, "") for u in ("alice", "bob")], 1))
        self.newest[key], self.sent[key], self.types[key] = 0, [], type_

    def say(self, key: str, time_ms: int, count: int = 1) -> None:
        position = self.store.positions()[shard_of(key)]
        records = []
        for n in range(count):
            seq = self.newest[key] = self.newest[key] + 1
            id_ = message_id(shard_of(key), position + n)
            message = r.Message(seq, time_ms, id_, Priority.NORMAL, "alice", "", "", "", f"c{seq}", b"x" * 200)
            records.append(r.MessageKept(key, message))
            self.sent[key].append((seq, time_ms))
        self.append(*records)

    def sweep(self, now_ms: int) -> int:
        """A whole one; returns how many rows went."""
        ages = Ages(now_ms, DAYS, 30)
        cursor, total, steps = BEGIN, 0, 0
        while True:
            following, count = self.store.trim_step(cursor, ages)
            assert count <= retention.ROWS
            total, steps = total + count, steps + 1
            if following is None:
                return total
            assert following != cursor or count, "a step that does nothing comes no further"
            cursor = following

    def page(self, key: str, oldest_ms: int = 0) -> tuple[int, list[int]]:
        """Where history begins, and what there is of it."""
        newest = self.newest[key]
        query = q.MessagesQuery(key, 1, newest, 1000, False, 0, 0, newest, 1, "bob", {}, oldest_ms)
        (found,) = self.store.answer_all([query])
        return found.first_seq, [m.seq for m in found.messages]  # type: ignore[union-attr]

    def rows(self, table: str) -> list[bytes]:
        with self.backend.read() as view:
            return [row for row, _ in view.scan(table, b"", keys.LAST)]


@pytest.fixture(params=["lmdb", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeping]:
    backend: Backend = LmdbBackend(tmp_path / "store") if request.param == "lmdb" else MemoryBackend()
    yield Keeping(backend)
    backend.close()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_left_is_what_is_young_enough(kept: Keeping, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    lots = random.Random(seed)
    monkeypatch.setattr(retention, "ROWS", lots.choice([3, 17, 500]))
    monkeypatch.setattr(retention, "CONVERSATIONS", lots.choice([1, 4, 200]))
    names = [f"g:{n}" for n in range(9)]
    for name in names:
        kept.make(name, lots.choice(["Week", "Half", "Ever"]))
    now_ms = 1000 * DAY_MS
    for _ in range(30):
        now_ms += lots.randrange(0, 12 * DAY_MS)
        for name in lots.sample(names, 4):
            kept.say(name, now_ms - lots.randrange(1000), lots.randrange(1, 12))
        if lots.random() < 0.4:
            kept.sweep(now_ms)
            for name in names:
                days = DAYS.get(kept.types[name], 10**6)
                young = [seq for seq, time_ms in kept.sent[name] if time_ms >= now_ms - days * DAY_MS]
                first, found = kept.page(name)
                assert found == young, f"seed {seed}"
                assert first == (young[0] if young else kept.newest[name] + 1)
            assert check(kept.backend).faults == [], f"seed {seed}"
    assert kept.sweep(now_ms + 1000 * DAY_MS) and kept.sweep(now_ms + 1000 * DAY_MS) == 0


def test_history_begins_where_it_is_young_enough_before_anything_is_gone(kept: Keeping) -> None:
    kept.make("g:a", "Week")
    for day in range(10):
        kept.say("g:a", (100 + day) * DAY_MS, 3)
    assert kept.page("g:a", 103 * DAY_MS) == (10, list(range(10, 31)))
    assert kept.page("g:a", 200 * DAY_MS) == (31, [])
    assert kept.page("g:a") == (1, list(range(1, 31)))
    kept.sweep(110 * DAY_MS)
    assert kept.page("g:a") == (10, list(range(10, 31)))
    assert kept.page("g:a", 103 * DAY_MS) == (10, list(range(10, 31)))


def test_seq_goes_on_where_all_is_gone(kept: Keeping) -> None:
    kept.make("g:a", "Week")
    kept.say("g:a", 100 * DAY_MS, 5)
    kept.sweep(200 * DAY_MS)
    assert kept.page("g:a") == (6, []) and check(kept.backend).faults == []
    kept.say("g:a", 200 * DAY_MS)
    assert kept.page("g:a") == (6, [6]) and check(kept.backend).faults == []
    snapshot = kept.store.load_group("g:a", 200 * DAY_MS)
    assert snapshot.next_seq == 7 and [m.seq for m in snapshot.recent] == [6]
    (page,) = kept.store.answer_all([q.SyncQuery("bob", 0, 0, types={"Week": q.TypeFacts(True, True, True, 7)})])
    assert [row.first_seq for row in page.rows] == [6]  # type: ignore[union-attr]


def test_what_was_deleted_for_oneself_goes_with_its_message(kept: Keeping) -> None:
    kept.make("g:a", "Week")
    kept.say("g:a", 100 * DAY_MS, 5)
    kept.say("g:a", 120 * DAY_MS, 5)
    kept.append(r.MessagesHidden("g:a", "bob", [2, 3, 8]))
    kept.sweep(121 * DAY_MS)
    assert [keys.U64.unpack(row[-8:])[0] for row in kept.rows("hidden")] == [8]


def test_who_was_away_longer_than_changes_are_known_is_told_everything_anew(kept: Keeping) -> None:
    types = {"Half": q.TypeFacts(True, True, True, 180)}

    def sync(since: int) -> Any:
        (first,) = kept.store.answer_all([q.SyncQuery("bob", 0, 0)])
        return kept.store.answer_all([q.SyncQuery("bob", since, 0, store_id=first.store_id, types=types)])[0]  # type: ignore[union-attr]

    for name in ("g:a", "g:b"):
        kept.make(name, "Half")
        kept.say(name, 100 * DAY_MS, 3)
    kept.sweep(100 * DAY_MS)
    long_ago = sync(0).upto
    kept.append(r.GroupChanged("g:b", 1, True, None, [], ["bob"], [], None))
    kept.append(
        r.MessageAltered("g:a", r.Message(2, 100 * DAY_MS, 1, Priority.NORMAL, "alice", "", "", "", "c2", b""))
    )
    kept.sweep(101 * DAY_MS)
    lately = sync(0).upto
    assert sync(long_ago).gone == ["g:b"] and sync(long_ago).rows[0].altered == [2]
    # Nothing of it is thirty days old: it stays.
    assert kept.sweep(129 * DAY_MS) == 0 and len(kept.rows("left")) == len(kept.rows("altered")) == 1
    assert not sync(long_ago).reset
    assert kept.sweep(132 * DAY_MS) == 2 and kept.rows("left") == kept.rows("altered") == []
    found = sync(long_ago)
    assert found.reset and [row.key for row in found.rows] == ["g:a"]
    assert not sync(lately).reset and sync(lately).rows == []


def test_storage_follows(tmp_path: Path) -> None:
    """A month of the same load with a week of keeping: the file is as large after four weeks as after one and a half."""
    backend = LmdbBackend(tmp_path / "store")
    kept = Keeping(backend)
    for n in range(5):
        kept.make(f"g:{n}", "Week")
    sizes: dict[int, int] = {}
    for day in range(28):
        for n in range(5):
            kept.say(f"g:{n}", (100 + day) * DAY_MS, 100)
        kept.sweep((100 + day) * DAY_MS)
        sizes[day] = backend.used_bytes
    assert sizes[27] <= sizes[10] * 1.1, sizes
    assert sizes[6] > sizes[0], sizes
    assert check(backend).faults == []
    backend.close()


def test_trimming_makes_room_where_there_is_none(tmp_path: Path) -> None:  # ST-04
    backend = LmdbBackend(tmp_path / "store", 1 << 20, 1 << 20)
    kept = Keeping(backend)
    kept.make("g:a", "Week")
    with pytest.raises(StoreError):
        for _ in range(1000):
            kept.say("g:a", 100 * DAY_MS, 50)
    kept.newest["g:a"] = kept.store.load_group("g:a", 0).next_seq - 1
    assert kept.sweep(200 * DAY_MS) > 1000
    kept.say("g:a", 200 * DAY_MS, 50)
    assert kept.page("g:a")[1] == list(range(kept.newest["g:a"] - 49, kept.newest["g:a"] + 1))
    assert check(backend).faults == []
    backend.close()


def test_a_failed_step_removes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = MemoryBackend()
    kept = Keeping(backend)
    kept.make("g:a", "Week")
    kept.say("g:a", 100 * DAY_MS, 5)
    before = {table: kept.rows(table) for table in ("messages", "meta", "heads")}

    def refuses(view: object, row: bytes, seq: int) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(retention, "_keep_from", refuses)
    with pytest.raises(StoreError):
        kept.store.trim_step(BEGIN, Ages(200 * DAY_MS, DAYS, 30))
    assert {table: kept.rows(table) for table in before} == before


def test_what_is_below_the_first_seq_goes(kept: Keeping) -> None:
    """Its type stored nothing for a while: what was stored before that belongs to nobody."""
    kept.make("g:a", "Half")
    kept.say("g:a", 100 * DAY_MS, 5)
    profile = r.Profile("a", "Half", "n", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 6)
    kept.append(r.GroupChanged("g:a", 1, True, profile, [], [], [], None))
    kept.say("g:a", 100 * DAY_MS, 2)
    assert kept.sweep(101 * DAY_MS) == 5
    assert kept.page("g:a")[1] == [6, 7] and check(kept.backend).faults == []


def test_removing_what_was_hidden_in_a_group_that_had_the_id(kept: Keeping) -> None:
    kept.make("g:a", "Half")
    kept.say("g:a", DAY_MS, 3)
    for user in ("alice", "bob", "carol"):
        kept.append(r.MessagesHidden("g:a", user, [1, 3]))
    kept.append(r.GroupDissolved("g:a"))
    profile = r.Profile("a", "Half", "n", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 4)
    kept.append(r.GroupCreated("g:a", profile, [r.Member("bob", Role.MEMBER, 1, 3, "")], 1))
    kept.say("g:a", DAY_MS, 2)
    for user in ("bob", "dora"):
        kept.append(r.MessagesHidden("g:a", user, [4, 5]))
    while kept.store.purge_step(2):
        pass
    assert [keys.U64.unpack(row[-8:])[0] for row in kept.rows("hidden")] == [4, 5, 4, 5]
    assert kept.rows("purge") == [] and kept.page("g:a")[1] == [4, 5]
