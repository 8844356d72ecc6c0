"""Of which messages a user gets a push (UG-03)."""

from __future__ import annotations

from itertools import product

import pytest

from rcim.base.terms import PushLevel
from rcim.rules.push_level import level_in_force, wants_push


@pytest.mark.parametrize("levels", list(product(PushLevel, repeat=4)))
def test_the_most_specific_one_that_says_anything_decides(levels: tuple[PushLevel, ...]) -> None:
    user_in_channel, user_in_group, channel, group = levels
    found = level_in_force(user_in_channel=user_in_channel, user_in_group=user_in_group, channel=channel, group=group)
    said = [level for level in levels if level is not PushLevel.AS_ABOVE]
    assert found is (said[0] if said else PushLevel.ALL)


def test_a_mention_counts_where_only_mentions_do() -> None:
    wanted = {
        (level, mentioned): wants_push(level, mentioned=mentioned) for level in PushLevel for mentioned in (0, 1)
    }
    assert [key for key, push in wanted.items() if push] == [
        (PushLevel.ALL, 0),
        (PushLevel.ALL, 1),
        (PushLevel.MENTIONS, 1),
    ]
