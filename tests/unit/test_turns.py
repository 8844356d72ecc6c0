"""Input in turns (rcim/connect/turns.py): a budget of time a turn, keys by turns, strangers apart from users."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rcim.connect.turns import Turns


class Loop:
    """The loop's next turns, and a clock that only work moves."""

    def __init__(self) -> None:
        self.turns: list[Callable[[], None]] = []
        self.now_s = 0.0
        self.made = Turns(0.005, 0.005, self.turns.append, lambda: self.now_s)

    def turn(self) -> None:
        self.turns.pop(0)()


class Who:
    """A connection with `work` pieces of input of 2 ms each."""

    def __init__(self, loop: Loop, key: str, work: int = 1, stranger: bool = False) -> None:
        self.loop, self.key, self.work, self.taken = loop, key, work, 0
        self.line = loop.made.strangers if stranger else loop.made.users
        loop.made.ask(self.line, key, self)

    def take_turn(self) -> None:
        self.taken += 1
        self.loop.now_s += 0.002
        if self.taken < self.work:
            self.loop.made.ask(self.line, self.key, self)


def test_a_turn_ends_when_its_time_is_over_and_the_rest_has_the_next() -> None:
    loop = Loop()
    users = [Who(loop, f"u{i}") for i in range(7)]
    done = []
    while loop.turns:
        loop.turn()
        done.append(sum(user.taken for user in users))
    assert done == [3, 6, 7] and loop.made.waiting == 0


def test_keys_take_turns_however_many_connections_they_have() -> None:
    loop = Loop()
    many = [Who(loop, "many", work=3) for _ in range(100)]
    one = Who(loop, "one")
    loop.turn()
    assert one.taken == 1 and sum(who.taken for who in many) == 2
    late = Who(loop, "late", work=2)
    for _ in range(2):
        loop.turn()
    assert late.taken == 2, "each of its pieces waits for one of the others' at the most"


def test_strangers_and_users_have_budgets_of_their_own() -> None:
    loop = Loop()
    strangers = [Who(loop, f"10.0.0.{i}", stranger=True) for i in range(1000)]
    user = Who(loop, "alice")
    loop.turn()
    assert user.taken == 1 and sum(who.taken for who in strangers) == 3


def test_input_that_finds_no_time_left_waits() -> None:
    loop = Loop()
    assert loop.made.has_time
    loop.made.spent(0.002)
    assert loop.made.has_time and not loop.turns, "a quiet turn costs nothing"
    loop.made.spent(0.002)
    assert loop.made.has_time and len(loop.turns) == 1
    loop.made.spent(0.002)
    assert not loop.made.has_time
    loop.turn()
    assert loop.made.has_time and not loop.turns


def test_a_turn_that_fails_does_not_stop_the_line() -> None:
    loop = Loop()
    bad, good = Who(loop, "bad"), Who(loop, "good")
    bad.take_turn = lambda: 1 // 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        loop.turn()
    loop.turn()
    assert good.taken == 1
