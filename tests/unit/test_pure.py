"""Small pure parts: ids, limits, the timing wheel, the outbound queue, slices, back-off, SEQ tracking."""

from __future__ import annotations

import random
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcim.base.errors import ALL, ErrorKind, RcimError, code_of
from rcim.base.ids import SHARDS, check_group_id, check_user_id, has_control, made_group_id, message_id, shard_of
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import Priority
from rcim.client.backoff import FIRST_MS, MOST_MS, SOON_FOR_MS, SOON_MS, Backoff
from rcim.client.tracker import HELD_MAX, SeqTracker
from rcim.connect.resubscribe import spread_ms
from rcim.flow.ceiling import SHARES, Ceiling
from rcim.flow.outbound import OutboundQueue
from rcim.flow.slices import ENOUGH, SLICE_MS_MAX, slice_ms, wait_ms
from rcim.flow.wheel import TimingWheel
from rcim.rules.fields import BYTES_MAX, check_field

# ------------------------------------------------------------------------------------------------------ ids


@given(st.text(st.characters(), max_size=12))
def test_control_characters_are_found(text: str) -> None:  # ID-01
    assert has_control(text) == any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in text)


@pytest.mark.parametrize("c", ["\0", "\x1f", "\x7f", "\x80", "\x9f", "\ud800", "\udfff"])
def test_each_end_of_the_control_characters_is_one(c: str) -> None:
    assert has_control(c) and has_control(f"a{c}") and has_control(f"é{c}")
    assert not has_control(" ~\xa0é\U0001f600")


@pytest.mark.parametrize("good", ["a", "x" * 64, "用户", "a b", "@TGS#", "é" * 64])
def test_good_user_ids(good: str) -> None:  # ID-01
    assert check_user_id(good) == good


@pytest.mark.parametrize("bad", ["", "x" * 65, "é" * 65, "a\nb", "a\0", "\x7f", "a\x85b"])
def test_bad_user_ids(bad: str) -> None:
    with pytest.raises(RcimError) as error:
        check_user_id(bad)
    assert error.value.code.name == "BAD_PARAMETER"


@pytest.mark.parametrize("good", ["a", " ", "~" * 48, "TGS#", "@tgs#1"])
def test_good_group_ids(good: str) -> None:  # GT-25
    assert check_group_id(good) == good


@pytest.mark.parametrize("bad", ["", "x" * 49, "é", "a\tb", "\x7f", "@TGS#", "@TGS#1"])
def test_bad_group_ids(bad: str) -> None:
    with pytest.raises(RcimError) as error:
        check_group_id(bad)
    assert error.value.code.name == "BAD_GROUP_ID"


def test_message_ids_are_unique_and_shards_are_stable() -> None:
    assert len({message_id(s, p) for s in range(SHARDS) for p in range(100)}) == SHARDS * 100
    assert [shard_of(k) for k in ("g:lobby", "g:demo", "@:alice")] == [52, 26, 22]
    assert made_group_id(5) == "@TGS#0000000000005"


def test_errors_are_told_apart_by_number_and_name() -> None:
    assert len({c.number for c in ALL}) == len({c.name for c in ALL}) == len(ALL)
    assert code_of(223456).name == "CODE_223456"
    assert code_of(10150).name == "APP_10150" and code_of(123456).kind is ErrorKind.MISTAKE


