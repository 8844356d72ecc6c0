"""Strong notices keep to the group's limit: near it they are joined into messages that name several (GT-15, FC-02)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor.app import settle
from rcim.actor.group import GroupActor
from rcim.actor.records import Change, GroupChanged, Message, TypeSaved
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ChangeKind, Priority, Role
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.type_table import TypeChange
from tests.kit import app_state
from tests.unit.test_group_actor import creation

PER_S = BUILT_IN["ChatRoom"].messages_per_s
SLICE_MS = DEFAULTS.flow_slice_ms


class Hall:
    """A group of alice's whose notices are strong, with time by hand; slices end when the actor has asked for it."""

    def __init__(self, *members: str) -> None:
        room = replace(BUILT_IN["Public"], name="ChatRoom", join_option=BUILT_IN["ChatRoom"].join_option)
        self.app_state = app_state({**BUILT_IN, "ChatRoom": room})
        self.actor = GroupActor(GroupSnapshot("g:lobby", None, 1, 0, 0, 0, [], []), 7, self.app_state)
        self.now, self.position = 100_000, 1
        self.due: int | None = None
        self.told: list[Message] = []
        self.weak: list[Change] = []
        self.at: list[int] = []
        """When each of `told` went."""
        self.kept: list[Message] = []
        """What the records keep of them."""
        self._names = 0
        self.do(creation(members=members, type_="ChatRoom"))

    def do(self, command: c.GroupCommand) -> o.Outcome:
        outcome = self.actor.handle(command, self.now, self.position)
        records = [*([outcome.record] if outcome.record is not None else []), *outcome.more]
        self.position += len(records)
        if outcome.again_in_ms >= 0:
            again = self.now + outcome.again_in_ms
            self.due = again if self.due is None else min(self.due, again)
        for one in outcome.effects:
            if isinstance(one, e.Deliver):
                self.told.append(one.message)
                self.at.append(self.now)
            elif isinstance(one, e.Announce):
                self.weak.append(one.change)
        self.kept += [r.message for r in records if isinstance(r, GroupChanged) and r.message is not None]
        return outcome

    def until(self, time_ms: int) -> None:
        """Let time pass, and slices end."""
        while self.due is not None and self.due <= time_ms:
            self.now, self.due = max(self.now, self.due), None
            self.do(c.EndSlice("", True))
        self.now = time_ms

    def settle(self) -> None:
        """Let time pass until nothing waits."""
        for _ in range(1000):
            if self.due is None:
                return
            self.until(self.due)
        raise AssertionError("it never ends")

    def join(self, users: Iterable[str], ms: int = 0) -> None:
        for user in users:
            self.do(c.JoinGroup(user, False, ""))
            self.until(self.now + ms)

    def fill(self, count: int, priority: Priority = Priority.NORMAL) -> None:
        """Somebody sends so many messages."""
        for _ in range(count):
            self._names += 1
            self.do(c.SendMessage("alice", False, "", "", f"m{self._names}", priority, b"b"))

    @property
    def tips(self) -> list[Change]:
        return [m.tip for m in self.told if m.tip is not None]

    def check_limit(self) -> None:
        """FC-02."""
        for span_ms, most in ((1000, 2 * PER_S), (5000, 5 * PER_S)):
            for begin in self.at:
                assert sum(begin <= at < begin + span_ms for at in self.at) <= most


def names(tips: Iterable[Change], kind: ChangeKind = ChangeKind.JOINED) -> list[str]:
    return [user for tip in tips if tip.kind is kind for user in tip.users]


