"""Rooms in the actor: attributes (CR-03), members who are not online (CR-01, CR-02), empty rooms (CR-04), what the app
sets (CR-07), who may send (GT-26)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import events as ev
from rcim.actor import outcomes as o
from rcim.actor import records as r
from rcim.actor import room_commands as rc
from rcim.actor import user_results
from rcim.actor.absences import NEVER, Absences
from rcim.actor.group import GroupActor
from rcim.actor.room_attributes import ATTRIBUTES_MAX, REMOVED_MAX, RoomAttributes
from rcim.actor.rooms import LEAVE_AT_ONCE
from rcim.actor.snapshots import GroupSnapshot, RoomSnapshot
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, GoneReason, HeldBack, MemberOrder, MsgFlag, Priority, Role
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.group_types import ChangeNotice, GroupType
from rcim.rules.policies import changed
from rcim.rules.roles import Standing
from rcim.store.backend import MemoryBackend
from rcim.store.check import check
from rcim.store.shard_log import makes_room
from tests.kit import FilledStore, app_state

FREE = {"messages_per_s": 0, "normal_per_s": 0, "low_per_s": 0, "lowest_per_s": 0}
ROOM = replace(BUILT_IN["AVChatRoom"], name="ChatRoom", **FREE)  # type: ignore[arg-type]


class Hall:
    """A room of alice's, time by hand, and who is online."""

    def __init__(self, row: GroupType = ROOM, members: tuple[str, ...] = ("bob", "carol", "dave")) -> None:
        self.app_state = app_state({**BUILT_IN, "ChatRoom": row})
        self.offline: set[str] = set()
        self.app_state.rooms.is_online = lambda user_id: user_id not in self.offline
        self.actor = GroupActor(GroupSnapshot("g:lobby", None, 1, 0, 0, 0, [], []), 7, self.app_state)
        self.now, self.position = 1_000_000, 1
        self.number = 0
        self.do(
            c.CreateGroup(
                by="alice",
                admin=False,
                group_id="lobby",
                type="ChatRoom",
                name="Lobby",
                introduction="",
                notification="",
                face_url="",
                apply_join_option=ApplyJoinOption.BY_TYPE,
                members=[],
                owner="alice",
            )
        )
        for user in members:
            self.do(c.JoinGroup(user, False, ""))

    def do(self, command: c.Command) -> o.Outcome:
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += (outcome.record is not None) + len(outcome.more)
        return outcome

    def refused(self, command: c.Command) -> str:
        with pytest.raises(RcimError) as error:
            self.do(command)
        return error.value.code.name

    def say(self, by: str = "alice", admin: bool = False) -> o.Outcome:
        self.number += 1
        return self.do(c.SendMessage(by, admin, "", "", f"m{self.number}", Priority.NORMAL, b"b"))

    def away(self, *users: str) -> None:
        for user in users:
            self.offline.add(user)
            self.do(rc.NoteAbsent(user, True))

    def back(self, *users: str) -> None:
        for user in users:
            self.offline.discard(user)
            self.do(rc.NoteBack(user, True))

    def set(self, by: str, *pairs: tuple[str, str], forced: bool = False, with_setter: bool = False) -> o.Outcome:
        entries = [rc.AttributeEntry(key, value, with_setter) for key, value in pairs]
        return self.do(rc.SetRoomAttributes(by, forced, entries, forced))

    def read(self, since: int = 0, after: int = 0, by: str = "bob") -> o.AttributesPage:
        result = self.do(rc.ReadRoomAttributes(by, False, since, after, [])).result
        assert isinstance(result, o.AttributesPage)
        return result

    def members(self) -> set[str]:
        result = self.do(c.ReadMembers("root", True, "", 500, order=MemberOrder.EARLIEST)).result
        assert isinstance(result, o.Members)
        return {row.member.user_id for row in result.rows}


def looks(outcome: o.Outcome) -> list[int]:
    return [one.after_ms for one in outcome.effects if isinstance(one, e.LookForAbsent)]


def gone(outcome: o.Outcome) -> set[tuple[str, GoneReason]]:
    return {(one.user_id, one.reason) for one in outcome.effects if isinstance(one, e.MemberGone)}


# ---------------------------------------------------------------------------------------------- absences