@pytest.mark.parametrize("name", BYTES_MAX)
def test_field_bounds_are_bytes(name: str) -> None:  # GR-03
    bound = BYTES_MAX[name]
    assert check_field(name, "a" * bound)
    assert check_field(name, "你" * (bound // 3))
    for wrong in ("a" * (bound + 1), "你" * (bound // 3 + 1)):
        with pytest.raises(RcimError):
            check_field(name, wrong)


# --------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    "wrong",
    [
        {"heartbeat_ms": 0},
        {"frame_bytes_max": 1 << 21},
        {"mailbox_max": -1},
        {"login_ms": 1.5},
        {"login_ms": True},
        {"out_soft_bytes": 1 << 20, "out_hard_bytes": 1 << 20},
        {"body_bytes_max": 49152, "frame_bytes_max": 50000},
        {"history_page_default": 101},
        {"heartbeat_ms": 60_000},
    ],
)
def test_limits_have_bounds(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError):
        Limits(**wrong)


# ---------------------------------------------------------------------------------------------------- wheel


@settings(max_examples=150, database=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 40_000), st.integers(0, 3000)), max_size=60))
def test_the_wheel_against_a_dictionary(steps: list[tuple[int, int, int]]) -> None:
    now = 1000
    wheel: TimingWheel[int] = TimingWheel(now, tick_ms=100, slots=16)
    model: dict[int, int] = {}
    for key, ahead, passed in steps:
        wheel.set(key, now + ahead)
        model[key] = now + ahead
        now += passed
        for due in wheel.advance(now):
            assert model.pop(due) <= now
        assert all(deadline > now - 200 for deadline in model.values()), "more than a tick late"
        assert len(wheel) == len(model)
    now += 100_000
    assert sorted(wheel.advance(now)) == sorted(model)


def test_the_wheel_forgets() -> None:
    wheel: TimingWheel[str] = TimingWheel(0)
    wheel.set("a", 500)
    wheel.discard("a")
    wheel.discard("b")
    assert wheel.advance(10_000) == [] and len(wheel) == 0


# ----------------------------------------------------------------------------------------------- slow (RX-07)


def _queue() -> OutboundQueue:
    return OutboundQueue(DEFAULTS)


SOFT, HARD = DEFAULTS.out_soft_bytes, DEFAULTS.out_hard_bytes


@pytest.mark.parametrize("priority", Priority)
@pytest.mark.parametrize("queued", [0, SOFT, SOFT + 1, HARD, HARD + 1])
def test_what_is_left_out_first(queued: int, priority: Priority) -> None:
    queue = _queue()
    goes = queue.may_deliver(queued, 1, "g:a", 5, 6, priority)
    low = priority in (Priority.LOW, Priority.LOWEST)
    assert goes == (queued <= SOFT or (queued <= HARD and not low))
    assert queue.dropped == (0 if goes else 2)


