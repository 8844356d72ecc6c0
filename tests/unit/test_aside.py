"""What was not taken waits by key, in its order, and within its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from rcim.outbox import aside as aside_module
from rcim.outbox.aside import Aside
from rcim.outbox.backoff import Backoff
from rcim.outbox.positions import Positions


@pytest.fixture
def aside() -> Aside:
    return Aside(Backoff(1.0, 4.0))


def test_a_key_is_due_after_its_pause_which_doubles(aside: Aside) -> None:
    aside.put("a", 5, 100.0)
    now_s = 100.0
    for pause_s in (1, 2, 4, 4):
        assert aside.due_s == now_s + pause_s and aside.due(now_s + pause_s - 0.1, 9) == []
        now_s += pause_s
        assert aside.due(now_s, 9) == [5]
        aside.tried([5], {5}, now_s)
    aside.follow("a", 6)
    aside.tried([5, 6], {6}, now_s)
    assert aside.due_s == now_s + 1 and aside.first == 6, "some of it was taken"
    aside.tried([6], set(), now_s)
    assert aside.due_s is None and aside.first is None and not aside


def test_what_has_a_key_that_waits_follows_it(aside: Aside) -> None:
    assert not aside.follow("a", 1)
    aside.put("a", 1, 0.0)
    aside.put("b", 2, 0.0)
    assert aside.follow("a", 3) and not aside.follow("c", 4)
    assert aside.due(1.0, 9) == [1, 2, 3] and aside.due(1.0, 1) == [1] and aside.due(1.0, 2) == [1, 3]
    aside.tried([1, 2, 3], {1, 3}, 1.0)
    assert len(aside) == 2 and aside.first == 1


def test_it_has_room_for_so_many_keys_and_events(aside: Aside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside_module, "KEYS_MAX", 2)
    monkeypatch.setattr(aside_module, "EVENTS_MAX", 4)
    assert aside.room == 2
    aside.put("a", 1, 0.0)
    assert aside.room == 1
    for number in (2, 3, 4):
        aside.follow("a", number)
    assert aside.room == 0
    aside.tried([1, 2, 3, 4], {4}, 0.0)
    assert aside.room == 1
    aside.put("b", 5, 0.0)
    assert aside.room == 0


def test_what_there_was_no_time_for_is_due_at_once(aside: Aside) -> None:
    aside.put("a", 1, 10.0, failed=False)
    aside.follow("a", 2)
    assert aside.due(10.0, 9) == [1, 2] and aside.given_up(1 << 60) == []
    aside.tried([1, 2], {2}, 10.0, times_ms={})
    assert aside.due(10.0, 9) == [2], "some of it was taken"
    aside.tried([2], {2}, 10.0, times_ms={})
    assert aside.due(10.0, 9) == [] and aside.due_s == 12.0, "nothing of it was taken: there is a pause"
    aside.tried([2], {2}, 12.0, times_ms={2: 500})
    assert aside.given_up(500) == [] and aside.given_up(501) == [2]


def test_the_keys_that_have_waited_longest_come_first(aside: Aside) -> None:
    for number, key in enumerate("abc", 1):
        aside.put(key, number, 0.0)
    aside.tried([1], {1}, 1.0)
    assert aside.due(9.0, 1) == [2] and aside.due(9.0, 9) == [1, 2, 3] and aside.keys == 3
    aside.due_now()
    assert aside.due(0.0, 9) == [1, 2, 3]


def test_what_is_read_again_waits_no_longer(aside: Aside) -> None:
    aside.put("a", 1, 0.0)
    aside.put("b", 2, 0.0)
    aside.follow("a", 3)
    assert aside.first_without({1}) == 2 and aside.first_without({1, 2}) == 3
    aside.leave_from(2)
    assert len(aside) == 1 and aside.first == 1 and aside.keys == 1


def test_a_position_is_never_beyond_what_is_under_way() -> None:
    """A key that waits is followed by events of the batch that is being given on; then its first event is given up."""
    waits = Aside(Backoff(1.0, 4.0))
    none: Any = None
    positions = Positions(none, "one", none, [waits], 1.0)
    positions.next = [10]
    waits.put("a", 5, 0.0)
    waits.follow("a", 12)
    assert positions.come(0) == 5 and positions.come(0, {5}) == 10
    waits.tried([5], (), 0.0)
    assert positions.come(0) == 10
    positions.next[0] = 13
    assert positions.come(0) == 12
    positions.back[0] = 3
    assert positions.come(0) == 3
