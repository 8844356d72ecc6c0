"""Threads that read the store, and the one that keeps them out for a moment: to make LMDB's map larger, or to open it
anew."""

from __future__ import annotations

import errno
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pytest

from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.readers import Readers
from tests.kit import PATIENCE_S, until


def in_thread(job: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=job, daemon=True)
    thread.start()
    return thread


def waits(thread: threading.Thread) -> bool:
    """True if the thread waits for a condition."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code is threading.Condition.wait.__code__:
            return True
        frame = frame.f_back
    return False


def no_descriptor(*_: Any, **__: Any) -> Any:
    raise OSError(errno.EMFILE, "no descriptor is left")


async def test_who_wants_to_read_comes_after_who_waits_for_nobody() -> None:
    """Two threads that read in turn, without a moment between them, would keep a commit waiting for ever."""
    readers = Readers()
    done: list[str] = []

    def grow() -> None:
        with readers.nobody():
            done.append("grown")

    def read() -> None:
        with readers.reading():
            done.append("read")

    with readers.reading():
        growing = in_thread(grow)
        await until(lambda: waits(growing), "nobody is waited for")
        reading = in_thread(read)
        await until(lambda: waits(reading) or done, "the second one has tried to read")
        with readers.reading():
            assert done == [], "who reads may go on, also with a second picture"
    growing.join(PATIENCE_S)
    reading.join(PATIENCE_S)
    assert done == ["grown", "read"]


async def test_readings_of_one_thread_may_end_in_any_order() -> None:
    """A thread that still reads is not kept out: `nobody` waits for it."""
    readers = Readers()
    done: list[str] = []

    def grow() -> None:
        with readers.nobody():
            done.append("grown")

    def read() -> None:
        first, second = readers.reading(), readers.reading()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        growing = in_thread(grow)
        while not waits(growing):
            pass
        with readers.reading():
            done.append("read")
        second.__exit__(None, None, None)
        growing.join(PATIENCE_S)

    in_thread(read).join(PATIENCE_S)
    assert done == ["read", "grown"]


async def test_a_store_grows_while_others_read_without_a_pause(tmp_path: Path) -> None:
    """Not even a single thread that reads all the time lets anybody in by itself."""
    backend = LmdbBackend(tmp_path / "store", map_bytes=1 << 22)
    with backend.write() as view:
        for number in range(300):
            view.put("messages", b"%06d" % number, b"x" * 100)
    ended = threading.Event()
    rows: list[int] = [0, 0]

    def read(which: int) -> None:
        while not ended.is_set():
            with backend.read() as view:
                rows[which] += sum(1 for _ in view.scan("messages", b"", b"\xff"))

    reading = [in_thread(lambda which=which: read(which)) for which in range(2)]  # type: ignore[misc]
    await until(lambda: all(rows), "both read")

    def grow() -> None:
        for _ in range(5):
            backend.grow()

    growing = in_thread(grow)
    growing.join(PATIENCE_S)
    grown = not growing.is_alive()
    ended.set()
    for thread in reading:
        thread.join(PATIENCE_S)
    assert grown
    assert backend.space().map_bytes == 1 << 27
    backend.close()


def test_a_store_that_could_not_be_opened_anew_is_opened_by_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ST-04: LMDB refuses everything after a failed write of its head page; no file descriptor may be left just then."""
    backend = LmdbBackend(tmp_path / "store", map_bytes=1 << 22)
    with backend.write() as view:
        view.put("messages", b"1", b"kept")
    with pytest.raises(StoreError, match="no descriptor"), monkeypatch.context() as patch:
        patch.setattr(lmdb, "open", no_descriptor)
        with backend.write() as view:
            view.put("messages", b"2", b"refused")
            raise lmdb.PanicError("the head page could not be written")
    with pytest.raises(StoreError), backend.read() as reading:
        reading.get("messages", b"1")
    with backend.write() as view:
        view.put("messages", b"3", b"kept too")
    with backend.read() as reading:
        assert [reading.get("messages", key) for key in (b"1", b"2", b"3")] == [b"kept", None, b"kept too"]
    backend.close()
