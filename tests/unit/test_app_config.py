"""The configuration of the app: a change makes another one, and leaves the one that somebody reads as it was."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from rcim.actor.app import changed, settle
from rcim.actor.app_config import AppConfig
from rcim.actor.app_lists import AppLists
from rcim.actor.records import ListChanged, LoginsBlocked, Record, TypeSaved, UsersMuted
from rcim.base.limits import DEFAULTS
from rcim.base.terms import AppList
from rcim.rules.type_table import TypeChange, TypeTable
from tests.kit import app_state

PARTS = ("types", "limits", "muted", "blocked", "message_types", "lists", "asks", "slots")


def config() -> AppConfig:
    lists = AppLists({AppList.REFUSED_WORDS: ["bad"], AppList.PROTECTED_USERS: ["vip"]})
    return AppConfig(TypeTable(), DEFAULTS, {"bob": 5}, lists=lists)


@pytest.mark.parametrize(
    "record, part",
    [
        (TypeSaved("A", TypeChange("A", "Public", {})), "types"),
        (UsersMuted({"ann": 9}), "muted"),
        (LoginsBlocked({"ann": 9}), "blocked"),
        (ListChanged(AppList.PROTECTED_USERS, ["ann"], []), "lists"),
    ],
)
def test_a_change_makes_another_and_shares_the_rest(record: Record, part: str) -> None:
    before = config()
    after = changed(before, record)
    assert [name for name in PARTS if getattr(after, name) is not getattr(before, name)] == [part]


def test_who_reads_it_keeps_what_was_there() -> None:
    shared = app_state()
    read = shared.config
    settle(shared, TypeSaved("A", TypeChange("A", "Public", {})))
    settle(shared, UsersMuted({"ann": 9}))
    settle(shared, ListChanged(AppList.REFUSED_WORDS, ["bad"], []))
    assert not read.muted and not read.lists.screens and "A" not in {row.name for row in read.types}
    now = shared.config
    assert now.muted == {"ann": 9} and now.lists.screens and now.types.named("A").base == "Public"
    assert now.version == read.version + 3


def test_a_mute_that_is_over_is_not_kept() -> None:  # SC-04
    assert changed(config(), UsersMuted({"bob": 0, "ann": 9})).muted == {"ann": 9}


def test_nothing_in_it_can_be_set() -> None:
    with pytest.raises(FrozenInstanceError):
        config().limits = DEFAULTS  # type: ignore[misc]


def test_the_version_is_that_of_the_state_whatever_is_put_in_force() -> None:
    """What is made of the settings once more begins at 0, and is newer all the same."""
    shared = app_state()
    shared.replace(replace(shared.config, invite_consent=True))
    shared.replace(config())
    assert shared.config.version == 2 and shared.config.muted == {"bob": 5}


def test_a_change_of_one_list_leaves_the_others() -> None:  # SC-05, FC-07, SC-08
    before = config().lists
    filtered = before.words
    after = before.changed(AppList.PROTECTED_USERS, ["ann"], ["vip"])
    assert after.entries(AppList.PROTECTED_USERS) == ["ann"] and before.entries(AppList.PROTECTED_USERS) == ["vip"]
    assert after.words is filtered, "the filter is made again only for its own words"
    assert after.added[AppList.REFUSED_WORDS] is before.added[AppList.REFUSED_WORDS]
    words = after.changed(AppList.REFUSED_WORDS, ["worse"], ["bad"])
    assert words.entries(AppList.REFUSED_WORDS) == ["worse"] and words.words is not filtered
    assert before.words.check(["bad"]) is not None and words.words.check(["bad"]) is None
    nothing = words.changed(AppList.REFUSED_WORDS, [], ["worse"])
    assert not nothing.screens and words.screens
    assert nothing.changed(AppList.PROTECTED_USERS, [], ["ann"]).protects is False
