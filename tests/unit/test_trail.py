"""How a restored store is recognised, and that nothing of it is needed to start (RX-03)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rcim.actor import queries as q
from rcim.actor import user_records
from rcim.base.limits import DEFAULTS
from rcim.store.backend import MemoryBackend, StoreError, WriteView
from rcim.store.store import Store
from rcim.store.trail import WRITE_MS, Seen, Trail
from tests.kit import FilledStore


class Placed(MemoryBackend):
    """Tables in memory that say where they are; `full`: nothing can be written."""

    def __init__(self) -> None:
        super().__init__()
        self.at = (1, 10)
        self.full = False

    def place(self) -> tuple[int, int]:  # type: ignore[override]
        return self.at

    @contextmanager
    def write(self, *, makes_room: bool = False) -> Iterator[WriteView]:
        if self.full:
            raise StoreError("the disk is full")
        with super().write(makes_room=makes_room) as view:
            yield view


TRAILS: list[Trail] = []


@pytest.fixture(autouse=True)
def close_all() -> Iterator[None]:
    """Give back what a test has opened."""
    yield
    while TRAILS:
        TRAILS.pop().close()


def trail(path: Path) -> Trail:
    TRAILS.append(Trail(path))
    return TRAILS[-1]


def opened(backend: Placed, path: Path) -> Store:
    return Store(backend, DEFAULTS, trail=trail(path))


def test_what_begins_another_history(tmp_path: Path) -> None:
    path, backend = tmp_path / "trail", Placed()
    first = opened(backend, path)
    kept = FilledStore(backend)
    kept.store = first
    kept.append(user_records.UserSaved("@:u", "u", user_records.UserProfile("U")))
    TRAILS[0].close()
    assert trail(path).read() == Seen(first.history_id, 2), "as far as what is durable, and no further"
    assert opened(backend, path).history_id == first.history_id
    backend.at = (1, 11)
    moved = opened(backend, path).history_id
    assert moved != first.history_id and opened(backend, path).history_id == moved
    trail(path).note(moved, 3)
    older = opened(backend, path).history_id
    assert older not in (first.history_id, moved) and opened(backend, path).history_id == older
    trail(path).note(older + 1, 2)
    other = opened(backend, path).history_id
    assert other != older and opened(backend, path).history_id == other


def test_it_is_written_once_a_second_and_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms = [5000]
    monkeypatch.setattr("rcim.base.clock.steady_ms", lambda: now_ms[0])
    made, other = trail(tmp_path / "trail"), trail(tmp_path / "trail")
    made.note(1, 10)
    for stamp in range(11, 20):
        made.note(1, stamp)
    assert other.read() == Seen(1, 10), "the first after a pause at once"
    now_ms[0] += WRITE_MS
    made.note(1, 20)
    assert other.read() == Seen(1, 20)
    made.note(1, 21)
    made.close()
    assert other.read() == Seen(1, 21)


@pytest.mark.parametrize("data", [b"", b"rcimtrl1", b"\xff" * 28, b"x" * 1000])
def test_a_damaged_trail_says_nothing(tmp_path: Path, data: bytes) -> None:
    path, backend = tmp_path / "trail", Placed()
    first = opened(backend, path).history_id
    path.write_bytes(data)
    assert trail(path).read() is None and opened(backend, path).history_id == first
    assert trail(path).read() == Seen(first, 1), "and is mended"


def test_a_full_disk_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The history that begins can't be noted: it holds for this start, cursors and logins go by it, the next one begins
    another."""
    path, backend = tmp_path / "trail", Placed()
    first = opened(backend, path).history_id
    backend.at, backend.full = (2, 20), True
    store = opened(backend, path)
    assert store.history_id != first and "can't be noted" in caplog.text
    (login, page) = store.answer_all([q.LoginQuery("u"), q.SyncQuery("u", 1, 0, store_id=first)])
    assert login.history_id == store.history_id  # type: ignore[union-attr]
    assert page.reset and page.store_id == store.history_id  # type: ignore[union-attr]
    assert opened(backend, path).history_id not in (first, store.history_id)


def test_a_trail_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "nowhere" / "trail"
    backend = Placed()
    first = opened(backend, path)
    for stamp in range(3):
        first._trail.note(1, stamp)  # type: ignore[union-attr]
    TRAILS[0].close()
    assert opened(backend, path).history_id == first.history_id
    assert sum("may not be recognised" in record.message for record in caplog.records) == 2, "once for each start"