def test_the_clock_starts_with_the_first_message_after_the_disconnect() -> None:  # CR-01
    hall = Hall()
    hall.say()
    hall.away("bob")
    hall.now += 3_600_000
    assert not gone(hall.do(rc.LeaveAbsent("", True))), "no message has passed since"
    assert looks(hall.say()) == [30_000]
    hall.now += 29_999
    assert looks(hall.do(rc.LeaveAbsent("", True))) == [1]
    assert "bob" in hall.members()
    hall.now += 1
    left = hall.do(rc.LeaveAbsent("", True))
    assert gone(left) == {("bob", GoneReason.OFFLINE)} and not looks(left)
    assert hall.members() == {"alice", "carol", "dave"}


def test_or_it_is_over_with_thirty_messages() -> None:  # CR-01
    hall = Hall()
    hall.away("bob", "carol")
    found = [looks(hall.say()) for _ in range(31)]
    assert found == [[30_000], *[[]] * 28, [0], []]
    assert {user for user, _ in gone(hall.do(rc.LeaveAbsent("", True)))} == {"bob", "carol"}


def test_who_comes_back_in_time_has_never_been_away() -> None:  # CR-01
    hall = Hall()
    hall.away("bob")
    hall.say()
    hall.back("bob")
    hall.now += 60_000
    assert hall.do(rc.LeaveAbsent("", True)).record is None
    hall.away("bob")
    hall.now += 60_000
    assert hall.do(rc.LeaveAbsent("", True)).record is None, "it counts from the second disconnect"
    assert looks(hall.say()) == [30_000]


def test_a_note_that_comes_too_late_is_passed_over() -> None:  # CR-01
    hall = Hall()
    hall.do(rc.NoteAbsent("bob", True))  # they are online again
    for _ in range(40):
        assert not looks(hall.say())


def test_the_owner_and_protected_users_stay() -> None:  # CR-01
    hall = Hall()
    hall.do(rc.SetRoom("root", True, None, None, ["bob"], []))
    hall.away("alice", "bob", "carol")
    hall.say(by="dave")
    hall.now += 30_000
    assert gone(hall.do(rc.LeaveAbsent("", True))) == {("carol", GoneReason.OFFLINE)}
    protected = hall.do(rc.ReadProtected("root", True)).result
    assert protected == user_results.Listed(["bob"], "")


def test_many_leave_in_a_few_commits_and_one_notice_each() -> None:  # CR-01
    users = tuple(f"u{n}" for n in range(LEAVE_AT_ONCE + 200))
    hall = Hall(members=users)
    hall.away(*users)
    hall.say()
    hall.now += 30_000
    first = hall.do(rc.LeaveAbsent("", True))
    assert len(gone(first)) == LEAVE_AT_ONCE and looks(first) == [0]
    assert sum(isinstance(one, e.Announce) for one in first.effects) == 1
    second = hall.do(rc.LeaveAbsent("", True))
    assert len(gone(second)) == 200 and not looks(second)


def test_after_a_load_all_who_are_not_known_to_be_online_are_absent() -> None:  # CR-01
    row = ROOM
    state = app_state({**BUILT_IN, "ChatRoom": row})
    state.rooms.is_online = lambda user_id: user_id == "carol"
    profile = r.Profile("lobby", "ChatRoom", "L", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, first_seq=1)
    members = [
        r.Member("alice", Role.OWNER, 1, 0, "", MsgFlag.ACCEPT_AND_NOTIFY),
        r.Member("bob", Role.MEMBER, 2, 0, ""),
        r.Member("carol", Role.MEMBER, 3, 0, ""),
    ]
    actor = GroupActor(GroupSnapshot("g:lobby", profile, 5, 0, 1, 1, members, []), 7, state)
    actor.begin()
    assert state.rooms.of("bob") == ["g:lobby"]
    now = 1_000_000
    for n in range(50):  # their connections may not have been told of yet: messages alone do not count
        outcome = actor.handle(c.SendMessage("carol", False, "", "", f"m{n}", Priority.NORMAL, b"b"), now, n + 1)
        assert looks(outcome) == ([30_000] if n == 0 else [])
    outcome = actor.handle(rc.LeaveAbsent("", True), now + 30_000, 60)
    assert gone(outcome) == {("bob", GoneReason.OFFLINE)}


def test_where_the_type_does_not_say_so_nobody_leaves() -> None:  # CR-01
    hall = Hall(replace(ROOM, leave_after_s=0, leave_after_messages=0))
    hall.away("bob")
    for _ in range(40):
        assert not looks(hall.say())
    hall.now += 60_000
    assert hall.do(rc.LeaveAbsent("", True)).record is None


