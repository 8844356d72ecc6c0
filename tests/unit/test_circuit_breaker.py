"""A receiver that takes nothing costs a few requests, however many wait for it; all goes on when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from rcim.outbox.backoff import Backoff
from rcim.outbox.circuit_breaker import FAILURES_MAX, FRESH_S, CircuitBreaker
from tests.kit import PATIENCE_S


def test_pauses_double_with_jitter_up_to_the_longest() -> None:
    chance = [0.0]
    backoff = Backoff(1.0, 600.0, lambda: chance[0])
    pauses = [1.0]
    while pauses[-1] < 600:
        pauses.append(backoff.longer(pauses[-1]))
    assert pauses[:5] == [1, 2, 4, 8, 16] and len(pauses) == 11
    assert backoff.wait_s(10.0) == pytest.approx(8.0)
    chance[0] = 1.0
    assert backoff.wait_s(10.0) == pytest.approx(12.0) and backoff.wait_s(600.0) == 600.0
    assert backoff.wait_s(10.0, 100.0) == 100.0, "what the destination asks for"
    assert backoff.wait_s(10.0, 1e9) == 600.0, "within bounds"


class Gated:
    """A circuit breaker, with a clock that is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.recovered = 0
        self.breaker = CircuitBreaker(Backoff(1.0, 600.0), self.open)
        self.now_s = 1000.0
        self.timers: list[float] = []
        monkeypatch.setattr(self.breaker, "_loop", self)

    def open(self) -> None:
        self.recovered += 1

    def time(self) -> float:
        return self.now_s

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def call_later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        self.timers.append(seconds)
        self.fire = call
        return asyncio.get_running_loop().call_later(3600, lambda: None)

    async def tries(self, key: str, *, taken: bool = False, asked_s: float = 0.0) -> int:
        """Enter for one event, and say what became of it; returns how many could have entered."""
        room = await asyncio.wait_for(self.breaker.enter(100), PATIENCE_S)
        self.breaker.leave(room, taken=taken, failed=() if taken else (key,), asked_s=asked_s)
        return room


async def test_a_dead_receiver_is_tried_one_at_a_time_with_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Gated(monkeypatch)
    breaker = made.breaker
    rooms = [await made.tries(f"u{n}") for n in range(FAILURES_MAX)]
    assert rooms == list(range(FAILURES_MAX, 0, -1)), "before anything is known, so many are tried"
    assert breaker.paused and made.timers == [1.0]
    waits = asyncio.ensure_future(breaker.enter(100))
    await asyncio.sleep(0)
    for pause_s in (1.0, 2.0, 4.0):
        assert breaker.due_s == made.now_s + pause_s and not waits.done()
        made.now_s += pause_s - 0.001
        made.fire()
        assert made.timers[-1] == pytest.approx(0.001), "a timer that is early waits for the rest"
        made.now_s = breaker.due_s
        made.fire()
        assert await waits == 1
        waits = asyncio.ensure_future(breaker.enter(100))
        await asyncio.sleep(0)
        assert not waits.done(), "one at a time"
        breaker.leave(1, taken=False, failed=("u1",))
    made.now_s = breaker.due_s
    made.fire()
    assert await waits == 1 and not made.recovered
    waits = asyncio.ensure_future(breaker.enter(100))
    breaker.leave(1, taken=True, failed=())
    assert await waits == 100 and made.recovered == 1 and not breaker.paused
    breaker.leave(100, taken=True, failed=())
    breaker.stop()


async def test_one_conversation_that_is_refused_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Gated(monkeypatch)
    for _ in range(100):
        await made.tries("bad")
    assert not made.breaker.paused
    for n in range(2 * FAILURES_MAX):
        await made.tries(f"u{n}")
        await made.tries("good", taken=True)
    assert not made.breaker.paused and made.recovered == 0


async def test_what_was_never_tried_waits_a_little_only(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Gated(monkeypatch)
    breaker = made.breaker
    for n in range(FAILURES_MAX):
        await made.tries(f"u{n}")
    while breaker.due_s - made.now_s < 600.0:
        made.now_s = breaker.due_s
        made.fire()
        await made.tries("bad")
    old, fresh = asyncio.ensure_future(breaker.enter(100)), asyncio.ensure_future(breaker.enter(100, fresh=True))
    made.now_s += FRESH_S - 0.001
    made.fire()
    await asyncio.sleep(0)
    assert not fresh.done()
    made.now_s += 0.001
    made.fire()
    assert await fresh == 1 and not old.done(), "one conversation may be good, though these are refused for ever"
    breaker.leave(1, taken=True, failed=())
    assert await old == 100 and made.recovered == 1
    breaker.stop()


async def test_it_waits_as_long_as_the_destination_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Gated(monkeypatch)
    for n in range(FAILURES_MAX):
        await made.tries(f"u{n}", asked_s=90.0)
    assert made.timers == [90.0]
    fresh = asyncio.ensure_future(made.breaker.enter(5, fresh=True))
    made.now_s += 89.0
    made.fire()
    await asyncio.sleep(0)
    assert not fresh.done(), "what was never tried, too"
    made.breaker.stop()
    assert await fresh == await made.breaker.enter(5) == 0 and not made.breaker.paused
    made.breaker.go_on()
    assert await made.breaker.enter(5) == 5
