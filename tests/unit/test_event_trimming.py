"""Trimming the event log keeps up with what is written, in steps that are bounded in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rcim.actor.events import SessionChanged
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform
from rcim.dispatch.event_trimming import (
    GATHER_S,
    PAUSE_S,
    ROWS_ALONG,
    ROWS_MAX,
    ROWS_MIN,
    STEP_S,
    EventTrimming,
    StepSize,
)
from rcim.store.backend import MemoryBackend, StoreError
from rcim.store.event_log import ROWS, Bounds
from rcim.store.filling import append_now
from rcim.store.shard_log import ShardAppend
from rcim.store.store import Store

SHARD = 3


def test_full_steps_grow_and_slow_ones_shrink() -> None:
    size = StepSize()
    for rows in (ROWS, 2 * ROWS, 4 * ROWS, ROWS_MAX, ROWS_MAX):
        assert size.rows == rows and size.took(rows, STEP_S / 2)
    assert not size.took(size.rows - 1, STEP_S) and size.rows == ROWS_MAX
    assert size.took(size.rows, 2 * STEP_S) and size.rows == ROWS_MAX // 2
    for _ in range(9):
        size.took(0, 2 * STEP_S)
    assert size.rows == ROWS_MIN


def test_steps_outrun_fifteen_thousand_events_in_a_second() -> None:
    assert ROWS_MAX / (PAUSE_S + STEP_S) > 15_000 and ROWS / (PAUSE_S + STEP_S) < 15_000, "so steps have to grow"


class Writing:
    """The writing thread; it does everything at once."""

    def do(self, work: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        try:
            result = work()
        except StoreError as error:
            done(None, error)
        else:
            done(result, None)


class Trimmed:
    """A store in memory with many events, of which a consumer wants none any more."""

    def __init__(self) -> None:
        self.store = Store(MemoryBackend(), DEFAULTS)
        self.waits: list[float] = []
        self.due: list[Callable[[], None]] = []
        writing: Any = Writing()
        self.trimming = EventTrimming(self.store.events, writing, lambda: Bounds(0, 1 << 40), self.later)

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        self.waits.append(seconds)
        self.due.append(call)

    def write(self, count: int) -> None:
        claim = self.store.claim([SHARD])[SHARD]
        made = [SessionChanged(1, f"u{n}", Platform.WEB, None) for n in range(count)]
        append_now(self.store, [ShardAppend(SHARD, claim.epoch, claim.position, (), made)])
        self.trimming.written()

    def next(self) -> None:
        """The time of what waits has come."""
        self.waits.pop()
        self.due.pop()()

    def left(self) -> int:
        return len(self.store.events.read(SHARD, 1, 1 << 20)[0])


def test_what_is_written_goes_without_waiting_for_an_idle_server() -> None:
    made = Trimmed()
    made.write(ROWS + 10)
    made.write(10)
    assert made.waits == [GATHER_S / 2], "one step at a time"
    made.next()
    assert made.left() == ROWS + 20 and made.waits == [GATHER_S / 2], "it waits for an append"
    made.next()
    assert made.left() == 20 and made.waits == [PAUSE_S]
    made.next()
    assert made.left() == 0 and made.waits == [GATHER_S / 2]
    made.next()
    made.next()
    assert not made.due, "nothing is to do until something is written"
    made.write(1)
    made.next()
    made.next()
    assert made.left() == 0


def test_while_others_append_they_take_what_goes_with_them() -> None:
    made = Trimmed()
    made.write(ROWS_ALONG - 6)
    made.next()
    made.write(5)
    assert made.left() == 0, "all went with the append"
    made.next()
    assert made.waits == [GATHER_S / 2], "and the step had nothing to do"
    made.next()
    made.next()
    assert not made.due


def test_what_is_too_much_for_an_append_goes_with_a_step() -> None:
    made = Trimmed()
    made.write(ROWS_ALONG + 7)
    made.next()
    made.write(1)
    assert made.left() == 8
    made.next()
    assert made.left() == 0


def test_a_step_that_fails_is_done_again_when_more_is_written() -> None:
    made = Trimmed()
    made.write(3)
    trim_step = made.store.events.trim_step

    def fails(*_: object) -> int:
        raise StoreError("not now")

    made.store.events.trim_step = fails  # type: ignore[assignment]
    made.next()
    made.next()
    assert made.left() == 3 and not made.due
    made.store.events.trim_step = trim_step  # type: ignore[method-assign]
    made.write(1)
    made.next()
    made.next()
    assert made.left() == 0