def test_a_lost_connection_leaves_the_one_room() -> None:  # CR-02
    hall = Hall(replace(ROOM, one_room=True))
    hall.offline.add("bob")
    outcome = hall.do(rc.NoteAbsent("bob", True))
    assert gone(outcome) == {("bob", GoneReason.OFFLINE)}
    assert e.RoomLost("bob", 1_000_000) in outcome.effects
    hall.offline.add("alice")
    assert hall.do(rc.NoteAbsent("alice", True)).record is None, "the owner stays"


def test_who_was_found_absent_leaves_the_one_room_after_a_time() -> None:  # CR-02
    row = replace(ROOM, one_room=True, leave_after_s=0, leave_after_messages=0)
    absences = Absences(["bob"])
    assert absences.passed(row, 0) == 30_000
    assert not absences.due(row, 29_999, 10)
    assert absences.due(row, 30_000, 10) == ["bob"]


def test_whoever_stays_may_leave_later() -> None:  # CR-01, CR-02
    for row in (ROOM, replace(ROOM, one_room=True), replace(ROOM, one_room=True, leave_after_s=0)):
        hall = Hall(row)
        hall.do(rc.SetRoom("root", True, None, None, ["bob"], []))
        hall.away("bob")
        hall.say()
        hall.now += 30_000
        assert not gone(hall.do(rc.LeaveAbsent("", True)))
        hall.do(rc.SetRoom("root", True, None, None, [], ["bob"]))
        hall.say()
        hall.now += 30_000
        assert gone(hall.do(rc.LeaveAbsent("", True))) == {("bob", GoneReason.OFFLINE)}


def test_waves_cost_each_message_the_same() -> None:
    absences = Absences()
    for n in range(1000):
        absences.away(f"u{n}")
    assert absences.passed(ROOM, 0) == 30_000 and len(absences) == 1000
    assert absences.passed(ROOM, 0) == NEVER
    absences.back("u5")
    assert "u5" not in absences and "u6" in absences
    assert len(absences.due(ROOM, 30_000, 10)) == 10
    assert absences.due_in_ms(ROOM, 30_000) == 0
    assert len(absences.due(ROOM, 30_000, 5000)) == 989 and not len(absences)


# -------------------------------------------------------------------------------------------- attributes


def test_attributes_are_set_read_and_removed() -> None:  # CR-03
    hall = Hall()
    outcome = hall.set("bob", ("seat", "1"), ("song", "x"))
    assert (
        isinstance(outcome.record, r.RoomAttributesChanged)
        and outcome.record.version == outcome.record.put[-1].version
    )
    (news,) = (one.said for one in outcome.effects if isinstance(one, e.Notify))
    assert (
        isinstance(news, e.RoomAttributesNews)
        and news.since == 0
        and [row.key for row in news.rows] == ["seat", "song"]
    )
    page = hall.read()
    assert page.reset and [(row.key, row.value, row.by) for row in page.rows] == [
        ("seat", "1", "bob"),
        ("song", "x", "bob"),
    ]
    hall.do(rc.DeleteRoomAttributes("bob", False, ["seat"]))
    later = hall.read(since=page.version)
    assert not later.reset and [(row.key, row.removed) for row in later.rows] == [("seat", True)]
    assert hall.read(since=later.version).rows == []
    assert [row.key for row in hall.read().rows] == ["song"]


def test_a_batch_is_all_or_nothing() -> None:  # CR-03
    hall = Hall()
    hall.set("bob", ("seat", "1"))
    assert hall.refused(
        rc.SetRoomAttributes("carol", False, [rc.AttributeEntry("new", "1"), rc.AttributeEntry("seat", "2")])
    ) == ("ATTRIBUTE_CONFLICT")
    assert hall.refused(rc.DeleteRoomAttributes("bob", False, ["seat", "none"])) == "NO_SUCH_ATTRIBUTE"
    assert hall.refused(rc.DeleteRoomAttributes("carol", False, ["seat"])) == "ATTRIBUTE_CONFLICT"
    assert [(row.key, row.value) for row in hall.read().rows] == [("seat", "1")]
    hall.set("root", ("seat", "3"), forced=True)
    assert [(row.value, row.by) for row in hall.read().rows] == [("3", "root")]
    assert hall.refused(rc.SetRoomAttributes("bob", False, [rc.AttributeEntry("seat", "4")])) == "ATTRIBUTE_CONFLICT"


