"""Dead letters are written with the position of their consumer, once each, and within their bounds (CB-04)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rcim.actor.events import AnyEvent, SessionChanged
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.store import dead_letters, keys
from rcim.store.backend import Backend, LmdbBackend, MemoryBackend
from rcim.store.check import check
from rcim.store.event_log import KeptEvent
from rcim.store.filling import append_now
from rcim.store.shard_log import ShardAppend
from rcim.store.store import Store

A = 3


class Kept:
    """A store with a consumer `one` and its dead letters."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.store = Store(backend, DEFAULTS)
        self.events = self.store.events
        self.letters = self.events.dead_letters
        self.events.register("one")

    def happen(self, *names: str) -> list[KeptEvent]:
        claim = self.store.claim([A])[A]
        first = self.events.following()[A]
        made: list[AnyEvent] = [SessionChanged(1000, name, Platform.WEB, None) for name in names]
        append_now(self.store, [ShardAppend(A, claim.epoch, claim.position, (), made)])
        return self.events.read(A, first, 1000)[0]

    def bury(self, *dead: KeptEvent, reason: str = "refused", following: int = 0) -> None:
        upto = {A: following} if following else {}
        self.letters.bury("one", [(one, reason) for one in dead], upto, 7000)

    @property
    def users(self) -> list[str]:
        page = self.letters.page("one", 0, 100_000, 1 << 30)
        return [one.letter.event.user_id for one in page if isinstance(one.letter.event, SessionChanged)]


@pytest.fixture(params=["lmdb", "memory"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    backend: Backend = LmdbBackend(tmp_path / "store") if request.param == "lmdb" else MemoryBackend()
    made = Kept(backend)
    yield made
    assert check(backend).faults == []
    backend.close()


def test_a_dead_letter_and_the_position_are_one_commit(kept: Kept) -> None:
    a, b = kept.happen("a", "b")
    kept.bury(a, following=2)
    assert kept.users == ["a"] and kept.events.consumers()["one"][A] == 2
    (one,) = kept.letters.page("one", 0, 9, 1 << 20)
    assert (one.letter.number, one.letter.dead_ms, one.letter.reason) == (a.number, 7000, "refused")
    kept.bury(a, b, following=3)
    assert kept.users == ["a", "b"], "an event that comes again makes no second one"
    assert kept.letters.state("one").letters == 2
    assert [one.id for one in kept.letters.page("one", 1, 9, 1 << 20)] == [2]
    assert len(kept.letters.page("one", 0, 9, 1)) == 1, "a page is bounded in bytes"


def test_they_are_bounded_in_number_and_bytes(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "LETTERS_MAX", 3)
    kept.bury(*kept.happen("a", "b"))
    kept.bury(*kept.happen("c", "d", "e"))
    assert kept.users == ["c", "d", "e"] and kept.letters.expired == {"one": 2}
    size = kept.letters.state("one").letter_bytes + dead_letters.REASON_BYTES_MAX
    monkeypatch.setattr(dead_letters, "BYTES_MAX", size)
    kept.bury(*kept.happen("f"), reason="x" * 400)
    (last,) = kept.letters.page("one", 5, 9, 1 << 20)
    assert len(last.letter.reason) == dead_letters.REASON_BYTES_MAX
    state = kept.letters.state("one")
    assert kept.users == ["d", "e", "f"] and state.letter_bytes <= size and kept.letters.expired == {"one": 3}


def test_dropping_lets_the_event_become_one_again(kept: Kept) -> None:
    a, b = kept.happen("a", "b")
    kept.bury(a, b)
    assert kept.letters.drop("one", [1, 9]) == 1 and kept.users == ["b"]
    kept.bury(a)
    assert kept.users == ["b", "a"]
    assert kept.letters.drop_some("one", 1) == 1 and kept.users == ["a"]
    kept.letters.set_paused("one", 5)
    assert kept.letters.state("one").paused_ms == 5
    kept.events.unregister("one")
    with kept.backend.read() as view:
        for table in ("dead_letters", "dead_places", "consumer_states"):
            assert not list(view.scan(table, b"", keys.LAST))


def test_a_damaged_state_is_counted_anew(kept: Kept) -> None:
    kept.bury(*kept.happen("a", "b"))
    kept.letters.drop("one", [1])
    with kept.backend.write() as view:
        data = view.get("consumer_states", b"one") or b""
        view.put("consumer_states", b"one", data[:-1] + bytes([data[-1] ^ 1]))
    assert any("dead letters" in fault for fault in check(kept.backend).faults)
    kept.bury(*kept.happen("c"))
    assert kept.users == ["b", "c"] and kept.letters.state("one").letters == 2


def test_letters_of_one_consumer_are_not_those_of_another(kept: Kept) -> None:
    (a,) = kept.happen("a")
    kept.events.register("one.two")
    kept.letters.bury("one.two", [(a, "why")], {}, 1)
    assert kept.users == [] and len(kept.letters.page("one.two", 0, 9, 1 << 20)) == 1
