"""Rosters: what an actor may ask of the members of its conversation holds whether they are in memory or loaded when they
are asked for."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

import msgspec
import pytest

from rcim.actor.paged_roster import NotLoaded, PagedRoster, place_of
from rcim.actor.records import Member, UserRestriction
from rcim.actor.roster import MemoryRoster, NoRoster, Roster
from rcim.base.terms import Role
from rcim.rules.roles import Standing

T = TypeVar("T")
PAGE = 2


def member(user_id: str, joined_ms: int, role: Role = Role.MEMBER, cleared_seq: int = 0) -> Member:
    return Member(user_id, role, joined_ms, 0, "", cleared_seq=cleared_seq)


MEMBERS = [
    member("olga", 1, Role.OWNER),
    member("ann", 2),
    member("bob", 3, Role.ADMIN),
    member("carl", 4),
    member("dora", 5),
]


class Memory:
    """A roster that is all there."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.roster: Roster = MemoryRoster(members)

    def do(self, command: Callable[[Roster], T]) -> T:
        return command(self.roster)

    def put(self, one: Member) -> None:
        self.roster.put(one)

    def drop(self, user_id: str) -> None:
        self.roster.drop(user_id)


class Paged:
    """A paged roster, and what runs it, with a store that has each change at once. Two rows are kept."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.stored = {m.user_id: m for m in members}
        admins = [m for m in members if m.role >= Role.ADMIN]
        self.paged = PagedRoster(len(members), admins, rows_max=2, sent_max=9)
        self.roster: Roster = self.paged
        self.loads = 0

    def do(self, command: Callable[[Roster], T]) -> T:
        for _ in range(100):
            try:
                result = command(self.roster)
                self.paged.end_command()
                return result
            except NotLoaded as missing:
                self.loads += 1
                self._load(missing)
        raise AssertionError("it asks for the same for ever")

    def _load(self, missing: NotLoaded) -> None:
        if missing.user_ids:
            self.paged.take_members({user_id: self.stored.get(user_id) for user_id in missing.user_ids})
            return
        behind = sorted((m for m in self.stored.values() if m.user_id > missing.after), key=lambda m: m.user_id)
        self.paged.take_page(missing.after, behind[:PAGE])

    def put(self, one: Member) -> None:
        self.do(lambda r: r.put(one))
        self.stored[one.user_id] = one

    def drop(self, user_id: str) -> None:
        self.do(lambda r: r.drop(user_id))
        self.stored.pop(user_id, None)


Kit = Memory | Paged


@pytest.fixture(params=[Memory, Paged])
def kit(request: pytest.FixtureRequest) -> Kit:
    made: Kit = request.param(MEMBERS)
    return made


def names(kit: Kit) -> list[str]:
    return [m.user_id for m in kit.do(list)]


def test_members_are_found_and_others_are_not(kit: Kit) -> None:
    for one in (*MEMBERS, *reversed(MEMBERS)):
        assert kit.do(lambda r, one=one: r.get(one.user_id)) == one
        assert kit.do(lambda r, one=one: one.user_id in r)
    assert kit.do(lambda r: r.get("zoe")) is None
    assert not kit.do(lambda r: "zoe" in r)
    assert kit.roster.count == 5


def test_they_are_walked_in_the_order_of_joining(kit: Kit) -> None:
    assert names(kit) == ["olga", "ann", "bob", "carl", "dora"]
    assert names(kit) == names(kit)


def test_who_comes_stands_last_and_who_goes_nowhere(kit: Kit) -> None:
    kit.put(member("zoe", 9))
    kit.drop("carl")
    kit.drop("nobody")
    assert names(kit) == ["olga", "ann", "bob", "dora", "zoe"]
    assert kit.roster.count == 5
    kit.drop("zoe")
    assert kit.do(lambda r: r.get("zoe")) is None and kit.roster.count == 4


def test_a_changed_member_keeps_its_place(kit: Kit) -> None:
    kit.put(msgspec.structs.replace(MEMBERS[1], name_card="new"))
    assert names(kit) == ["olga", "ann", "bob", "carl", "dora"]
    found = kit.do(lambda r: r.get("ann"))
    assert found is not None and found.name_card == "new"
    assert kit.roster.count == 5


def test_admins_and_standing_follow_roles(kit: Kit) -> None:
    assert [m.user_id for m in kit.roster.admins()] == ["olga", "bob"]
    assert kit.do(lambda r: r.standing("olga")) is Standing.OWNER
    assert kit.do(lambda r: r.standing("ann")) is Standing.MEMBER
    assert kit.do(lambda r: r.standing("zoe")) is Standing.ANYONE
    kit.put(msgspec.structs.replace(MEMBERS[1], role=Role.ADMIN))
    kit.put(msgspec.structs.replace(MEMBERS[2], role=Role.MEMBER))
    assert [m.user_id for m in kit.roster.admins()] == ["olga", "ann"]
    assert kit.do(lambda r: r.standing("bob")) is Standing.MEMBER
    kit.drop("ann")
    assert [m.user_id for m in kit.roster.admins()] == ["olga"]


def test_whether_anybody_has_cleared_the_conversation(kit: Kit) -> None:  # MS-10
    assert not kit.roster.cleared_from(1)
    kit.put(msgspec.structs.replace(MEMBERS[3], cleared_seq=7))
    assert kit.roster.cleared_from(7) and not kit.roster.cleared_from(8)


def test_an_update_is_kept(kit: Kit) -> None:
    for at in (0, 1):  # of an admin and of another
        before = kit.do(lambda r, at=at: r.get(MEMBERS[at].user_id))
        assert before is not None
        kit.roster.update(before.user_id, msgspec.structs.replace(before, read_seq=9))
        found = kit.do(lambda r, at=at: r.get(MEMBERS[at].user_id))
        assert found is not None and found.read_seq == 9
    assert kit.roster.count == 5


def test_restrictions_are_of_members_and_others(kit: Kit) -> None:
    mute = UserRestriction("zoe", muted_until_ms=9)
    kit.roster.restrictions.restrict(mute)
    assert kit.roster.restrictions.get("zoe") == mute
    kit.roster.restrictions.restrict(UserRestriction("zoe"))
    assert not kit.roster.restrictions


def test_nothing_is_left_of_a_roster_that_is_cleared(kit: Kit) -> None:
    kit.roster.restrictions.restrict(UserRestriction("zoe", muted_until_ms=9))
    kit.roster.clear()
    assert kit.roster.count == 0 and list(kit.roster) == [] and kit.roster.admins() == []
    assert kit.roster.get("ann") is None and not kit.roster.restrictions


@pytest.mark.parametrize("seed", range(20))
def test_a_paged_roster_says_what_one_in_memory_does(seed: int) -> None:
    rng = random.Random(seed)
    memory, paged = Memory(MEMBERS), Paged(MEMBERS)
    users = [m.user_id for m in MEMBERS] + [f"u{i}" for i in range(6)]
    for now in range(10, 200):
        user = rng.choice(users)
        there = memory.roster.get(user)
        if rng.random() < 0.4:
            role = rng.choice([Role.MEMBER, Role.MEMBER, Role.ADMIN])
            one = msgspec.structs.replace(there, role=role) if there is not None else member(user, now, role)
            memory.put(one)
            paged.put(one)
        elif rng.random() < 0.3:
            memory.drop(user)
            paged.drop(user)
        assert paged.do(lambda r, user=user: r.get(user)) == memory.roster.get(user)
        assert paged.roster.count == memory.roster.count
        assert names(paged) == names(memory)
        assert paged.roster.admins() == sorted(memory.roster.admins(), key=place_of)
        assert paged.paged.rows <= 2, "rows in memory are bounded"


def test_rows_leave_memory_when_others_are_asked_for() -> None:
    kit = Paged([member(f"u{i}", i) for i in range(50)])
    for i in range(50):
        assert kit.do(lambda r, i=i: r.get(f"u{i}")) is not None
    assert kit.paged.rows == 2 and kit.loads == 50
    kit.do(lambda r: r.get("u49"))
    assert kit.loads == 50, "what was asked for last is there"
    kit.do(lambda r: r.get("u0"))
    assert kit.loads == 51


def test_a_walk_reads_each_page_once_and_lets_all_go() -> None:
    kit = Paged([member(f"u{i}", i) for i in range(10)])
    places = [place_of(m) for m in kit.do(list)]
    assert len(places) == 10 and all(a < b for a, b in pairwise(places))
    assert kit.loads == 10 / PAGE + 1
    with pytest.raises(NotLoaded):
        iter(kit.roster)


def test_a_page_that_nobody_waits_for_is_passed_over() -> None:
    kit = Paged(MEMBERS)
    kit.paged.take_page("x", [member("stray", 100)])
    assert "stray" not in names(kit)


def test_a_conversation_without_a_roster_has_nobody_in_it() -> None:
    roster: Roster = NoRoster([UserRestriction("zoe", muted_until_ms=9)])
    assert roster.count == 0 and list(roster) == [] and roster.admins() == []
    assert roster.get("ann") is None and "ann" not in roster
    assert roster.standing("ann") is Standing.ANYONE and not roster.cleared_from(1)
    assert "zoe" in roster.restrictions
    roster.drop("ann")
    for change in (lambda: roster.put(MEMBERS[0]), lambda: roster.update("olga", MEMBERS[0])):
        with pytest.raises(TypeError):
            change()
    roster.clear()
    assert not roster.restrictions