def test_a_storm_of_joins_keeps_to_the_limit_and_names_everyone() -> None:
    hall = Hall()
    users = [f"u{i:03}" for i in range(120)]
    hall.join(users, ms=4)
    hall.settle()
    assert names(hall.tips) == users, "each is named, once, in the order in which they came"
    assert len(hall.told) <= PER_S / 2 + 6, "half of the limit at once, and then one a slice"
    hall.check_limit()
    assert [m.seq for m in hall.told] == list(range(1, len(hall.told) + 1)) and hall.told == hall.kept
    joined = [m for m in hall.told if m.tip is not None and len(m.tip.users) > 1]
    assert joined and {(m.sender, m.tip.operator) for m in joined if m.tip} == {("@SYSTEM", "")}
    assert hall.tips[-1].member_num == 121
    assert [t.info_seq for t in hall.tips] == sorted(t.info_seq for t in hall.tips)
    assert hall.do(c.ReadInfo("alice", False)).result.info_seq == hall.tips[-1].info_seq  # type: ignore[union-attr]


def test_a_storm_that_lasts_leaves_room_for_messages() -> None:
    hall = Hall()
    for i in range(50):
        hall.join([f"u{i:02}-{k:02}" for k in range(20)], ms=5)
    at = hall.now
    hall.settle()
    assert len(names(hall.tips)) == 1000 and hall.now - at <= SLICE_MS
    hall.check_limit()
    assert len(hall.told) <= 5 * PER_S * 2 / 3, "messages find room besides"


def test_below_the_limit_a_notice_goes_at_once() -> None:  # FC-06
    hall = Hall()
    hall.join(["bob", "carol"])
    assert names(hall.tips) == ["bob", "carol"] and hall.due is None
    hall.fill(PER_S // 2 - 3)
    hall.join(["dan"])
    assert names(hall.tips) == ["bob", "carol", "dan"] and hall.due is None
    hall.join(["dave"])
    assert hall.due == hall.now + SLICE_MS and len(hall.told) == PER_S // 2
    hall.join(["erin"])
    hall.settle()
    assert hall.tips[-1].users == ["dave", "erin"] and hall.tips[-1].member_num == 6


def test_who_came_and_went_meanwhile_is_not_told() -> None:
    hall = Hall("bob")
    hall.fill(PER_S)
    hall.join(["carol", "dave"])
    hall.do(c.LeaveGroup("carol", False))
    hall.do(c.KickMembers("alice", False, ["bob"], ""))
    hall.settle()
    assert [(t.kind, t.users, t.operator) for t in hall.tips] == [
        (ChangeKind.JOINED, ["dave"], ""),
        (ChangeKind.KICKED, ["bob"], "alice"),
    ]
    hall.fill(PER_S)
    hall.join(["carol"])
    hall.do(c.LeaveGroup("carol", False))
    hall.settle()
    assert len(hall.tips) == 2, "nothing has happened"


def test_nothing_is_told_before_what_it_follows() -> None:
    """Also what asks for a place of its own: a role, the owner, a mute."""
    hall = Hall("bob")
    hall.fill(PER_S)
    hall.join(["carol"])
    hall.do(c.EditMember("alice", False, "carol", None, None, Role.ADMIN, ()))
    hall.do(c.MuteUsers("carol", False, ["bob"], 60))
    hall.do(c.KickMembers("carol", False, ["bob"], ""))
    hall.join(["bob"])
    hall.do(c.GiveGroup("alice", False, "bob"))
    hall.do(c.GiveGroup("bob", False, "alice"))
    assert not hall.tips
    hall.settle()
    told = [(t.kind, t.users) for t in hall.tips]
    order = [told.index(one) for one in told]
    assert order == sorted(order)
    for earlier, later in (
        ((ChangeKind.JOINED, ["carol"]), (ChangeKind.ADMIN_APPOINTED, ["carol"])),
        ((ChangeKind.MUTED, ["bob"]), (ChangeKind.KICKED, ["bob"])),
        ((ChangeKind.KICKED, ["bob"]), (ChangeKind.JOINED, ["bob"])),
        ((ChangeKind.OWNER_CHANGED, ["bob"]), (ChangeKind.OWNER_CHANGED, ["alice"])),
    ):
        assert told.index(earlier) < told.index(later)


def test_mutes_near_the_limit_are_joined_too() -> None:  # they are refused only for a rate of their own
    hall = Hall("bob", "carol")
    hall.fill(PER_S)
    hall.do(c.MuteUsers("alice", False, ["bob"], 60))
    hall.do(c.MuteUsers("alice", False, ["carol"], 60))
    hall.do(c.MuteUsers("alice", False, ["bob"], 0))
    hall.settle()
    assert [(t.kind, t.users) for t in hall.tips] == [(ChangeKind.MUTED, ["carol"]), (ChangeKind.UNMUTED, ["bob"])]


def test_it_is_never_held_back_and_goes_before_messages_that_wait() -> None:  # FC-05 is about messages
    hall = Hall()
    for _ in range(3):
        hall.fill(2 * PER_S, Priority.HIGH)
        hall.until(hall.now + 1000)
    assert len(hall.told) == 5 * PER_S, "there is no room for anything"
    begin = hall.now
    hall.join(["bob"])
    while not hall.tips:
        hall.until(hall.now + 20)
        hall.fill(2, Priority.HIGH)
        assert hall.now - begin < 5000
    assert hall.now - begin > 1000, "longer than a message waits"
    assert hall.told[5 * PER_S].tip is not None, "before all of those that came before it"
    hall.check_limit()
    hall.until(hall.now + 10_000)
    assert names(hall.tips) == ["bob"] and hall.due is None


def test_without_a_limit_nothing_waits() -> None:
    hall = Hall()
    settle(hall.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"messages_per_s": "0"})))
    hall.join([f"u{i}" for i in range(300)])
    assert len(hall.tips) == 300 and hall.due is None


