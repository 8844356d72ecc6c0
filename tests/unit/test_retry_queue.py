"""What was not taken waits by key, in its order, and within its bounds."""

from __future__ import annotations

from typing import Any

import pytest

from rcim.outbox import retry_queue as retry_queue_module
from rcim.outbox.backoff import Backoff
from rcim.outbox.positions import Positions
from rcim.outbox.retry_queue import RetryQueue


@pytest.fixture
def retries() -> RetryQueue:
    return RetryQueue(Backoff(1.0, 4.0))


def test_a_key_is_due_after_its_pause_which_doubles(retries: RetryQueue) -> None:
    retries.put("a", 5, 100.0)
    now_s = 100.0
    for pause_s in (1, 2, 4, 4):
        assert retries.due_s == now_s + pause_s and retries.due(now_s + pause_s - 0.1, 9) == []
        now_s += pause_s
        assert retries.due(now_s, 9) == [5]
        retries.tried([5], {5}, now_s)
    retries.follow("a", 6)
    retries.tried([5, 6], {6}, now_s)
    assert retries.due_s == now_s + 1 and retries.first == 6, "some of it was taken"
    retries.tried([6], set(), now_s)
    assert retries.due_s is None and retries.first is None and not retries


def test_what_has_a_key_that_waits_follows_it(retries: RetryQueue) -> None:
    assert not retries.follow("a", 1)
    retries.put("a", 1, 0.0)
    retries.put("b", 2, 0.0)
    assert retries.follow("a", 3) and not retries.follow("c", 4)
    assert retries.due(1.0, 9) == [1, 2, 3] and retries.due(1.0, 1) == [1] and retries.due(1.0, 2) == [1, 3]
    retries.tried([1, 2, 3], {1, 3}, 1.0)
    assert len(retries) == 2 and retries.first == 1


def test_it_has_room_for_so_many_keys_and_events(retries: RetryQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_queue_module, "KEYS_MAX", 2)
    monkeypatch.setattr(retry_queue_module, "EVENTS_MAX", 4)
    assert retries.room == 2
    retries.put("a", 1, 0.0)
    assert retries.room == 1
    for number in (2, 3, 4):
        retries.follow("a", number)
    assert retries.room == 0
    retries.tried([1, 2, 3, 4], {4}, 0.0)
    assert retries.room == 1
    retries.put("b", 5, 0.0)
    assert retries.room == 0


def test_what_there_was_no_time_for_is_due_at_once(retries: RetryQueue) -> None:
    retries.put("a", 1, 10.0, failed=False)
    retries.follow("a", 2)
    assert retries.due(10.0, 9) == [1, 2] and retries.given_up(1 << 60) == []
    retries.tried([1, 2], {2}, 10.0, times_ms={})
    assert retries.due(10.0, 9) == [2], "some of it was taken"
    retries.tried([2], {2}, 10.0, times_ms={})
    assert retries.due(10.0, 9) == [] and retries.due_s == 12.0, "nothing of it was taken: there is a pause"
    retries.tried([2], {2}, 12.0, times_ms={2: 500})
    assert retries.given_up(500) == [] and retries.given_up(501) == [2]


def test_the_keys_that_have_waited_longest_come_first(retries: RetryQueue) -> None:
    for number, key in enumerate("abc", 1):
        retries.put(key, number, 0.0)
    retries.tried([1], {1}, 1.0)
    assert retries.due(9.0, 1) == [2] and retries.due(9.0, 9) == [1, 2, 3] and retries.keys == 3
    retries.due_now()
    assert retries.due(0.0, 9) == [1, 2, 3]


def test_what_is_read_again_waits_no_longer(retries: RetryQueue) -> None:
    retries.put("a", 1, 0.0)
    retries.put("b", 2, 0.0)
    retries.follow("a", 3)
    assert retries.first_without({1}) == 2 and retries.first_without({1, 2}) == 3
    retries.leave_from(2)
    assert len(retries) == 1 and retries.first == 1 and retries.keys == 1


def test_a_position_is_never_beyond_what_is_under_way() -> None:
    """A key that waits is followed by events of the batch that is being given on; then its first event is given up."""
    waits = RetryQueue(Backoff(1.0, 4.0))
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
