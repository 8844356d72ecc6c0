"""Whether the wall clock can be believed, from two clocks and the newest time in the store."""

from __future__ import annotations

import pytest

from rcim.actor.effects import SignaturesInvalidated
from rcim.actor.snapshots import UserSnapshot
from rcim.actor.user import UserActor
from rcim.actor.user_commands import Credential, InvalidateUser, ReadUser
from rcim.actor.user_records import UserProfile, UserSaved
from rcim.base import clock
from rcim.base.errors import NOT_PERMITTED, RcimError
from rcim.connect.online import refusal, valid_from
from rcim.flow.clock_guard import ClockGuard
from rcim.rules.signatures import SigningLead
from rcim.store.answers import LoginFacts
from tests.kit import app_state

DAY = 86_400_000
T0 = 20_000 * DAY


def guard(wall_ms: int = T0, newest_ms: int = T0 - 1000) -> ClockGuard:
    return ClockGuard(wall_ms, 0, newest_ms, 3 * DAY, DAY)


@pytest.mark.parametrize("newest_ms", [0, T0, T0 - 3 * DAY, T0 + DAY])
def test_a_start_that_is_near_enough_is_believed(newest_ms: int) -> None:
    made = guard(newest_ms=newest_ms)
    assert made.trusted and made.doubts == 0 and made.doubted_ms == 0
    assert made.now_ms(T0 + 5, 5) == T0 + 5


@pytest.mark.parametrize("newest_ms", [T0 - 40 * DAY, T0 - 3 * DAY - 1, T0 + DAY + 1, T0 + 400 * DAY])
def test_a_start_that_is_too_far_is_in_doubt_and_time_goes_on_from_the_store(newest_ms: int) -> None:
    made = guard(newest_ms=newest_ms)
    assert not made.trusted and made.doubts == 1 and made.doubted_ms == newest_ms
    assert made.now_ms(T0 + 5000, 5000) == newest_ms + 5000
    assert not made.trusted and made.doubts == 1, "one episode is counted once"


def test_a_wrong_start_that_is_put_right_is_believed() -> None:
    made = guard(wall_ms=T0 + 40 * DAY, newest_ms=T0)
    assert made.now_ms(T0 + 40 * DAY + 10, 10) == T0 + 10
    back = T0 + 2 * DAY + 20  # it had been off for two days
    assert made.now_ms(back, 20) == back and made.trusted and made.doubted_ms == 0
    assert made.now_ms(back + 2 * DAY, 30) == back + 10, "from now on it goes by the clock that is believed"


@pytest.mark.parametrize("jump_ms", [40 * DAY, DAY + 1, -DAY - 1001, -400 * DAY])
def test_a_jump_while_it_runs(jump_ms: int) -> None:
    made = guard()
    assert made.now_ms(T0 + 1000 + jump_ms, 1000) == T0 + 1000 and not made.trusted
    assert made.now_ms(T0 + DAY + jump_ms, DAY) == T0 + DAY
    assert made.doubts == 1 and made.doubted_ms == T0 + 1000
    assert made.now_ms(T0 + 2 * DAY + 7, 2 * DAY) == T0 + 2 * DAY + 7 and made.trusted
    made.now_ms(T0 + 2 * DAY + 7 + jump_ms, 2 * DAY)
    assert made.doubts == 2


def test_a_start_that_was_ahead_by_what_is_allowed_and_is_put_right() -> None:
    """The clock was two days ahead, not the server off for two days."""
    made = guard(newest_ms=T0 - 2 * DAY)
    assert made.now_ms(T0 + 1000, 1000) == T0 + 1000
    right = T0 - 2 * DAY + 60_000
    assert made.now_ms(right, 2000) == right and made.trusted and made.doubts == 0
    assert made.now_ms(right - 2 * DAY, 3000) == right + 1000 and not made.trusted, "once"