@pytest.mark.parametrize("notice", ["weak", "none"])
def test_what_waits_is_told_as_the_type_says_by_then(notice: str) -> None:  # GT-20
    hall = Hall()
    hall.fill(PER_S)
    hall.join(["bob", "carol"])
    settle(hall.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"notice": notice})))
    hall.settle()
    assert not hall.tips and [w.users for w in hall.weak] == ([["bob", "carol"]] if notice == "weak" else [])


def test_with_the_group_what_waits_ends() -> None:
    for waits_for_room in (False, True):
        hall = Hall()
        hall.fill(PER_S * 2, Priority.HIGH)
        hall.join(["bob"])
        if waits_for_room:
            hall.until(hall.now + SLICE_MS)
        assert not hall.actor.forgettable(1 << 40), "it is in memory alone"
        hall.do(c.DissolveGroup("alice", False))
        hall.settle()
        hall.do(creation(type_="ChatRoom"))
        hall.now += 60_000
        hall.settle()
        assert not hall.tips and hall.due is None


def test_a_change_that_is_refused_waits_for_nothing() -> None:  # FC-02
    hall = Hall("bob")
    hall.fill(2 * PER_S, Priority.HIGH)
    with pytest.raises(RcimError) as error:
        hall.do(c.GiveGroup("alice", False, "bob"))
    assert error.value.code.name == "TOO_FREQUENT" and hall.due is None
    hall.settle()
    assert not hall.tips


def test_where_no_members_are_listed_nobody_is_named() -> None:  # GT-03
    hall = Hall()
    settle(hall.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"member_list": "none"})))
    hall.join(["bob"])
    (message,) = hall.told
    assert message.sender == "@SYSTEM" and message.name_card == ""
    hall.fill(PER_S)
    hall.join(["carol", "dave"])
    hall.do(c.LeaveGroup("bob", False))
    hall.settle()
    said = [(t.kind, t.operator, t.users, t.count, t.member_num) for t in hall.tips]
    assert said == [
        (ChangeKind.JOINED, "", [], 1, 2),
        (ChangeKind.JOINED, "", [], 2, 3),
        (ChangeKind.LEFT, "", [], 1, 3),
    ]
