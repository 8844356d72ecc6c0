"""Stretches that a member was not meant to get: as the server keeps them, and as the SDK knows them (RX-01, GR-08)."""

from __future__ import annotations

import random

import pytest

from rcim.actor.records import Member
from rcim.actor.unheard import flagged, stretches
from rcim.base.terms import MsgFlag, Role
from rcim.client.unheard import Unheard
from rcim.rules.visibility import UNHEARD_MAX
from rcim.wire import frames as f

ON, OFF = MsgFlag.ACCEPT_AND_NOTIFY, MsgFlag.DISCARD


def member(flag: MsgFlag = ON, joined: int = 3, unheard: tuple[tuple[int, int], ...] = ()) -> Member:
    return Member("u", Role.MEMBER, 1, joined, "", flag, unheard=list(unheard))


def test_a_flag_that_is_set_and_taken_back() -> None:
    off = flagged(member(), OFF, 8)
    assert off.msg_flag is OFF and stretches(off) == [(9, 0)]
    assert flagged(off, OFF, 10) is off
    assert stretches(flagged(off, ON, 8)) == [], "nothing was said meanwhile"
    on = flagged(off, ON, 12)
    assert on.msg_flag is ON and stretches(on) == [(9, 12)]
    assert stretches(flagged(on, OFF, 20)) == [(9, 12), (21, 0)]


def test_a_type_whose_own_flag_is_to_discard() -> None:
    assert stretches(member(OFF)) == [(4, 0)]
    assert stretches(member(OFF, 0, ((1, 50),))) == [(1, 50), (51, 0)], "imported, and discarded since"
    assert stretches(flagged(member(OFF), ON, 9)) == [(4, 9)]


def test_they_are_bounded() -> None:
    one = member()
    for n in range(3 * UNHEARD_MAX):
        one = flagged(flagged(one, OFF, 10 * n), ON, 10 * n + 2)
    assert len(one.unheard) == UNHEARD_MAX and one.unheard[-1] == (10 * (3 * UNHEARD_MAX - 1) + 1, 292)
    assert one.unheard[0][0] == 1, "nothing that was discarded is forgotten"


@pytest.mark.parametrize("seed", range(10))
def test_both_sides_agree(seed: int) -> None:
    """Random flags and messages: what the client passes over is what was said while it was discarded."""
    lots, known, one = random.Random(seed), Unheard(), member(joined=0)
    discarded, newest = set(), 0
    for _ in range(60):
        if lots.random() < 0.3:
            one = flagged(one, OFF if one.msg_flag is ON else ON, newest)
            (known.begins if one.msg_flag is OFF else known.ends)("g:g", newest)
        else:
            newest += 1
            if one.msg_flag is OFF:
                discarded.add(newest)
        if len(one.unheard) < UNHEARD_MAX and lots.random() < 0.2:
            known.told("g:g", [f.SeqRange(*stretch) for stretch in stretches(one)])
        if len(one.unheard) < UNHEARD_MAX:
            assert {seq for seq in range(1, newest + 1) if known.holds("g:g", seq)} == discarded, f"seed {seed}"
        for seq in range(1, newest + 1):
            past = known.past("g:g", seq, newest)
            assert past >= seq and (past == newest + 1 or not known.holds("g:g", past))


def test_what_comes_was_meant_to_come() -> None:
    """The client has not heard that it is wanted again."""
    known = Unheard()
    known.begins("g:g", 8)
    known.came("g:g", 8)
    assert known.holds("g:g", 9)
    known.came("g:g", 13)
    assert known.holds("g:g", 12) and not known.holds("g:g", 13)