def test_many_small_steps_are_no_way_round_it() -> None:
    made = guard()
    for step in range(1, 40):
        made.now_ms(T0 + step * DAY // 2 + step, step)
    assert not made.trusted and made.now_ms(T0 + 20 * DAY, 40) == T0 + 40


def test_what_time_servers_and_sleep_do_is_no_jump() -> None:
    made = guard()
    assert made.now_ms(T0 + 30 * DAY + 3_600_000, 30 * DAY) == T0 + 30 * DAY + 3_600_000 and made.trusted


def facts(**profile: int) -> LoginFacts:
    return LoginFacts(UserProfile(**profile), [])


@pytest.mark.parametrize(
    ("signed_ms", "refused"), [(T0 - 2000, True), (T0, False), (T0 + 5 * DAY, False)], ids=["before", "then", "later"]
)
def test_who_was_logged_out_with_a_clock_that_was_ahead_is_not_kept_out_for_as_long(
    signed_ms: int, refused: bool
) -> None:  # ID-09
    found = facts(valid_from_ms=T0 + 400 * DAY, invalidated_ms=T0)
    assert (refusal(found, False, False, signed_ms, T0 + DAY) is not None) is refused
    assert refusal(found, False, False, signed_ms, T0 + 400 * DAY) is not None, "while it is ahead, all are refused"


def test_older_signatures_are_refused_also_while_the_clock_is_in_doubt() -> None:  # ID-09
    """UserSigs are checked by the wall clock: those of 40 days after the time in force are good, and have to go too."""
    actor = UserActor(UserSnapshot("@:u", "u", UserProfile(), True, [], {}), app_state())
    outcome = actor.handle(InvalidateUser("root", True, False, T0 + 40 * DAY), T0, 1)
    assert isinstance(outcome.record, UserSaved)
    saved = outcome.record.profile
    assert (saved.valid_from_ms, saved.invalidated_ms) == (T0 + 40 * DAY + 1000, T0)


@pytest.mark.parametrize(
    ("signed_ms", "refused"), [(T0 - 2000, True), (T0, False), (T0 + 5 * DAY, False)], ids=["before", "then", "later"]
)
def test_nor_is_what_it_asks_refused_for_as_long(
    monkeypatch: pytest.MonkeyPatch, signed_ms: int, refused: bool
) -> None:  # ID-09
    """Its own actor, and what waits elsewhere, go by the same as a login."""
    shared, credential = app_state(), Credential("u", signed_ms)
    actor = UserActor(UserSnapshot("@:u", "u", UserProfile(), True, [], {}), shared)
    outcome = actor.handle(InvalidateUser("root", True, False, T0 + 400 * DAY), T0, 1)
    (said,) = [one for one in outcome.effects if isinstance(one, SignaturesInvalidated)]
    shared.invalidated.note(said.user_id, said.valid_from_ms, said.invalidated_ms)
    for wall_ms, now_refused in ((T0 + 400 * DAY, True), (T0 + DAY, refused)):
        monkeypatch.setattr(clock, "wall_ms", lambda now_ms=wall_ms: now_ms)
        for ask in (
            lambda: actor.handle(ReadUser("u", False, credential=credential), T0 + DAY, 2),
            lambda: shared.invalidated.check(credential),
        ):
            if now_refused:
                with pytest.raises(RcimError) as error:
                    ask()
                assert error.value.code is NOT_PERMITTED
            else:
                ask()


def test_when_they_are_invalidated_again_the_wrong_time_is_gone() -> None:  # ID-09
    profile = UserProfile(valid_from_ms=T0 + 400 * DAY, invalidated_ms=T0)
    actor = UserActor(UserSnapshot("@:u", "u", profile, True, [], {}), app_state())
    outcome = actor.handle(InvalidateUser("root", True, False, T0 + DAY), T0 + DAY, 1)
    assert isinstance(outcome.record, UserSaved)
    saved = outcome.record.profile
    assert saved.valid_from_ms == valid_from(saved, T0 + DAY) == T0 + DAY + 1000


def test_what_is_signed_after_an_invalidation_counts_at_once() -> None:  # ID-09
    """Clocks agree: of the same second none, of the next all."""
    shared = app_state()
    for late_ms in (0, 1, 999, 5000):
        shared.signing.note(T0 - late_ms, T0)  # nobody's clock is ahead
    actor = UserActor(UserSnapshot("@:u", "u", UserProfile(), True, [], {}), shared)
    outcome = actor.handle(InvalidateUser("root", True, False, T0 + 300), T0 + 300, 1)
    assert isinstance(outcome.record, UserSaved)
    saved = outcome.record.profile
    second = T0 // 1000 * 1000
    assert refusal(facts_of(saved), False, False, second + 1000, T0 + 1000) is None
    refused = refusal(facts_of(saved), False, False, second, T0 + 300)
    assert refused is not None and f"from TLS.time {second // 1000 + 1} on" in refused.detail
    assert refused.retry_after_ms == second + 1000 - (T0 + 300)
    assert refusal(facts_of(saved), False, False, second, T0 + DAY) is not None, "and it never becomes valid"


def facts_of(profile: UserProfile) -> LoginFacts:
    return LoginFacts(profile, [])


def test_a_lead_counts_for_an_hour_or_two() -> None:  # ID-09
    lead = SigningLead()
    lead.note(T0 + 40_000, T0)
    assert lead.valid_from_ms(T0 + 1) == T0 + 41_000
    lead.note(T0 + 3_000_000, T0 + 3_500_000)  # one that is a day old says nothing
    assert lead.valid_from_ms(T0 + 3_599_000) == T0 + 3_640_000
    assert lead.valid_from_ms(T0 + 3_600_000) == T0 + 3_641_000
    assert lead.valid_from_ms(T0 + 7_200_000) == T0 + 7_201_000
    lead.note(T0 + 7_210_000, T0 + 7_200_000)
    assert lead.valid_from_ms(T0 + 2000) == T0 + 3000, "the clock was set back: nothing is known any more"