def test_the_hundred_and_first_key_and_too_many_bytes() -> None:  # CR-03
    hall = Hall()
    for n in range(0, ATTRIBUTES_MAX, 10):
        hall.set("bob", *((f"k{n + i}", "v") for i in range(10)))
    assert (
        hall.refused(rc.SetRoomAttributes("bob", False, [rc.AttributeEntry("one-more", "v")]))
        == "TOO_MANY_ATTRIBUTES"
    )
    hall.set("bob", ("k5", "another"))
    hall.do(rc.DeleteRoomAttributes("bob", False, ["k5"]))
    hall.set("bob", ("one-more", "v"))
    large = "x" * 4096
    for n in range(10, 73):
        hall.set("bob", (f"k{n}", large))
    assert (
        hall.refused(rc.SetRoomAttributes("bob", False, [rc.AttributeEntry("k73", large)])) == "TOO_MANY_ATTRIBUTES"
    )


def test_what_is_so_already_is_no_change() -> None:  # CR-03
    hall = Hall()
    version = hall.set("bob", ("seat", "1")).result
    again = hall.set("bob", ("seat", "1"))
    assert again.record is None and not again.effects and again.result == version
    noticed = hall.do(rc.SetRoomAttributes("bob", False, [rc.AttributeEntry("seat", "1")], False, b"hi"))
    assert isinstance(noticed.record, r.RoomAttributesChanged)


def test_changes_of_a_slice_are_told_together() -> None:  # CR-03
    hall = Hall()
    hall.set("bob", ("a", "1"))
    second = hall.set("bob", ("a", "2"))
    assert not second.effects and second.again_in_ms > 0
    hall.set("bob", ("b", "1"))
    hall.now += second.again_in_ms
    told = hall.do(c.EndSlice("", True))
    (said,) = (one.said for one in told.effects if isinstance(one, e.Notify))
    assert isinstance(said, e.RoomAttributesNews) and [(row.key, row.value) for row in said.rows] == [
        ("a", "2"),
        ("b", "1"),
    ]
    assert said.version == hall.read().version and told.again_in_ms == -1


def test_changes_count_in_the_limit_of_the_group() -> None:  # CR-03, FC-02
    hall = Hall(replace(ROOM, messages_per_s=2, normal_per_s=2))
    codes: list[str] = []
    for n in range(30):
        try:
            hall.set("bob", ("k", str(n)))
        except RcimError as error:
            codes.append(error.code.name)
    assert set(codes) == {"TOO_FREQUENT"} and [row.value for row in hall.read().rows] != ["29"]


def test_attributes_go_with_their_setter_in_the_same_commit() -> None:  # CR-03
    hall = Hall()
    hall.set("bob", ("seat", "1"), with_setter=True)
    hall.set("bob", ("stays", "1"))
    left = hall.do(c.LeaveGroup("bob", False))
    (record,) = left.more
    assert isinstance(record, r.RoomAttributesChanged) and [(row.key, row.removed) for row in record.put] == [
        ("seat", True)
    ]
    hall.set("carol", ("seat", "2"), with_setter=True)
    assert len(hall.do(c.BlockUsers("alice", False, ["carol"], 60, "")).more) == 1
    hall.set("dave", ("seat", "3"), with_setter=True)
    hall.away("dave")
    hall.say()
    hall.now += 30_000
    assert len(hall.do(rc.LeaveAbsent("", True)).more) == 1
    assert [row.key for row in hall.read(by="alice").rows] == ["stays"]


def test_the_muted_change_no_attributes() -> None:  # CR-03, SC-02
    hall = Hall()
    hall.do(c.MuteUsers("alice", False, ["bob"], 60))
    assert hall.refused(rc.SetRoomAttributes("bob", False, [rc.AttributeEntry("k", "v")])) == "SENDER_MUTED"


def test_only_members_and_only_where_the_type_has_attributes() -> None:  # CR-03
    hall = Hall()
    assert hall.refused(rc.SetRoomAttributes("eve", False, [rc.AttributeEntry("k", "v")])) == "NOT_PERMITTED"
    assert hall.refused(rc.ReadRoomAttributes("eve", False, 0, 0, [])) == "NOT_PERMITTED"
    without = Hall(replace(ROOM, room_attributes=False))
    assert without.refused(rc.SetRoomAttributes("alice", False, [rc.AttributeEntry("k", "v")])) == "NOT_PERMITTED"


