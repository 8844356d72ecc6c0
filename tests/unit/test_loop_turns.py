"""The part of each turn of the loop that callers over HTTP have: bounded, and fair by address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from rcim.http import loop_turns
from rcim.http.loop_turns import REQUEST_S, TURN_S, LoopTurns
from rcim.http.steps import Steps


class Loop:
    """A loop whose turns are made by hand."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], None]] = []

    def call_soon(self, call: Callable[[], None]) -> None:
        self.calls.append(call)

    def turn(self) -> None:
        """Call what is ready now; what becomes ready meanwhile is for the next turn."""
        ready, self.calls = self.calls, []
        for call in ready:
            call()


def made() -> tuple[Any, LoopTurns]:
    loop: Any = Loop()
    return loop, LoopTurns(loop)


def test_a_turn_is_used_up_and_another_one_comes() -> None:
    loop, turns = made()
    assert turns.free()
    turns.spend(TURN_S / 2)
    assert turns.free()
    turns.spend(TURN_S)
    assert not turns.free()
    loop.turn()
    assert turns.free() and loop.calls == [], "nothing turns where nobody waits"


def test_addresses_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop_turns, "perf_counter", lambda: 0.0)
    loop, turns = made()
    done: list[str] = []

    def job(name: str, pieces: int) -> Callable[[], bool]:
        left = [pieces]

        def work() -> bool:
            done.append(name)
            left[0] -= 1
            return left[0] > 0

        return work

    for number in range(3):
        turns.wait("many", job(f"many{number}", 2))
    turns.wait("one", job("one", 2))
    assert not turns.free() and done == [], "who comes now waits too"
    loop.turn()
    assert done[:4] == ["many0", "one", "many1", "one"]
    assert sorted(done[4:]) == ["many0", "many1", "many2", "many2"]
    assert turns.free()


def test_what_takes_longer_goes_on_in_further_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(loop_turns, "perf_counter", lambda: clock[0])
    loop, turns = made()
    pieces = [0]

    def slow() -> bool:
        clock[0] += TURN_S * 0.6
        pieces[0] += 1
        return pieces[0] < 100

    turns.wait("stranger", slow)
    count = 0
    while loop.calls:
        before = pieces[0]
        loop.turn()
        assert pieces[0] - before <= 2, "what is left of a turn, and what its last piece takes"
        count += 1
    assert pieces[0] == 100 and count >= 50


async def test_requests_begin_in_their_turn() -> None:
    turns = LoopTurns(asyncio.get_running_loop())
    began = []

    async def request(number: int) -> None:
        await turns.begin_request("somewhere")
        began.append(number)

    count = int(TURN_S / REQUEST_S) * 3
    tasks = [asyncio.create_task(request(number)) for number in range(count)]
    await asyncio.sleep(0)
    assert 0 < len(began) < count, "some of them wait for the next turn"
    await asyncio.gather(*tasks)
    assert began == list(range(count))


async def test_steps_are_done_in_the_turns_of_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits into this turn is done at once; of the rest a step at a time, and others have their turn in between."""
    now_s = [0.0]
    monkeypatch.setattr(loop_turns, "perf_counter", lambda: now_s[0])
    turns = LoopTurns(asyncio.get_running_loop())
    done: list[str] = []

    def work(name: str, count: int) -> Steps[str]:
        for number in range(count):
            done.append(f"{name}{number}")
            now_s[0] += TURN_S / 2
            yield
        return name

    assert await turns.run("here", work("a", 1)) == "a"
    one, other = (asyncio.ensure_future(turns.run(address, work(address, 6))) for address in ("b", "c"))
    assert await one == "b" and await other == "c"
    rest = [name for name in done if name not in ("a0", "b0")]
    assert rest.index("c5") < len(rest) and rest.index("c0") < rest.index("b3"), done

    def fails() -> Steps[None]:
        now_s[0] += TURN_S
        yield
        raise ValueError("wrong")

    for _ in range(2):
        with pytest.raises(ValueError, match="wrong"):
            await turns.run("here", fails())


async def test_steps_that_nobody_waits_for_any_more_are_not_done() -> None:
    loop = asyncio.get_running_loop()
    turns = LoopTurns(loop)
    done: list[int] = []

    def work(number: int) -> Steps[None]:
        done.append(number)
        yield

    task = asyncio.ensure_future(turns.run("here", work(1)))
    loop.call_soon(task.cancel)  # when it waits, and before its turn
    turns.spend(TURN_S)
    with pytest.raises(asyncio.CancelledError):
        await task
    await turns.run("here", work(2))
    assert done == [2]
