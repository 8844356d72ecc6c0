"""The event log: kept with the records or not at all, in the order of each shard, trimmed within its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rcim.actor import records as r
from rcim.actor.events import AnyEvent, SessionChanged
from rcim.base.ids import SHARDS
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.store import event_log, keys
from rcim.store.backend import Backend, DamagedError, LmdbBackend, MemoryBackend, NoRoom, StoreError
from rcim.store.check import check
from rcim.store.event_log import Bounds
from rcim.store.faults import FullError
from rcim.store.filling import append_now
from rcim.store.shard_log import ShardAppend
from rcim.store.store import Store

KEEP_ALL = Bounds(0, 1 << 40)
A, B = 3, 7


class Kept:
    """A store whose events have names."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.store = Store(backend, DEFAULTS)
        self.events = self.store.events

    def happen(self, shard: int, *names: str, time_ms: int = 1000, records: tuple[r.Record, ...] = ()) -> None:
        """So much happens in one commit. Raises StoreError."""
        claim = self.store.claim([shard])[shard]
        made: list[AnyEvent] = [SessionChanged(time_ms, name, Platform.WEB, None) for name in names]
        append_now(self.store, [ShardAppend(shard, claim.epoch, claim.position, records, made)])

    def names(self, shard: int, first: int = 1, limit: int = 100) -> list[str]:
        found, _ = self.events.read(shard, first, limit)
        assert (
            [one.number for one in found] == list(range(found[0].number, found[0].number + len(found)))
            if found
            else 1
        )
        return [one.event.user_id for one in found if isinstance(one.event, SessionChanged)]

    def trim(self, bounds: Bounds = KEEP_ALL) -> int:
        count = 0
        while gone := self.events.trim_step(bounds, 2):
            count += gone
        assert check(self.backend).faults == []
        return count