def test_after_a_gap_nothing_goes_out_until_resync() -> None:
    queue = _queue()
    assert not queue.may_deliver(SOFT + 1, 1, "g:a", 5, 5, Priority.LOW)
    assert not queue.may_deliver(SOFT + 1, 2, "g:a", 6, 7, Priority.HIGH)
    assert queue.may_deliver(SOFT + 1, 2, "g:b", 1, 1, Priority.HIGH)
    assert queue.troubled
    assert queue.drained(SOFT // 2 + 1) == []
    assert queue.drained(SOFT // 2) == [("g:a", 5, 7)]
    assert not queue.troubled and queue.drained(0) == []
    assert queue.may_deliver(0, 3, "g:a", 8, 8, Priority.LOWEST)


def test_slow_for_too_long() -> None:
    queue = _queue()
    queue.may_deliver(SOFT + 1, 1000, "g:a", 1, 1, Priority.HIGH)
    assert not queue.too_slow(1000 + DEFAULTS.out_slow_ms - 1)
    assert queue.too_slow(1000 + DEFAULTS.out_slow_ms)
    queue.drained(SOFT)
    assert not queue.too_slow(10**9)


def test_slices_grow_with_the_room() -> None:  # FC-06
    waits = [slice_ms(n) for n in (0, 1, 200, 201, 1000, 5000, 10_000, 10_001)]
    assert waits[:3] == [0, 0, 0] and waits == sorted(waits) and waits[-1] == SLICE_MS_MAX


def test_a_round_begins_when_it_was_quiet_or_enough_waits() -> None:  # FC-06
    assert wait_ms(200, 0, 1) == 0, "small rooms never wait"
    assert wait_ms(5000, 1000, 1) == 0, "after quiet it begins at once"
    assert wait_ms(5000, 30, 1) == 70
    assert wait_ms(5000, 30, ENOUGH - 1) == 70
    assert wait_ms(5000, 30, ENOUGH) == 0


def test_without_a_ceiling_everything_goes_out() -> None:  # LI-03
    ceiling = Ceiling(0)
    assert all(ceiling.admits(Priority.LOWEST, 10_000, 0) for _ in range(100)) and ceiling.left_out == 0


def test_over_the_ceiling_the_lowest_goes_first() -> None:  # LI-03
    """All four priorities in turn, twice what the ceiling lets through: each second passes no more than the ceiling, and
    no priority loses more than a lower one."""
    ceiling = Ceiling(1000)
    for second in range(3):
        passed = dict.fromkeys(Priority, 0)
        for i in range(200):
            priority = list(Priority)[i % 4]
            passed[priority] += ceiling.admits(priority, 10, second * 1000 + i)
        assert 0 < sum(passed.values()) * 10 <= 1000
        ordered = [passed[p] for p in sorted(Priority)]
        assert ordered == sorted(ordered, reverse=True) and ordered[0] > ordered[-1]
    assert ceiling.left_out > 0


def test_what_is_left_of_a_second_is_for_the_higher_ones() -> None:  # LI-03
    ceiling = Ceiling(1000)
    while ceiling.admits(Priority.LOWEST, 10, 5):
        pass
    for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH):
        assert ceiling.admits(priority, 10, 6)
        while ceiling.admits(priority, 10, 6):
            pass
    assert not ceiling.admits(Priority.HIGH, 10, 999) and ceiling.admits(Priority.LOWEST, 10, 1000)
    assert SHARES[Priority.HIGH] == 1


# --------------------------------------------------------------------------------------------------- client


def test_backoff_is_jittered_and_bounded() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_ms(1000) for _ in range(40)]
    assert waits[0] <= FIRST_MS and len(set(waits)) == 40
    assert all(w <= FIRST_MS * 2**i for i, w in enumerate(waits))
    assert max(waits) <= SOON_MS, "within a minute nobody waits for long"
    assert max(backoff.next_ms(1000 + SOON_FOR_MS - 1) for _ in range(40)) <= SOON_MS
    later = [backoff.next_ms(1000 + SOON_FOR_MS) for _ in range(40)]
    assert SOON_MS < max(later) <= MOST_MS
    backoff.reset()
    assert backoff.next_ms(10**6) <= FIRST_MS
    assert max(backoff.next_ms(10**6) for _ in range(40)) <= SOON_MS, "the minute begins anew"


def test_who_is_told_to_go_does_not_come_back_before_it_may() -> None:  # WI-07
    backoff = Backoff(random.Random(1))
    waits = [backoff.within(2000, 1000) for _ in range(40)]
    assert min(waits) >= 2000 and max(waits) <= 3000 and max(waits) - min(waits) > 500
    assert backoff.within(0, 0) == 0


@pytest.mark.parametrize("connections, within", [(1, 1000), (2, 1000), (1000, 6000), (10**6, 30_000)])
def test_even_a_few_clients_come_back_spread(connections: int, within: int) -> None:  # WI-07
    assert spread_ms(connections, DEFAULTS.drain_spread_ms) == within


@settings(max_examples=300, database=None)
@given(st.integers(1, 5), st.lists(st.integers(1, 30), max_size=80), st.integers(0, 30))
def test_a_tracker_gives_each_once_and_in_order(first: int, seqs: list[int], newest: int) -> None:  # RX-05
    tracker: SeqTracker[int] = SeqTracker(first)
    got = [m for seq in seqs for m in tracker.offer(seq, seq)]
    assert got == list(range(first, first + len(got)))
    tracker.heard_of(newest)
    while (gap := tracker.gap()) is not None:
        assert tracker.gap() is None, "one question at a time"
        got += [m for seq in range(gap[0], gap[1] + 1) for m in tracker.offer(seq, seq)]
        tracker.asked()
    assert got == list(range(first, max([newest, *seqs, first - 1]) + 1))


