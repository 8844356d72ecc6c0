"""How much a user has not read, by conversation (RX-08), as a badge shows it (PU-01)."""

from __future__ import annotations

import pytest

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.store.answers import UnreadCounts
from rcim.store.backend import MemoryBackend
from rcim.store.filling import Filling
from rcim.store.scan import Scan
from rcim.store.store import Store

TYPES = {"Public": q.TypeFacts(True, True, True, 0)}


@pytest.fixture
def store() -> Store:
    """`me` is in 5 groups; the group with number n has n messages of somebody else."""
    made = Store(MemoryBackend(), DEFAULTS, lambda body: "")
    filling = Filling(made)
    for number in range(5):
        key = f"g:{number}"
        profile = r.Profile(key[2:], "Public", "g", "", "", "", "you", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        members = [r.Member(user, Role.MEMBER, 1, 0, "") for user in ("me", "you")]
        filling.put(key, r.GroupCreated(key, profile, members, 1))
        for seq in range(1, number + 1):
            bare = r.Message(seq, seq, seq, Priority.NORMAL, "you", "", "", "", f"m{seq}", b"")
            filling.put(key, r.MessageKept(key, bare))
    filling.commit()
    return made


def counted(store: Store) -> tuple[UnreadCounts, int]:
    """The counts, and in how many steps they were read."""
    asked: q.Query | Scan = q.UnreadQuery("me", types=TYPES)
    steps = 0
    while not isinstance(asked, UnreadCounts):
        ((asked, _),) = store.answer_some([asked], 1.0)  # type: ignore[assignment]
        steps += 1
    return asked, steps


def test_unread_messages_are_counted_by_conversation(store: Store) -> None:
    found, _ = counted(store)
    assert found.counts == {f"g:{number}": number for number in range(1, 5)}
    assert found.total == 10 and not found.more


def test_a_user_with_many_conversations_is_counted_in_steps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.store.unread_counts.PAGE", 1)
    found, steps = counted(store)
    assert found.total == 10 and steps == 5
    monkeypatch.setattr("rcim.store.unread_counts.PAGES_MAX", 2)
    found, steps = counted(store)
    assert len(found.counts) <= 2 and steps == 2 and found.more, "it says that it has not looked at all"


def test_no_more_conversations_count_than_in_a_sync(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.store.unread_counts.COUNTED_MAX", 2)
    monkeypatch.setattr("rcim.store.syncing.COUNTED_MAX", 2)
    found, _ = counted(store)
    assert len(found.counts) == 2