@pytest.fixture(params=["lmdb", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    backend: Backend = LmdbBackend(tmp_path / "store") if request.param == "lmdb" else MemoryBackend()
    yield Kept(backend)
    backend.close()


def test_events_stand_in_the_order_of_their_shard(kept: Kept) -> None:
    kept.happen(A, "a1", "a2")
    kept.happen(B, "b1")
    kept.happen(A, "a3")
    assert kept.names(A) == ["a1", "a2", "a3"] and kept.names(B) == ["b1"] and kept.names(0) == []
    assert kept.names(A, 2) == ["a2", "a3"] and kept.names(A, 1, 2) == ["a1", "a2"]
    assert kept.events.read(A, 2, 1)[1] == 3 and kept.events.read(A, 9, 1)[1] == 9
    assert kept.store.positions() == [1] * SHARDS, "events take no numbers of records"
    assert check(kept.backend).faults == []


def test_a_commit_that_fails_leaves_no_event(kept: Kept) -> None:
    kept.happen(A, "a1")
    wrong = r.MessageAltered("g:none", r.Message(9, 1, 1, r.Priority.LOW, "u", "", "", "", "c", b""))
    kept.happen(A, "a2", records=(wrong,))  # of a message that is gone: nothing is kept of it
    reserved = r.SeqReserved("g:none", 0)
    with pytest.raises(StoreError):
        kept.happen(A, "never", records=(reserved,))
    assert kept.names(A) == ["a1", "a2"]
    kept.happen(A, "a3")
    assert kept.names(A) == ["a1", "a2", "a3"], "and no number is left out"


def test_a_new_consumer_begins_with_the_next_event(kept: Kept) -> None:
    kept.happen(A, "before")
    kept.events.register("one")
    kept.happen(A, "after")
    first = kept.events.consumers()["one"][A]
    assert kept.names(A, first) == ["after"] and kept.events.lag() == {"one": 1}
    kept.events.register("one")
    assert kept.events.consumers()["one"][A] == first, "it goes on where it was"


def test_events_go_when_all_have_had_them(kept: Kept) -> None:
    kept.events.register("fast")
    kept.events.register("slow")
    kept.happen(A, "a1", "a2", "a3")
    kept.happen(B, "b1")
    kept.events.commit("fast", {A: 4, B: 2})
    assert kept.trim() == 0
    kept.events.commit("slow", {A: 3})
    assert kept.trim() == 2 and kept.names(A) == ["a3"] and kept.names(B) == ["b1"]
    kept.events.commit("slow", {A: 2})
    assert kept.events.consumers()["slow"][A] == 3, "never backwards"
    kept.events.unregister("slow")
    assert kept.trim() == 2 and kept.events.dropped == {}
    kept.happen(A, "a4")
    assert kept.events.read(A, 1, 9)[0][0].number == 4, "numbers go on"


def test_without_a_consumer_nothing_stays(kept: Kept) -> None:
    kept.happen(A, "a1")
    assert kept.trim() == 1


def test_too_old_events_go_and_who_has_not_had_them_is_counted(kept: Kept) -> None:
    kept.events.register("late")
    kept.events.register("done")
    for time_ms in (1000, 2000, 3000):
        kept.happen(A, f"a{time_ms}", time_ms=time_ms)
        kept.happen(B, f"b{time_ms}", time_ms=time_ms)
    kept.events.commit("done", {A: 4, B: 4})
    assert kept.trim(Bounds(2500, 1 << 40)) == 4
    assert kept.names(A) == ["a3000"] and kept.names(B) == ["b3000"]
    assert kept.events.dropped == {"late": 4} and kept.events.consumers()["late"][A] == 3


def test_beyond_the_bytes_the_oldest_of_all_shards_go(kept: Kept) -> None:
    kept.events.register("late")
    for n, shard in enumerate([A, B, A, B, A]):
        kept.happen(shard, f"e{n}", time_ms=1000 + n)
    with kept.backend.read() as view:
        size = event_log.read_totals(view)[SHARDS]
    assert kept.trim(Bounds(0, size)) == 0
    assert kept.trim(Bounds(0, size * 3 // 5)) == 2
    assert kept.names(A) == ["e2", "e4"] and kept.names(B) == ["e3"]
    assert kept.events.dropped == {"late": 2}


def test_a_damaged_event_is_passed_over(kept: Kept) -> None:
    kept.happen(A, "a1", "a2", "a3")
    with kept.backend.write() as view:
        row = event_log.key(A, 2)
        data = bytearray(view.get("events", row) or b"")
        data[-1] ^= 1
        view.put("events", row, bytes(data))
    found, following = kept.events.read(A, 2, 1)
    assert found == [] and following == 3
    assert [one.number for one in kept.events.read(A, 1, 9)[0]] == [1, 3]


def test_what_is_wrong_with_events_is_found(kept: Kept) -> None:
    kept.happen(A, "a1", "a2", "a3")
    with kept.backend.write() as view:
        view.delete("events", event_log.key(A, 2))
        view.put("events", event_log.key(B, 5), b"x")
        view.put("consumers", b"c", event_log.POSITIONS.pack(*([9] * SHARDS)))
    text = "\n".join(check(kept.backend).faults)
    for said in ("2 to 2 missing", "5 is kept and was never given out", "are counted", "consumer c"):
        assert said in text
    with kept.backend.read() as view:
        assert view.get("meta", b"events") is not None and keys.U64.size * (SHARDS + 1) == event_log.TOTALS.size


def damage(kept: Kept, table: str, row: bytes) -> None:
    """It is too short from now on."""
    with kept.backend.write() as view:
        view.put(table, row, b"short")


def test_a_consumer_whose_row_is_damaged_gets_again_what_is_kept(kept: Kept) -> None:  # ST-03
    kept.events.register("one")
    kept.events.register("two")
    kept.happen(A, "a1", "a2")
    damage(kept, "consumers", b"one")
    assert kept.events.consumers()["one"][A] == 1 and kept.events.lag() == {"one": 2, "two": 2}
    assert kept.store.noticing.count == 2
    kept.events.commit("two", {A: 3})
    assert kept.events.trim_step(Bounds(0, 1 << 30)) == 0, "it may not have had them"
    assert any("consumer one" in text for text in check(kept.backend).faults)
    kept.events.register("one")
    assert kept.events.consumers()["one"][A] == 1 and check(kept.backend).faults == []


def test_a_consumer_whose_row_is_damaged_goes_on_with_its_next_commit(kept: Kept) -> None:  # ST-03
    kept.events.register("one")
    kept.happen(A, "a1", "a2")
    kept.happen(B, "b1", "b2")
    damage(kept, "consumers", b"one")
    kept.events.commit("one", {A: 2})
    assert kept.events.consumers()["one"][A] == 2 and kept.events.consumers()["one"][B] == 1


def test_numbers_that_are_damaged_are_counted_anew(kept: Kept) -> None:  # ST-03
    kept.events.register("one")
    kept.happen(A, "a1", "a2")
    kept.happen(B, "b1", "b2")
    before = kept.events.following()
    kept.events.commit("one", {B: 3})
    kept.trim()
    damage(kept, "meta", event_log.EVENTS)
    assert any("the numbers of the next events" in text for text in check(kept.backend).faults)
    assert kept.events.following() == before, "also of a shard whose events are all gone"
    kept.happen(A, "a3")
    assert kept.names(A) == ["a1", "a2", "a3"] and kept.store.noticing.count == 2
    assert check(kept.backend).faults == []
    damage(kept, "meta", event_log.EVENTS)
    assert kept.trim(Bounds(5000, 1 << 40)) == 3, "what is counted anew is trimmed"


# -- events kept for a replay (CB-04)


def test_what_everybody_has_had_stays_for_a_replay(kept: Kept) -> None:
    kept.events.register("one")
    for time_ms in (1000, 2000, 3000):
        kept.happen(A, f"a{time_ms}", time_ms=time_ms)
        kept.happen(B, f"b{time_ms}", time_ms=time_ms)
    kept.events.commit("one", {A: 4, B: 3})
    assert kept.trim(Bounds(0, 1 << 40, 2000)) == 2
    assert kept.names(A) == ["a2000", "a3000"] and kept.names(B) == ["b2000", "b3000"]
    extent = kept.events.extent()
    assert (extent.oldest[A], extent.following[A], extent.oldest[0]) == (2, 4, 1) and extent.size > 0
    assert kept.trim(Bounds(0, 1 << 40)) == 3, "nothing is kept: all go but the one that is needed"
    assert kept.names(B) == ["b3000"] and kept.events.dropped == {}


def test_beyond_the_bytes_what_everybody_has_had_goes_first(kept: Kept) -> None:
    kept.events.register("one")
    for n in range(4):
        kept.happen(A, f"a{n}", time_ms=2000 + n)
        kept.happen(B, f"b{n}", time_ms=1000 + n)
    kept.events.commit("one", {A: 5})
    size = kept.events.extent().size
    assert kept.trim(Bounds(0, size * 5 // 8, 0)) == 3 and kept.names(A) == ["a3"] and len(kept.names(B)) == 4
    assert kept.trim(Bounds(0, size * 2 // 8, 0)) == 3 and kept.names(A) == [] and kept.names(B) == ["b2", "b3"]
    assert kept.events.dropped == {"one": 2}


def test_an_event_is_found_by_its_time(kept: Kept) -> None:
    kept.events.register("one")
    for n in range(37):
        kept.happen(A, f"a{n}", time_ms=1000 + 10 * (n // 2))
    kept.events.commit("one", {A: 6})
    kept.trim(Bounds(0, 1 << 40))
    for from_ms in range(1000, 1200):
        (first, *_) = [n for n in range(6, 39) if n == 38 or 1000 + 10 * ((n - 1) // 2) >= from_ms]
        numbers = kept.events.numbers_at(from_ms)
        assert numbers[A] == first and numbers[B] == 1
    assert kept.events.oldest_ms({A: 8, B: 1}) == 1030 and kept.events.oldest_ms({B: 1}) == 0
    kept.events.rewind("one", {A: 3, B: 9})
    assert kept.events.consumers()["one"][A] == 3 and kept.events.consumers()["one"][B] == 1


def test_how_far_a_consumer_has_come_is_kept_with_the_next_append(kept: Kept) -> None:
    kept.events.register("one")
    kept.happen(A, "a1", "a2")
    change = kept.events.commit_along("one", {A: 3})
    assert kept.events.consumers()["one"][A] == 1
    kept.happen(B, "b1")
    assert kept.events.consumers()["one"][A] == 3 and change.finish()
    assert check(kept.backend).faults == []


def test_what_was_finished_is_not_written_by_a_later_append(kept: Kept) -> None:
    """A replay has set the consumer back meanwhile."""
    kept.events.register("one")
    kept.happen(A, "a1", "a2")
    change = kept.events.commit_along("one", {A: 3})
    assert not change.finish()
    kept.happen(B, "b1")
    assert kept.events.consumers()["one"][A] == 1


def test_an_append_that_fails_keeps_nothing_of_what_goes_along(kept: Kept) -> None:
    kept.events.register("one")
    kept.happen(A, "a1", "a2")
    change = kept.events.commit_along("one", {A: 3})
    with pytest.raises(StoreError):
        kept.happen(A, "never", records=(r.SeqReserved("g:none", 0),))
    assert kept.events.consumers()["one"][A] == 1
    kept.happen(B, "b1")
    assert not change.finish() and kept.events.consumers()["one"][A] == 1


def test_an_append_does_not_fail_because_of_what_goes_along(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.events.register("one")

    def fails(view: object, name: str, following: object) -> None:
        raise DamagedError("a row that can't be read")

    with monkeypatch.context() as patched:
        patched.setattr(kept.events, "move", fails)
        change = kept.events.commit_along("one", {A: 2})
        trimming = kept.events.trim_along(KEEP_ALL, 10)
        kept.happen(A, "a1")
        assert kept.names(A) == ["a1"] and not change.finish() and trimming.finish() is None
    kept.events.commit("one", {A: 2})
    assert kept.events.consumers()["one"][A] == 2


def test_an_append_for_which_there_is_room_is_kept_without_what_goes_along(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:  # ST-04
    kept.events.register("one")

    def fails(*_: object, **__: object) -> None:
        raise NoRoom

    def full(**_: object) -> None:
        raise FullError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(kept.events, "move", fails)
        patched.setattr(kept.backend, "grow", full)
        change = kept.events.commit_along("one", {A: 2})
        kept.happen(A, "a1")
    assert kept.names(A) == ["a1"] and not change.finish()
    assert kept.events.consumers()["one"][A] == 1


def test_events_go_with_the_next_append(kept: Kept) -> None:
    kept.events.register("one")
    kept.happen(A, "a1", "a2", "a3")
    kept.events.commit("one", {A: 3})
    trimming = kept.events.trim_along(KEEP_ALL, 10)
    kept.happen(B, "b1")
    assert kept.names(A) == ["a3"] and kept.names(B) == ["b1"] and trimming.finish() == 2
    assert kept.events.dropped["one"] == 0 and check(kept.backend).faults == []


def test_what_is_dropped_with_an_append_is_counted(kept: Kept) -> None:
    kept.events.register("one")
    kept.happen(A, "a1", "a2", time_ms=1000)
    trimming = kept.events.trim_along(Bounds(2000, 1 << 40), 10)
    kept.happen(B, "b1", time_ms=3000)
    assert trimming.finish() == 2 and kept.events.dropped["one"] == 2 and kept.names(A) == []
    assert kept.events.consumers()["one"][A] == 3
