"""A row that is damaged costs what it tells, and nothing of what stands beside it (ST-03)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.actor import user_records
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role, pair_conversation
from rcim.store import keys, retention
from rcim.store.answers import Heads, SyncPage
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


def sync(kept: Damaged, since: int = 0, store_id: int = 0) -> SyncPage:
    """The only page of a sync."""
    page = kept.ask(q.SyncQuery("me", since, 0, types=TYPES, store_id=store_id))
    assert isinstance(page, SyncPage) and not page.more
    return page


def test_a_damaged_pin_costs_nothing_but_itself(kept: Damaged) -> None:  # RX-09
    for name in "ab":
        kept.group(name)
        kept.append(user_records.ConversationChosen("u:me", "me", f"g:{name}", 5, False))
    kept.damage("chosen", keys.pair("me", "g:a"))
    assert {row.key: row.pinned_ms for row in sync(kept).rows} == {"g:a": 0, "g:b": 5}
    snapshot = kept.store.load_user("u:me", "me")
    assert snapshot.pinned == {"g:b": 5} and len(snapshot.places) == 2
    kept.append(user_records.ConversationChosen("u:me", "me", "g:a", 7, False))
    assert {row.key: row.pinned_ms for row in sync(kept).rows} == {"g:a": 7, "g:b": 5}, "it is said again"


def test_where_it_is_damaged_what_is_forgotten_everything_is_told(  # RX-09
    kept: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.store.apply_users.UNPINNED_MAX", 1)
    kept.group("a")
    for pinned_ms in (5, 0):
        for other in "xyz":
            kept.append(
                user_records.ConversationChosen("u:me", "me", pair_conversation("me", other), pinned_ms, False)
            )
    first = sync(kept)
    assert not sync(kept, first.upto, first.store_id).reset
    kept.damage("chosen", keys.pair("me", ""))
    again = sync(kept, first.upto, first.store_id)
    assert again.reset and [row.key for row in again.rows] == ["g:a"]


def test_a_damaged_pin_keeps_nothing_from_being_unpinned(kept: Damaged) -> None:  # RX-09
    for other in "xy":
        kept.append(user_records.ConversationChosen("u:me", "me", pair_conversation("me", other), 5, False))
    kept.damage("chosen", keys.pair("me", PAIR_X))
    kept.append(user_records.ConversationChosen("u:me", "me", PAIR_Y, 0, False))
    assert kept.store.load_user("u:me", "me").pinned == {}


def test_a_damaged_invitation_or_group_keeps_no_user_out(kept: Damaged) -> None:
    for name in "ab":
        kept.group(name, active=False)
    kept.damage("profiles", b"g:a")
    for name in "cd":
        invitation = user_records.Invitation(f"g:{name}", "you", name, 1)
        kept.append(user_records.InvitationsChanged("u:me", "me", [invitation], []))
    kept.damage("invited", keys.pair("me", "g:c"))
    snapshot = kept.store.load_user("u:me", "me")
    assert sorted(snapshot.places) == ["g:a", "g:b"]
    assert [invitation.name for invitation in snapshot.invitations] == ["d"]


@pytest.mark.parametrize("table", ["profiles", "heads"])
def test_lists_of_groups_leave_out_what_is_damaged(kept: Damaged, table: str) -> None:  # GR-05, GR-09, GT-24
    for name in "abc":
        kept.group(name)
    kept.damage(table, b"g:b")
    idle = kept.ask(q.IdleGroupsQuery(["Public"], "", 2))
    assert [row.key for row in idle.rows] == ["g:a"] and idle.next == "g:b", "housekeeping goes on behind it"
    assert [row.key for row in kept.ask(q.IdleGroupsQuery(["Public"], idle.next, 2)).rows] == ["g:c"]
    every = kept.ask(q.AllGroupsQuery("", 100))
    assert [row.profile.group_id for row in every.groups] == ["a", "c"]
    found = kept.ask(q.FindGroupsQuery("word", "", 100, ["Public"]))
    assert [row.profile.group_id for row in found.groups] == ["a", "c"]


def test_what_can_not_be_removed_keeps_nothing_else(  # ST-02
    kept: Damaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        kept.append(r.GroupDissolved(kept.group(name, said=3)))
    deleted = retention._deleted
    monkeypatch.setattr(
        retention, "_deleted", lambda view, table, row: row[:3] != b"g:b" and bool(deleted(view, table, row))
    )
    steps = 0
    while kept.store.purge_step(2):
        steps += 1
        assert steps < 20
    with kept.backend.read() as view:
        left = [row for table in ("purge", "messages") for row, _ in view.scan(table, b"", keys.LAST)]
    assert {row[:3] for row in left} == {b"g:b"} and kept.store.noticing.count == 1
    monkeypatch.undo()
    kept.restart()
    while kept.store.purge_step(2):
        pass
    with kept.backend.read() as view:
        assert not [*view.scan("purge", b"", keys.LAST), *view.scan("messages", b"", keys.LAST)]


def test_a_sweep_goes_past_what_is_damaged(kept: Damaged) -> None:  # ST-02
    kept.group("a")
    for other in "xyz":
        for pinned_ms in (5, 0):
            kept.append(
                user_records.ConversationChosen("u:me", "me", pair_conversation("me", other), pinned_ms, False)
            )
        invitation = user_records.Invitation(f"g:{other}", "you", other, 1)
        kept.append(user_records.InvitationsChanged("u:me", "me", [invitation], []))
    kept.damage("chosen", keys.pair("me", PAIR_X))
    kept.damage("invited", keys.pair("me", "g:x"))
    for day in (100, 200):
        cursor: retention.Cursor | None = retention.BEGIN
        while cursor is not None:
            cursor, _ = kept.store.trim_step(cursor, retention.Ages(day * retention.DAY_MS, {}, 30))
    with kept.backend.read() as view:
        left = [row for table in ("chosen", "invited") for row, _ in view.scan(table, b"", keys.LAST)]
    assert left == [keys.pair("me", PAIR_X), keys.pair("me", "g:x")]