def test_who_knows_too_old_a_version_is_told_all() -> None:  # CR-03
    room = RoomAttributes("g:lobby")
    first = room.set([rc.AttributeEntry("first", "1")], "bob", 1000, b"").version
    for n in range(REMOVED_MAX + 1):
        room.set([rc.AttributeEntry(f"k{n}", "1")], "bob", 1000, b"")
        record = room.remove([f"k{n}"], "bob", 1000)
    assert record.forgotten == ["k0"] and record.floor > first
    assert room.is_unknown(first) and not room.is_unknown(record.floor) and room.is_unknown(record.version + 1)
    assert [row.key for row in room.all()] == ["first"]


def test_a_room_made_anew_does_not_go_on_from_the_one_before() -> None:  # CR-03
    before = RoomAttributes("g:lobby")
    version = before.set([rc.AttributeEntry("k", "1")], "bob", 1000, b"").version
    after = RoomAttributes("g:lobby")
    assert after.is_unknown(version)
    after.set([rc.AttributeEntry("k", "2")], "bob", 5000, b"")
    assert after.is_unknown(version)


def test_attributes_are_loaded_as_they_were() -> None:  # CR-03
    room = RoomAttributes("g:lobby")
    record = room.set([rc.AttributeEntry("a", "1"), rc.AttributeEntry("b", "1")], "bob", 1000, b"")
    gone_ = room.remove(["a"], "bob", 1000)
    rows = [record.put[1], gone_.put[0]]
    loaded = RoomAttributes("g:lobby", RoomSnapshot(gone_.version, gone_.floor, rows))
    assert loaded.all() == room.all() and loaded.since(record.version) == room.since(record.version)
    assert loaded.due_in_ms(0) == -1


# --------------------------------------------------------------------------------------- the room as such


def test_an_empty_room_ends_after_an_hour_unless_it_is_kept_alive() -> None:  # CR-04
    row = replace(ROOM, owner_may_leave=True)
    hall = Hall(row, members=())
    hall.do(c.LeaveGroup("alice", False))
    assert hall.actor.exists
    left_ms = hall.now
    assert hall.do(rc.CloseEmpty("", True, left_ms)).record is None, "not for so long"
    hall.do(rc.SetRoom("root", True, True, None, [], []))
    assert hall.do(rc.CloseEmpty("", True, left_ms + 1)).record is None, "it is kept alive"
    hall.do(rc.SetRoom("root", True, False, None, [], []))
    hall.do(c.JoinGroup("bob", False, ""))
    assert hall.do(rc.CloseEmpty("", True, left_ms + 1)).record is None, "somebody is in it"
    hall.do(c.LeaveGroup("bob", False))
    hall.app_state.wanted_events = frozenset(ev.EventKind)
    outcome = hall.do(rc.CloseEmpty("", True, left_ms + 1))
    assert isinstance(outcome.record, r.GroupDissolved) and not hall.actor.exists
    (event,) = outcome.events
    assert isinstance(event, ev.GroupDissolved) and event.empty and event.silently


def test_a_room_that_is_kept_alive_is_destroyed_by_the_app_alone() -> None:  # CR-07
    hall = Hall(replace(ROOM, kept_when_empty=False))
    hall.do(rc.SetRoom("root", True, True, None, [], []))
    assert hall.refused(c.DissolveGroup("alice", False)) == "ROOM_KEPT_ALIVE"
    assert isinstance(hall.do(c.DissolveGroup("root", True)).record, r.GroupDissolved)


def test_while_distribution_is_stopped_only_the_app_is_heard() -> None:  # CR-07
    hall = Hall()
    hall.do(rc.SetRoom("root", True, None, True, [], []))
    held = hall.say("bob")
    assert isinstance(held.result, o.Sent) and (held.result.seq, held.result.held_back) == (0, HeldBack.STOPPED)
    assert held.record is None and not held.effects
    again = hall.do(c.SendMessage("bob", False, "", "", f"m{hall.number}", Priority.NORMAL, b"b"))
    assert isinstance(again.result, o.Sent) and again.result.duplicate
    assert any(isinstance(one, e.Deliver) for one in hall.say("root", admin=True).effects)
    hall.do(rc.SetRoom("root", True, None, False, [], []))
    assert any(isinstance(one, e.Deliver) for one in hall.say("bob").effects)


def test_anyone_may_send_where_the_type_says_so() -> None:  # GT-26
    hall = Hall(replace(ROOM, send=Standing.ANYONE))
    assert any(isinstance(one, e.Deliver) for one in hall.say("eve").effects)
    assert "eve" not in hall.members()
    hall.do(c.MuteUsers("alice", False, ["eve"], 60))
    assert hall.refused(c.SendMessage("eve", False, "", "", "x", Priority.NORMAL, b"b")) == "SENDER_MUTED"
    hall.do(c.BlockUsers("alice", False, ["mallory"], 60, ""))
    assert hall.refused(c.SendMessage("mallory", False, "", "", "x", Priority.NORMAL, b"b")) == "BLOCKED"
    assert hall.refused(c.SendMessage("@GUEST#1", False, "", "", "x", Priority.NORMAL, b"b")) == "NOT_PERMITTED"


