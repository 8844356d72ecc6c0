"""Logins that wait for the store: what each message asks about them costs the same, however many there are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rcim.connect.online import OnlineUser
from rcim.connect.subscriptions import Subscriptions
from rcim.rules.targets import Labels


class Unwalked(set[OnlineUser]):
    """Logins that are not to be looked at one by one."""

    def __iter__(self) -> Any:
        raise AssertionError("all logins that wait are walked")


@pytest.fixture
def logins() -> Subscriptions:
    """Three users whose logins wait."""
    fanout: Any = SimpleNamespace(find=lambda key: None)
    engine: Any = None
    made = Subscriptions(fanout, engine)
    for name in ("alice", "bob", "carol"):
        made.wait_for(name)
    return made


def test_a_send_that_nobody_hears_walks_no_logins(logins: Subscriptions) -> None:
    logins._pending = Unwalked(logins._pending)
    assert not logins.expects("g:g")
    logins.joined("alice", "g:g")
    assert logins.expects("g:g") and not logins.expects("g:h")


def test_a_conversation_is_expected_as_long_as_somebody_is_about_to_enter_it(logins: Subscriptions) -> None:
    for name in ("alice", "alice", "bob"):  # told twice, alice counts once
        logins.joined(name, "g:g")
    logins.left("alice", "g:g")
    logins.left("carol", "g:g")  # was never in it
    assert logins.expects("g:g"), "bob is about to"
    logins.forget_changes(logins._users["bob"])
    assert not logins.expects("g:g")
    logins.joined("bob", "g:g")
    logins.joined("carol", "g:g")
    logins.ended("g:g")
    assert not logins.expects("g:g")
    assert [user.changes for user in logins._users.values()] == [{"g:g": False}] * 3
    for user in logins._users.values():
        logins.forget_changes(user)
    assert not logins._expected, "nothing is left behind"


def test_labels_that_change_meanwhile_count(logins: Subscriptions) -> None:  # SY-04
    user = logins.find("alice")
    assert user is not None
    user.labels = Labels(("beta",))
    assert logins.waited(user).labels == Labels(("beta",))
    logins.wait_for("alice")
    assert logins.waited(user).labels is None, "what was told before the next question is old"
