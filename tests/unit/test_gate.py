"""The one gate of what goes to all members of a group (FC-02): the table below names every command that an actor takes,
and says of each whether what it leads to goes to all of them, and which place in the group's limit it asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import import_commands, user_results
from rcim.actor import outcomes as o
from rcim.actor import room_commands as r
from rcim.actor import ultra_commands as uc
from rcim.actor import user_commands as u
from rcim.actor.admission import Claim
from rcim.actor.app import settle
from rcim.actor.group import GroupActor
from rcim.actor.records import Message, TypeSaved
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, MessageState, MsgFlag, Priority, PushLevel, Role
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.group_types import ChangeNotice
from rcim.rules.type_table import TypeChange
from tests.kit import app_state
from tests.unit.test_group_actor import creation

PER_S = 5
STRONG = replace(BUILT_IN["ChatRoom"], notice=ChangeNotice.STRONG, messages_per_s=PER_S, normal_per_s=PER_S)
WEAK = replace(STRONG, notice=ChangeNotice.WEAK)
OLD = Message(1, 10_000, 1, Priority.NORMAL, "bob", "", "", "", "old", b"old")


def altering(by: str, state: MessageState, body: bytes = b"") -> c.AlterMessage:
    return c.AlterMessage(by, False, 1, state, body, OLD)


def editing(**changes: object) -> c.EditGroup:
    return c.EditGroup("alice", False, {"name": "new", **changes}, None, None, ())  # type: ignore[dict-item]


TO_ALL: list[tuple[c.GroupCommand | r.RoomCommand, Claim | None]] = [
    (altering("bob", MessageState.EDITED, b"new"), Claim.ROOM),
    (altering("bob", MessageState.RECALLED), Claim.OWN),
    (altering("alice", MessageState.DELETED), Claim.OWN),
    (c.EraseSender("alice", False, "bob"), Claim.OWN),
    (c.ScrubMessages("root", True, "bob", [OLD]), Claim.OWN),
    (editing(), Claim.ROOM),
    (c.GiveGroup("alice", False, "bob"), Claim.ROOM),
    (c.EditMember("alice", False, "bob", None, None, Role.ADMIN, ()), Claim.ROOM),
    (c.MuteUsers("alice", False, ["carol"], 60), Claim.OWN),
    (c.MuteAll("alice", False, True, []), Claim.OWN),
    (c.JoinGroup("dave", False, ""), Claim.ANY),
    (c.InviteUsers("root", True, ["dave"]), Claim.ANY),
    (c.PlaceMember("dave", True, True), Claim.ANY),
    (c.AcceptInvitation("dave", False, "alice", 10_000), Claim.ANY),
    (c.LeaveGroup("carol", False), Claim.ANY),
    (c.KickMembers("alice", False, ["carol"], ""), Claim.ANY),
    (c.BlockUsers("alice", False, ["carol"], 60, ""), Claim.ANY),
    (c.DropOffline("", True, ["bob"], 1 << 60), Claim.ANY),
    (c.DecideApplication("alice", False, "eve", True, ""), Claim.ANY),
    (r.SetRoomAttributes("bob", False, [r.AttributeEntry("key", "value")]), Claim.APART),
    (r.DeleteRoomAttributes("carol", False, ["there"]), Claim.APART),
    (r.LeaveAbsent("", True), Claim.ANY),
    (c.SendMessage("bob", False, "", "", "m", Priority.NORMAL, b"b"), None),
    (c.EndSlice("", True), None),
    (c.TakeVerdict("", True, 1, None), None),
]
"""None: messages, which wait for their place (actor/admission.py, `stops`)."""
NOT_TO_ALL: list[tuple[c.GroupCommand | r.RoomCommand, str]] = [
    (c.GiveNotice("root", True, [], b"n"), "MS-05: to all, and section 6 does not limit it"),
    (c.HideMessages("bob", False, [1]), "told to the user alone"),
    (c.ClearMessages("bob", False), "told to the user alone"),
    (c.MarkRead("bob", False, 1), "told to the user alone, or to the other of two (RX-08)"),
    (c.SetFlag("bob", False, MsgFlag.DISCARD), "told to the user alone"),
    (c.DissolveGroup("alice", False), "once in a group's life"),
    (c.ReclaimGroup("", True, 0), "nobody is told"),
    (c.EndTemporary("", True), "it does not end, unless its time is over, and then once"),
    (creation("zoe"), "there is a group already"),
    (import_commands.ImportMessages("root", True, []), "nobody hears the group as long as it is imported"),
    (import_commands.ImportMembers("root", True, []), "as above"),
    (import_commands.FinishImport("root", True), "its members enter it"),
    (c.KeepGuest("@guest#1", False), "nobody is told"),
    (c.DropGuests("", True), "told to the guests that go"),
    (c.ReadHistory("bob", False, 0, 0, 1, False, 0, 0), "read"),
    (c.ReadReceipts("bob", False, 1, True, "", 10, OLD), "read"),
    (c.TraceMessage("root", True, "bob", "old"), "read"),
    (u.ReadFlow("root", True), "read"),
    (c.ReadInfo("bob", False), "read"),
    (c.ReadMembers("bob", False, "", 10), "read"),
    (c.ReadSome("bob", False, ["bob"]), "read"),
    (c.ReadMarks("alice", False, "muted", "", 10), "read"),
    (r.ReadRoomAttributes("bob", False, 0, 0, []), "read"),
    (r.ReadProtected("root", True), "read"),
    (r.SetRoom("root", True, True, True, [], []), "nobody is told"),
    (r.CloseEmpty("", True, 0), "nobody is told"),
    (r.NoteAbsent("bob", True), "nobody is told"),
    (r.NoteBack("bob", True), "nobody is told"),
    (uc.ListChannel("alice", False, "news"), "an ultra group's: nobody is told"),
    (uc.UnlistChannel("alice", True, "news"), "as above"),
    (uc.SetPushLevel("bob", False, PushLevel.ALL, False), "nobody is told"),
    (uc.ReadPushLevel("bob", False), "read"),
    (uc.TrimHistory("root", True, 0), "nothing to delete"),
]


class Kit:
    """A group of four, one who applies, and time by hand."""

    def __init__(self, row: object = STRONG) -> None:
        self.app_state = app_state({**BUILT_IN, "ChatRoom": replace(row, drop_offline=True, leave_after_s=30)})  # type: ignore[type-var]
        self.actor = GroupActor(GroupSnapshot("g:lobby", None, 1, 0, 0, 0, [], []), 7, self.app_state)
        self.now, self.position = 10_000, 1
        option = int(ApplyJoinOption.NEED_PERMISSION)
        self.do(creation(members=("bob", "carol"), option=option, type_="ChatRoom"))
        self.do(c.JoinGroup("eve", False, ""))
        self.do(c.EditGroup("root", True, {}, ApplyJoinOption.FREE_ACCESS, None, ()))
        self.do(r.SetRoomAttributes("carol", False, [r.AttributeEntry("there", "1")]))
        self.app_state.rooms.is_online = lambda user_id: user_id != "carol"
        self.do(r.NoteAbsent("carol", True))
        self.send("old", "bob")
        self.now += 60_000  # what has passed so far counts no more

    def do(self, command: c.GroupCommand | r.RoomCommand) -> o.Outcome:
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += (outcome.record is not None) + len(outcome.more)
        return outcome

    def send(self, name: str, by: str = "alice", priority: Priority = Priority.NORMAL) -> o.Outcome:
        return self.do(c.SendMessage(by, False, "", "", name, priority, b"b"))

    def fill(self, priority: Priority, count: int) -> None:
        for i in range(count):
            assert self.send(f"{priority}{i}", priority=priority).wait == 0

    def counted(self) -> int:
        flow = self.do(u.ReadFlow("root", True)).result
        assert isinstance(flow, user_results.Flow)
        return sum(row.passed for row in flow.rows)

    def refused(self, command: c.GroupCommand | r.RoomCommand) -> RcimError | None:
        try:
            self.do(command)
        except RcimError as error:
            return error
        return None


def reaches_all(outcome: o.Outcome) -> int:
    """How many things go to all members."""
    return sum(
        isinstance(one, e.Deliver | e.Announce)
        or (isinstance(one, e.Notify) and (one.user_ids is None or {"bob", "carol"} <= set(one.user_ids)))
        for one in outcome.effects
    )


def test_the_table_names_every_command() -> None:
    named = {type(command) for command, _ in (*TO_ALL, *NOT_TO_ALL)}
    assert named == set(get_args(c.GroupCommand)) | set(get_args(r.RoomCommand))


CLAIMING = [
    pytest.param(cmd, claim, id=f"{type(cmd).__name__}-{i}") for i, (cmd, claim) in enumerate(TO_ALL) if claim
]


@pytest.mark.parametrize("row", [STRONG, WEAK], ids=["strong", "weak"])
@pytest.mark.parametrize("command, claim", CLAIMING)
def test_what_goes_to_all_takes_its_place(
    command: c.GroupCommand | r.RoomCommand, claim: Claim, row: object
) -> None:  # FC-02
    kit = Kit(row)
    before = kit.counted()
    outcome = kit.do(command)
    times = (
        2 if isinstance(command, c.MuteAll) else 1
    )  # announced as a change (GT-15), and to those concerned (SC-09)
    assert reaches_all(outcome) == times
    joined_notice = row is WEAK and claim is Claim.ANY  # a system notice, which many are joined in
    assert kit.counted() - before == (0 if joined_notice or claim is Claim.APART else times)


@pytest.mark.parametrize("command, why", NOT_TO_ALL, ids=[type(command).__name__ for command, _ in NOT_TO_ALL])
def test_what_does_not_takes_none(command: c.GroupCommand | r.RoomCommand, why: str) -> None:
    kit = Kit()
    if isinstance(command, c.DissolveGroup):
        assert not reaches_all(kit.do(command)), why
        return
    before = kit.counted()
    try:
        reached = reaches_all(kit.do(command))
    except RcimError:
        reached = 0
    assert reached == isinstance(command, c.GiveNotice), why
    assert kit.counted() == before, why


@pytest.mark.parametrize("command, claim", CLAIMING)
def test_in_a_group_at_its_limit(command: c.GroupCommand, claim: Claim) -> None:
    """What can't be held back in silence is refused with the time to wait; what moderates, and who comes and goes, is
    not, and what is refused has changed nothing (FC-02, GT-15)."""
    kit = Kit()
    kit.fill(Priority.NORMAL, PER_S)
    kit.fill(Priority.HIGH, PER_S)
    error = kit.refused(command)
    if claim is not Claim.ROOM:
        assert error is None
        return
    assert error is not None and error.code.name == "TOO_FREQUENT" and 0 < error.retry_after_ms <= 5000
    kit.now += error.retry_after_ms
    assert reaches_all(kit.do(command)) == 1, "then there is room for it, and it was not half done before"


def test_edits_are_not_more_than_messages_may_be() -> None:  # 8 KiB each to every member
    kit = Kit()
    edits = [altering("bob", MessageState.EDITED, b"%d" % i) for i in range(100)]
    assert sum(kit.refused(edit) is None for edit in edits) == PER_S
    assert kit.send("after").wait, "and a message finds no room any more"


def test_attributes_take_no_room_from_messages() -> None:  # CR-03, FC-02
    """Whoever sets attributes as fast as they may keeps no message back: they have a limit of their own."""
    kit = Kit()
    for number in range(100):
        kit.refused(r.SetRoomAttributes("bob", False, [r.AttributeEntry(f"key{number % 10}", f"{number}")]))
    error = kit.refused(r.SetRoomAttributes("bob", False, [r.AttributeEntry("key", "value")]))
    assert error is not None and error.code.name == "TOO_FREQUENT" and error.retry_after_ms > 0
    assert not kit.send("goes at once").wait


def test_an_edit_does_not_overtake_messages_that_wait() -> None:  # FC-03
    kit = Kit()
    kit.fill(Priority.NORMAL, PER_S)
    assert kit.send("waits").wait
    kit.now += 1000
    error = kit.refused(altering("bob", MessageState.EDITED, b"new"))
    assert error is not None and error.code.name == "TOO_FREQUENT"
    assert len(kit.do(c.EndSlice("", True)).effects) == 1
    assert kit.refused(altering("bob", MessageState.EDITED, b"new")) is None


def test_moderating_has_a_rate_of_its_own() -> None:
    kit = Kit()
    assert sum(kit.refused(c.MuteUsers("alice", False, ["carol"], 60)) is None for _ in range(20)) == PER_S
    error = kit.refused(altering("bob", MessageState.RECALLED))
    assert error is not None and error.retry_after_ms == 1000 // PER_S
    kit.now += error.retry_after_ms
    assert kit.refused(altering("bob", MessageState.RECALLED)) is None


def test_what_is_refused_for_another_reason_takes_no_place() -> None:
    kit = Kit()
    before = kit.counted()
    for command in (
        altering("carol", MessageState.EDITED, b"x"),
        c.EditGroup("carol", False, {"name": "x"}, None, None, ()),
        c.GiveGroup("alice", False, "nobody"),
        c.EditGroup("alice", False, {"name": "Lobby"}, None, None, ()),
    ):
        kit.refused(command)
    assert kit.counted() == before


def test_transient_messages_have_a_rate_of_their_own() -> None:  # MS-08
    kit = Kit()
    typing = [c.SendMessage("bob", False, "", "", f"t{i}", Priority.NORMAL, b"t", transient=True) for i in range(20)]
    assert sum(reaches_all(kit.do(command)) for command in typing) == PER_S
    assert not kit.send("after").wait


def test_without_a_limit_nothing_is_refused() -> None:
    kit = Kit(replace(STRONG, messages_per_s=0, normal_per_s=0, low_per_s=0, lowest_per_s=0))
    assert all(kit.refused(altering("bob", MessageState.EDITED, b"%d" % i)) is None for i in range(200))
    assert all(kit.refused(c.MuteAll("alice", False, i % 2 == 0, [])) is None for i in range(200))


def test_a_limit_that_changes_at_run_time_holds_at_once() -> None:  # GT-20
    kit = Kit()
    settle(
        kit.app_state, TypeSaved("ChatRoom", TypeChange("ChatRoom", "", {"messages_per_s": "2", "normal_per_s": "2"}))
    )
    assert sum(kit.refused(altering("bob", MessageState.EDITED, b"%d" % i)) is None for i in range(20)) == 2