def test_members_in_the_order_of_joining_either_way() -> None:  # CR-05
    hall = Hall(members=())
    for n in range(7):
        hall.now += 1
        hall.do(c.JoinGroup(f"u{n}", False, ""))

    def page(order: MemberOrder, cursor: str) -> tuple[list[str], str]:
        found = hall.do(c.ReadMembers("alice", False, cursor, 5, order=order)).result
        assert isinstance(found, o.Members)
        return [row.member.user_id for row in found.rows], found.next

    latest, cursor = page(MemberOrder.LATEST, "")
    assert latest == ["u6", "u5", "u4", "u3", "u2"]
    assert page(MemberOrder.LATEST, cursor) == (["u1", "u0", "alice"], "")
    earliest, cursor = page(MemberOrder.EARLIEST, "")
    assert earliest == ["alice", "u0", "u1", "u2", "u3"]
    assert page(MemberOrder.EARLIEST, cursor) == (["u4", "u5", "u6"], "")


def test_events_say_why_members_have_gone() -> None:  # CR-06
    hall = Hall()
    hall.app_state.wanted_events = frozenset({ev.EventKind.MEMBERS_GONE})
    (blocked,) = hall.do(c.BlockUsers("alice", False, ["bob"], 60, "")).events
    (left,) = hall.do(c.LeaveGroup("carol", False)).events
    hall.away("dave")
    hall.say()
    hall.now += 30_000
    (absent,) = hall.do(rc.LeaveAbsent("", True)).events
    assert all(isinstance(one, ev.MembersGone) for one in (blocked, left, absent))
    found = [
        (one.users, one.reason, one.blocked) for one in (blocked, left, absent) if isinstance(one, ev.MembersGone)
    ]
    assert found == [
        (["bob"], GoneReason.KICKED, True),
        (["carol"], GoneReason.LEFT, False),
        (["dave"], GoneReason.OFFLINE, False),
    ]


def test_absent_members_leave_only_where_members_are_in_memory() -> None:
    with pytest.raises(ValueError, match="in memory"):
        changed(replace(ROOM, kind="ultra group", notice=ChangeNotice.WEAK), "Ultra", {"leave_after_s": "30"})


@pytest.mark.parametrize(("policy", "value"), [("drop_offline", "true"), ("member_list", "part")])
@pytest.mark.parametrize("base", ["UltraGroup", "Channel", "System"])
def test_what_looks_at_all_members_is_refused_where_they_are_not_in_memory(
    base: str, policy: str, value: str
) -> None:
    with pytest.raises(ValueError, match=f"{policy}.* needs members in memory"):  # GT-11, GT-03, UG-01
        changed(BUILT_IN[base], "Mine", {policy: value})


def test_check_finds_rows_of_rooms_that_are_wrong() -> None:  # CR-03, CR-04
    backend = MemoryBackend()
    store = FilledStore(backend)
    profile = r.Profile(
        "a", "T", "a", "", "", "", "", 1, ApplyJoinOption.FREE_ACCESS, 0, first_seq=1, keep_alive=True
    )
    store.append(r.GroupCreated("g:a", profile, [], 1))
    store.append(r.RoomAttributesChanged("g:a", 7, 5, [r.RoomAttribute("k", "v", "bob", 1, 7)], []))
    assert not [fault for fault in check(backend).faults if "room" in fault]
    with backend.write() as view:
        view.put("room_attributes", b"g:a\0k", b"?")
        view.put("kept_rooms", b"g:none", b"")
    found = [fault for fault in check(backend).faults if "room" in fault]
    assert len(found) == 2 and "g:none is no group" in found[1]


def test_attributes_that_go_with_members_go_on_a_full_store_too() -> None:  # CR-03, ST-04
    gone_ = r.RoomAttribute("k", "", "", 1, 8, removed=True)
    assert makes_room(r.RoomAttributesChanged("g:a", 8, 5, [gone_], []))
    assert not makes_room(r.RoomAttributesChanged("g:a", 8, 5, [r.RoomAttribute("k", "v", "bob", 1, 8)], []))
