"""What is counted of conversations and connections for the live view (OP-02): windows, the largest of many, steps."""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rcim.actor.recent_ids import RecentIds
from rcim.actor.records import Message
from rcim.base import process_use
from rcim.base.histogram import Histogram
from rcim.base.loop_lag import WINDOW_S, LoopLag
from rcim.base.process_use import ProcessMeter
from rcim.base.terms import Priority
from rcim.dispatch import stepping
from rcim.dispatch.stepping import Largest, in_steps
from rcim.flow.activity import WINDOW_MS, Activity
from tests.kit import PATIENCE_S


def passed(activity: Activity, key: str, count: int) -> None:
    activity.now[key] = activity.now.get(key, 0) + count


def test_a_steady_rate_is_seen_as_it_is() -> None:
    activity = Activity(5_000)
    for second in range(200):
        now_ms = 5_000 + second * 1000
        activity.turn(now_ms)
        passed(activity, "g:a", 7)
        if second >= 70:
            share = activity.share(now_ms)
            assert abs(activity.in_10s("g:a", share) - 70) <= 7
            assert abs(activity.in_60s("g:a", share) - 420) <= 7


def test_what_is_over_is_forgotten() -> None:
    activity = Activity(0)
    passed(activity, "g:a", 100)
    for now_ms in range(0, 80_000, 100):
        activity.turn(now_ms)
        share = activity.share(now_ms)
        in_10s, in_60s = activity.in_10s("g:a", share), activity.in_60s("g:a", share)
        if now_ms < WINDOW_MS:
            assert in_10s == in_60s == 100
        if now_ms >= 2 * WINDOW_MS:
            assert in_10s == 0
        if now_ms >= 7 * WINDOW_MS:
            assert in_60s == 0
            assert not any(activity._windows), "and takes no memory"


def test_a_long_pause_turns_all_windows() -> None:
    activity = Activity(0)
    passed(activity, "g:a", 100)
    wait_ms = activity.turn(1_000_000_123)
    assert 0 < wait_ms <= WINDOW_MS
    assert activity.in_60s("g:a", activity.share(1_000_000_123)) == 0
    assert activity.turn(1_000_000_123 + wait_ms) == WINDOW_MS


@pytest.mark.parametrize("smallest", [False, True])
def test_the_largest_of_many(smallest: bool) -> None:
    values = [random.Random(7).randrange(500) for _ in range(5_000)]
    best: Largest[int] = Largest(30, smallest=smallest)
    for at, value in enumerate(values):
        best.add(value, at)
        assert len(best._heap) <= 30
    wanted = sorted(enumerate(values), key=lambda one: one[1], reverse=not smallest)[:30]
    assert sorted(best.all()) == sorted((value, at) for at, value in wanted)
    assert best.take() == [(value, at) for at, value in wanted], "equal ones in their order"


@pytest.mark.parametrize("smallest", [False, True])
def test_a_page_far_down_is_found_without_sorting_what_is_above_it(
    smallest: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    popped = 0

    def counting(heap: list[Any]) -> Any:
        nonlocal popped
        popped += 1
        return heapq.heappop(heap)

    monkeypatch.setattr(stepping, "heappop", counting)
    names = [f"g:{random.Random(at).randrange(10_000)}" for at in range(5_000)]
    best: Largest[str] = Largest(4_050, smallest=smallest)
    for name in names:
        best.add(name, name)
    page = [name for _, name in best.take(4_000)]
    assert page == sorted(names, reverse=not smallest)[4_000:4_050]
    assert popped == 50
    few: Largest[str] = Largest(10, smallest=smallest)
    few.add("a", "a")
    assert few.take(5) == [] and Largest[int](0).take() == []


async def test_many_things_are_looked_at_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "STEP_S", 0.0)  # as if it took long
    loop, seen, turns = asyncio.get_running_loop(), list[int](), 0
    done = loop.create_future()
    in_steps(loop, range(1000), seen.append, lambda: done.set_result(None))
    assert seen == list(range(stepping.AT_ONCE)), "the rest after the loop has turned to others"
    while not done.done():
        turns += 1
        await asyncio.sleep(0)
    assert seen == list(range(1000)) and turns > 1


async def test_a_fault_in_the_middle_ends_it_and_is_answered() -> None:
    loop, done = asyncio.get_running_loop(), list[int]()

    def look(item: int) -> None:
        raise RuntimeError("a fault")

    in_steps(loop, range(10), look, lambda: done.append(1))
    assert done == [1]


def test_the_lag_is_the_longest_of_the_last_10_s() -> None:
    counted = Histogram((0.1, 1.0))
    lag = LoopLag(counted)
    assert lag.longest_us == 0
    lag.note(0.5, 100)
    lag.note(0.05, 101)
    assert lag.longest_us == 500_000
    lag.note(0.2, 100 + WINDOW_S)
    assert lag.longest_us == 500_000
    lag.note(0.01, 101 + WINDOW_S)
    assert lag.longest_us == 200_000
    lag.note(0.01, 101 + 9 * WINDOW_S)
    assert lag.longest_us == 10_000 and counted.counts == [3, 2, 0]


async def test_a_loop_is_measured_until_the_end() -> None:
    loop, lag = asyncio.get_running_loop(), LoopLag()
    came = asyncio.Event()
    lag.note = lambda late_s, now_s: came.set()  # type: ignore[method-assign]
    lag.start(loop)
    await asyncio.wait_for(came.wait(), PATIENCE_S)
    timer = lag._timer
    lag.stop()
    assert timer is not None and timer.cancelled() and lag._timer is None


def test_senders_are_known_from_the_newest() -> None:
    recent = RecentIds(60_000, 100)
    for at in range(3):
        recent.add(Message(at, 1000 + at, at, Priority.NORMAL, f"u{at}", "", "", "", f"m{at}", b""))
    assert list(recent.newest_first()) == [("u2", 1002), ("u1", 1001), ("u0", 1000)]


def test_a_process_says_what_it_uses() -> None:
    used = ProcessMeter().use()
    assert used.memory_bytes > 1 << 20 and used.cpu_ms > 0
    assert used.open_files_max is None or used.open_files <= used.open_files_max


def test_open_files_are_counted_where_the_kernel_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    class Now:
        def __init__(self, target: Callable[[], None], **_: object) -> None:
            self.start = target

    monkeypatch.setattr(process_use.os, "stat", lambda _: SimpleNamespace(st_size=0))
    monkeypatch.setattr(process_use.threading, "Thread", Now)
    monkeypatch.setattr(process_use.os, "listdir", lambda _: ["0", "1", "2"])
    assert ProcessMeter().use().open_files == 3
