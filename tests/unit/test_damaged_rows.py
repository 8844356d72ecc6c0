"""A row that is damaged costs what it tells, and nothing of what stands beside it (ST-03)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role, pair_conversation
from rcim.store.answers import Heads
from rcim.store.backend import MemoryBackend
from rcim.store.store import Store
from rcim.store.syncing import NO_PAIR
from tests.kit import FilledStore

TYPES = {"Public": q.TypeFacts(True, True, True, 0)}
PAIR_X, PAIR_Y = pair_conversation("me", "x"), pair_conversation("me", "y")


class Damaged(FilledStore):
    """A store in which rows are damaged."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())

    def group(self, name: str, *members: str, said: int = 1, type_: str = "Public", active: bool = True) -> str:
        """A group of `me` and `members` with so many messages."""
        key = f"g:{name}"
        profile = r.Profile(name, type_, f"word {name}", "", "", "", "me", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        profile = msgspec.structs.replace(profile, active=active)
        rows = [r.Member(user, Role.MEMBER, 1, 0, "") for user in ("me", *members)]
        self.append(r.GroupCreated(key, profile, rows, 1))
        for seq in range(1, said + 1):
            message = r.Message(seq, seq, seq, Priority.NORMAL, "them", "", "", "", f"m{seq}", b"")
            self.append(r.MessageKept(key, message))
        return key

    def pair(self, other: str) -> str:
        """A one-to-one conversation of `me`."""
        key = pair_conversation("me", other)
        rows = [r.Member(user, Role.MEMBER, 1, 0, "") for user in ("me", other)]
        self.append(r.GroupCreated(key, msgspec.structs.replace(NO_PAIR, create_time_ms=1), rows, 1))
        return key

    def damage(self, table: str, row: bytes) -> None:
        """From now on its checksum is wrong."""
        with self.backend.write() as view:
            data = view.get(table, row)
            assert data is not None
            view.put(table, row, data[:-1] + bytes([data[-1] ^ 0xFF]))

    def restart(self) -> None:
        """What has changed lately is not known any more."""
        self.store = Store(self.backend, DEFAULTS)

    def ask(self, query: Any) -> Any:
        (found,) = self.store.answer_all([query])
        return found


@pytest.fixture
def kept() -> Damaged:
    return Damaged()


def test_a_damaged_head_costs_nobody_the_heads_of_others(kept: Damaged) -> None:  # RX-05
    for name in "abc":
        kept.group(name)
    kept.damage("heads", b"g:b")
    assert kept.ask(q.HeadsQuery(["g:a", "g:b", "g:c"])) == Heads({"g:a": 1, "g:c": 1})
    assert kept.store.noticing.count == 1


def test_a_damaged_head_keeps_nobody_from_being_heard_of(kept: Damaged) -> None:  # C2-01
    for other in "xy":
        kept.pair(other)
    kept.restart()
    kept.damage("heads", PAIR_X.encode())
    found = kept.ask(q.LoginQuery("me", since=2)).conversations
    assert found == [PAIR_X, PAIR_Y], "it may have changed"
    assert kept.store.noticing.count == 1


def test_a_damaged_group_is_in_nobodys_way_at_a_login(kept: Damaged) -> None:
    for name in "ab":
        kept.group(name, "you", active=False)
    kept.damage("profiles", b"g:a")
    assert kept.ask(q.LoginQuery("me")).conversations == ["g:b"]
