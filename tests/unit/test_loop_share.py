"""The share of the loop that callers over HTTP have: bounded, and fair by address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from rcim.http import loop_share
from rcim.http.loop_share import BURST_S, REQUEST_S, SHARE, LoopShare


class Loop:
    """A loop whose time is set by hand. What it is to call stands in `calls`, with how long from now."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.calls: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now_s

    def call_soon(self, call: Callable[[], None]) -> object:
        self.calls.append((0.0, call))
        return object()

    def call_later(self, wait_s: float, call: Callable[[], None]) -> object:
        self.calls.append((wait_s, call))
        return object()

    def go_on(self) -> float:
        """Let the time come of what it is to call next; returns how long that took."""
        wait_s, call = self.calls.pop(0)
        self.now_s += wait_s
        call()
        return wait_s


def made() -> tuple[Any, LoopShare]:
    loop: Any = Loop()
    return loop, LoopShare(loop)


def test_what_is_used_up_comes_back_with_time() -> None:
    loop, share = made()
    assert share.free()
    share.spend(BURST_S + 0.001)
    assert not share.free()
    loop.now_s += 0.001 / SHARE - 0.000_01
    assert not share.free()
    loop.now_s += 0.000_1
    assert share.free()
    loop.now_s += 3600
    assert share.free()
    share.spend(BURST_S + 0.001)
    assert not share.free(), "an hour of silence is worth no more than a moment"


def test_addresses_take_turns(monkeypatch: Any) -> None:
    monkeypatch.setattr(loop_share, "perf_counter", lambda: 0.0)
    loop, share = made()
    done: list[str] = []

    def job(name: str, pieces: int) -> Callable[[], bool]:
        left = [pieces]

        def work() -> bool:
            done.append(name)
            left[0] -= 1
            return left[0] > 0

        return work

    for number in range(3):
        share.wait("many", job(f"many{number}", 2))
    share.wait("one", job("one", 2))
    assert not share.free() and done == [], "who comes now waits too"
    loop.go_on()
    assert done[:4] == ["many0", "one", "many1", "one"]
    assert sorted(done[4:]) == ["many0", "many1", "many2", "many2"]
    assert share.free() and loop.calls == []


def test_a_turn_ends_and_the_loop_goes_on(monkeypatch: Any) -> None:
    clock = [0.0]
    monkeypatch.setattr(loop_share, "perf_counter", lambda: clock[0])
    loop, share = made()
    pieces = [0]

    def slow() -> bool:
        clock[0] += 0.001
        loop.now_s += 0.001
        pieces[0] += 1
        return pieces[0] < 1000

    share.wait("stranger", slow)
    waited_s = 0.0
    began_s = loop.now_s
    while loop.calls:
        before = pieces[0]
        waited_s += loop.go_on()
        assert pieces[0] - before <= 3, "2 ms in one turn, and what the last piece takes"
    assert pieces[0] == 1000
    assert waited_s >= 0.45 * (loop.now_s - began_s), "the loop had half of the time for others"


async def test_requests_begin_in_their_turn() -> None:
    share = LoopShare(asyncio.get_running_loop())
    began = []

    async def request(number: int) -> None:
        await share.turn("somewhere")
        began.append(number)

    count = int(BURST_S / REQUEST_S) * 3
    await asyncio.gather(*(request(number) for number in range(count)))
    assert sorted(began) == list(range(count))
