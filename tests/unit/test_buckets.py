"""Token buckets (LI-01): the burst is a whole minute's, then an even rate, and the wait that is told is exact."""

from __future__ import annotations

import random

from rcim.flow.buckets import MINUTE_MS, Patience, Rate, RateClass, RecentCost, UserRates, WorkBudget


def test_a_burst_of_a_minute_then_an_even_rate() -> None:
    rates = UserRates((60, 120, 30, 0, 0, 0))
    assert [rates.take("a", RateClass.SEND, 1000) for _ in range(60)] == [0] * 60
    assert rates.take("a", RateClass.SEND, 1000) == 1000
    assert rates.take("a", RateClass.SEND, 1999) == 1
    assert rates.take("a", RateClass.SEND, 2000) == 0
    assert rates.take("a", RateClass.SEND, 2000) == 1000


def test_kinds_and_users_are_counted_apart() -> None:
    rates = UserRates((1, 1, 1, 1, 1, 1))
    assert [rates.take(user, kind, 0) for user in "ab" for kind in RateClass] == [0] * 12
    assert rates.take("a", RateClass.READ, 0) == MINUTE_MS


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
    rates = UserRates((10, 10, 10, 0, 0, 0))
    for i in range(1000):
        rates.take(f"u{i}", RateClass.SEND, i)
    assert len(rates) == 1000
    for i in range(1000):
        rates.take("late", RateClass.OTHER, MINUTE_MS * 2 + i)
    assert len(rates) <= 2


def test_0_is_no_limit() -> None:
    rates = UserRates((0, 0, 0, 0, 0, 0))
    assert not rates.limited and [rates.take("a", RateClass.SEND, 0) for _ in range(1000)] == [0] * 1000
    assert len(rates) == 0


def test_a_clock_that_is_set_back_stops_nobody() -> None:
    rate = Rate(5, 1000)
    full = 0.0
    for _ in range(5):
        full, wait = rate.take(full, 10_000_000)
        assert wait == 0
    full, wait = rate.take(full, 1000)
    assert wait == 0


def test_who_goes_on_after_refusals_is_slowed_down_and_then_closed() -> None:  # LI-01
    rates = UserRates((1, 0, 0, 0, 10, 0))
    assert rates.take("a", RateClass.SEND, 0) == 0
    found = [rates.refused("a", 0) for _ in range(12)]
    assert found == [Patience.ANSWER] * 5 + [Patience.SLOW] * 5 + [Patience.CLOSE] * 2
    assert rates.flooding_ms("a", 0) == MINUTE_MS / 10 and rates.flooding_ms("a", MINUTE_MS // 10) == 0
    assert rates.flooding_ms("b", 0) == 0 and rates.refused("b", 0) is Patience.ANSWER, "one user's is no other's"
    assert rates.refused("a", MINUTE_MS + 1) is Patience.ANSWER, "after a quiet minute all is forgiven"


def test_without_a_limit_nobody_is_slowed_down() -> None:
    rates = UserRates((1, 0, 0, 0, 0, 0))
    assert {rates.refused("a", 0) for _ in range(1000)} == {Patience.ANSWER}
    assert rates.flooding_ms("a", 0) == 0


def test_the_time_that_a_user_costs_is_charged() -> None:
    budget = WorkBudget(100, 10)
    assert budget.spend("a", 1000, 5000) == 0, "ten seconds' worth at once"
    assert budget.spend("a", 1, 5000) == 10, "a millisecond more takes ten to come back"
    assert budget.spend("b", 1, 5000) == 0 and budget.wait_ms("a", 5010) == 0 and budget.wait_ms("c", 0) == 0
    for number in range(1000):
        budget.spend(f"u{number}", 1, 100_000 + number * 20)
    assert len(budget) <= 2, "who has a full budget is forgotten"
    free = WorkBudget(0, 10)
    assert not free.limited and free.spend("a", 1e9, 0) == 0 and len(free) == 0


def test_half_of_what_a_user_has_cost_is_forgotten() -> None:
    recent = RecentCost(2000)
    recent.spend("a", 8, 0)
    recent.spend("b", 1, 0)
    assert (recent.ms("a", 2000), recent.ms("b", 2000), recent.ms("c", 2000)) == (4, 0.5, 0)
    recent.spend("a", 1, 4000)
    assert recent.ms("a", 4000) == 3
    for number in range(1000):
        recent.spend(f"u{number}", 1, 100_000 + number * 20_000)
    assert len(recent) <= 2, "who has cost next to nothing lately is forgotten"
