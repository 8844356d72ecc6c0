"""The pace of what very many hear (SY-01): the pacer alone, and the rounds over connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rcim.base import clock
from rcim.connect.paced_rounds import DEFERRED_MS_MAX, SHARE, PacedRounds
from rcim.flow.pacing import TURN_MAX, Pacer


def visited_in(pacer: Pacer, ms: int, from_ms: int = 0) -> int:
    found = 0
    for now in range(from_ms, from_ms + ms):
        room = pacer.room(now)
        pacer.take(room)
        found += room
    return found


@pytest.mark.parametrize("per_s", [10, 333, 2500, 6000])
def test_so_many_are_visited_in_a_second(per_s: int) -> None:
    pacer = Pacer(per_s)
    most = max(1, per_s // 100)
    assert per_s - 1 <= visited_in(pacer, 1000) <= per_s + most
    assert pacer.room(1_000_000) == min(most, TURN_MAX)  # what was not used is not saved up


def test_a_turn_is_bounded_whatever_the_pace() -> None:
    pacer = Pacer(1_000_000)
    assert pacer.room(5) == TURN_MAX


def test_after_its_wait_there_is_room() -> None:
    for per_s in (10, 999, 2500, 1_000_000):
        pacer = Pacer(per_s)
        now = 0
        for _ in range(100):
            room = pacer.room(now)
            pacer.take(room)
            now += pacer.wait_ms()
            assert pacer.room(now) > 0


class Loop:
    """Carries out what is due when time is moved."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_ms = 0
        self.due: list[tuple[float, Callable[[], None]]] = []
        patch.setattr(clock, "steady_ms", lambda: self.now_ms)

    def call_later(self, wait_s: float, call: Callable[[], None]) -> Any:
        self.due.append((self.now_ms + wait_s * 1000, call))
        return self

    def run(self, ms: int) -> None:
        for _ in range(ms):
            self.now_ms += 1
            now, self.due = (
                [call for at, call in self.due if at <= self.now_ms],
                [one for one in self.due if one[0] > self.now_ms],
            )
            for call in now:
                call()


class Steps:
    """A round over so many connections."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.sizes: list[int] = []

    def __call__(self, size: int) -> tuple[int, bool]:
        self.sizes.append(size)
        visited = min(size, self.left)
        self.left -= visited
        return visited, self.left > 0


def test_five_thousand_take_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    rounds = PacedRounds(loop, 2500, lambda: False)  # type: ignore[arg-type]
    one = Steps(5000)
    rounds.add(one)
    loop.run(1800)
    assert one.left > 0
    loop.run(500)
    assert one.left == 0 and len(rounds) == 0 and not loop.due
    assert max(one.sizes) <= SHARE


def test_a_small_one_does_not_wait_for_a_large_one(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    rounds = PacedRounds(loop, 2500, lambda: False)  # type: ignore[arg-type]
    large, small = Steps(50_000), Steps(100)
    rounds.add(large)
    loop.run(50)
    rounds.add(small)
    loop.run(150)
    assert small.left == 0 and large.left > 0


def test_rounds_of_others_come_first_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    busy = True
    rounds = PacedRounds(loop, 2500, lambda: busy)  # type: ignore[arg-type]
    one = Steps(1000)
    rounds.add(one)
    loop.run(DEFERRED_MS_MAX - 20)
    assert one.left == 1000
    loop.run(1000)
    assert 0 < one.left < 1000
    busy = False
    loop.run(500)
    assert one.left == 0


def test_what_begins_again_at_its_end_has_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    rounds = PacedRounds(loop, 1000, lambda: False)  # type: ignore[arg-type]
    again = [3]

    def step(size: int) -> tuple[int, bool]:
        if again[0]:
            again[0] -= 1
            rounds.add(step)
        return 1, False

    rounds.add(step)
    for _ in range(5):
        loop.run(1)
        assert len(loop.due) <= 1
    assert again == [0]


def test_a_round_that_fails_does_not_stop_others(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(monkeypatch)
    rounds = PacedRounds(loop, 1000, lambda: False)  # type: ignore[arg-type]

    def fails(size: int) -> tuple[int, bool]:
        raise ValueError

    one = Steps(20)
    rounds.add(fails)
    rounds.add(one)
    with pytest.raises(ValueError):
        loop.run(1)
    loop.run(100)
    assert one.left == 0
