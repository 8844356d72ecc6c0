"""Token buckets (LI-01): the burst is a whole minute's, then an even rate, and the wait that is told is exact."""

from __future__ import annotations

import random

from rcim.flow.buckets import MINUTE_MS, Operation, Rate, UserRates


def test_a_burst_of_a_minute_then_an_even_rate() -> None:
    rates = UserRates((60, 120, 30))
    assert [rates.take("a", Operation.SEND, 1000) for _ in range(60)] == [0] * 60
    assert rates.take("a", Operation.SEND, 1000) == 1000
    assert rates.take("a", Operation.SEND, 1999) == 1
    assert rates.take("a", Operation.SEND, 2000) == 0
    assert rates.take("a", Operation.SEND, 2000) == 1000


def test_kinds_and_users_are_counted_apart() -> None:
    rates = UserRates((1, 1, 1))
    assert [rates.take(user, kind, 0) for user in "ab" for kind in Operation] == [0] * 6
    assert rates.take("a", Operation.READ, 0) == MINUTE_MS


def test_the_wait_that_is_told_is_enough_and_not_too_long() -> None:
    rng = random.Random(3)
    for _ in range(200):
        burst, now, full = rng.randint(1, 90), rng.randint(0, 10**9), 0.0
        rate = Rate(burst, MINUTE_MS)
        for _ in range(burst):
            full, wait = rate.take(full, now)
            assert wait == 0
        full, wait = rate.take(full, now)
        assert wait > 0 and rate.take(full, now + wait)[1] == 0 and rate.take(full, now + wait - 1)[1] > 0


def test_who_has_done_nothing_for_a_minute_is_forgotten() -> None:
    rates = UserRates((10, 10, 10))
    for i in range(1000):
        rates.take(f"u{i}", Operation.SEND, i)
    assert len(rates) == 1000
    for i in range(1000):
        rates.take("late", Operation.OTHER, MINUTE_MS * 2 + i)
    assert len(rates) <= 2


def test_0_is_no_limit() -> None:
    rates = UserRates((0, 0, 0))
    assert not rates.limited and [rates.take("a", Operation.SEND, 0) for _ in range(1000)] == [0] * 1000
    assert len(rates) == 0


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    rate = Rate(5, 1000)
    full = 0.0
    for _ in range(5):
        full, wait = rate.take(full, 10_000_000)
        assert wait == 0
    full, wait = rate.take(full, 1000)
    assert wait == 0