def test_a_tracker_skips_what_can_not_be_had() -> None:
    tracker: SeqTracker[int] = SeqTracker(1)
    assert tracker.offer(5, 5) == [] and tracker.gap() == (1, 4)
    tracker.asked()
    assert tracker.skip_to(5) == [5] and tracker.gap() is None


def test_what_history_has_of_a_range_with_holes_is_given_out() -> None:  # RX-05, GT-22: SEQ has jumped
    tracker: SeqTracker[int] = SeqTracker(1)
    tracker.heard_of(6)
    assert tracker.gap() == (1, 6)
    assert [tracker.offer(seq, seq) for seq in (2, 4, 5)] == [[], [], []]
    assert tracker.skip_to(7) == [2, 4, 5] and tracker.next_seq == 7
    assert tracker.doubles == 0 and tracker.offer(5, 5) == [] and tracker.doubles == 1


def test_a_tracker_holds_a_bounded_number() -> None:
    tracker: SeqTracker[int] = SeqTracker(1)
    for seq in range(2, HELD_MAX + 500):
        tracker.offer(seq, seq)
    assert len(tracker.offer(1, 1)) == HELD_MAX + 1
    assert tracker.gap() == (HELD_MAX + 2, HELD_MAX + 499)


def test_whatever_an_actor_or_the_store_says_can_cross_the_bus() -> None:
    from rcim.actor import (
        api_keys,
        commands,
        import_commands,
        key_commands,
        live_queries,
        log_queries,
        log_workflows,
        outbox_results,
        outbox_workflows,
        outcomes,
        person_queries,
        person_workflows,
        push_queries,
        queries,
        reload_results,
        reload_workflows,
        room_commands,
        ultra_commands,
        user_commands,
        user_results,
        workflows,
    )
    from rcim.bus import messages
    from rcim.store import answers, connection_answers, live_answers, log_answers, person_answers, push_answers

    def all_of(module: Any, base: type) -> set[type]:
        found = (x for x in vars(module).values() if isinstance(x, type) and issubclass(x, base))
        return {x for x in found if x is not base and x.__module__ == module.__name__}

    of_the_outbox = set(get_args(outbox_results.OutboxResult))
    of_keys = set(get_args(api_keys.KeyResult))
    of_actors = all_of(outcomes, user_results.Result) | all_of(user_results, user_results.Result)
    assert set(get_args(outcomes.AnyResult)) == of_actors | of_the_outbox | of_keys | {reload_results.Reloaded}
    both = all_of(commands, user_commands.Asked) | all_of(user_commands, user_commands.Asked)
    both |= all_of(room_commands, user_commands.Asked) | all_of(ultra_commands, user_commands.Asked)
    both |= all_of(key_commands, user_commands.Asked) | all_of(import_commands, user_commands.Asked)
    both.discard(commands.PutsIn)  # what some of them have in common
    assert set(get_args(commands.Command)) == both
    all_queries = set().union(
        *(
            all_of(module, queries.Asks)
            for module in (queries, push_queries, log_queries, person_queries, live_queries)
        )
    )
    assert set(get_args(queries.Query)) == all_queries
    in_modules = (workflows, outbox_workflows, log_workflows, person_workflows, reload_workflows)
    all_workflows = set().union(*(all_of(module, workflows.Workflow) for module in in_modules))
    assert set(get_args(workflows.AnyWorkflow)) == all_workflows
    of_answers = (answers, connection_answers, live_answers, log_answers, person_answers, push_answers)
    names = [x for module in of_answers for x in vars(module).values()]
    tagged = {x for x in names if isinstance(x, type) and hasattr(x, "__struct_config__")}
    assert {x for x in tagged if x.__struct_config__.tag_field == "what"} <= set(get_args(answers.Answer))
    for kind in (messages.Up, messages.Down):
        msgspec.msgpack.Decoder(kind)
