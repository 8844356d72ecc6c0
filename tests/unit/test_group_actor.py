"""The machine of a group, without a loop or a store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import import_commands
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor.group import GroupActor
from rcim.actor.records import GroupChanged, GroupCreated, MessageKept
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.errors import RcimError
from rcim.base.ids import message_id
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import ApplyJoinOption, JoinStatus, Place, Priority, Role
from rcim.rules.group_types import GroupType
from tests.kit import UNLIMITED, app_state

KEY = "g:lobby"
EMPTY = GroupSnapshot(KEY, None, 1, 0, 0, 0, [], [])


class Kit:
    """A group actor that is asked in short."""

    def __init__(self, limits: Limits = DEFAULTS, types: dict[str, GroupType] | None = None) -> None:
        self.actor = GroupActor(EMPTY, 7, app_state(types or UNLIMITED, limits))
        self.now = 1000
        self.position = 1

    def do(self, command: c.GroupCommand) -> o.Outcome:
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += outcome.record is not None
        return outcome

    def refused(self, command: c.GroupCommand) -> str:
        with pytest.raises(RcimError) as error:
            self.do(command)
        return error.value.code.name

    def create(
        self, by: str = "alice", members: tuple[str, ...] = (), option: int = 1, type_: str = "ChatRoom"
    ) -> o.Outcome:
        return self.do(creation(by, members, option, type_))

    def send(self, by: str, name: str, admin: bool = False) -> o.Outcome:
        return self.do(sending(by, name, admin))


def creation(
    by: str = "alice", members: tuple[str, ...] = (), option: int = 1, type_: str = "ChatRoom"
) -> c.CreateGroup:
    return c.CreateGroup(
        by=by,
        admin=False,
        group_id="lobby",
        type=type_,
        name="Lobby",
        introduction="",
        notification="",
        face_url="",
        apply_join_option=ApplyJoinOption(option),
        members=list(members),
        owner=by,
    )


def sending(by: str, name: str, admin: bool = False) -> c.SendMessage:
    return c.SendMessage(by, admin, "Nick", "face", name, Priority.NORMAL, b"body")


def history(by: str, low: int = 0, high: int = 0, admin: bool = False) -> c.ReadHistory:
    return c.ReadHistory(by, admin, low, high, 20, False, 0, 0)


def test_creating(monkeypatch: pytest.MonkeyPatch) -> None:  # GR-01
    kit = Kit()
    assert not kit.actor.exists
    outcome = kit.create(members=("bob", "carol", "bob", "alice"))
    assert outcome.result == o.Created("lobby") and kit.actor.exists
    assert isinstance(outcome.record, GroupCreated)
    assert [(m.user_id, m.role) for m in outcome.record.members] == [
        ("alice", Role.OWNER),
        ("bob", Role.MEMBER),
        ("carol", Role.MEMBER),
    ]
    users = ["alice", "bob", "carol"]
    assert outcome.effects == (
        e.MembersAdded(users),
        e.Placed(users, Place.MEMBER),
        e.Notify(users, e.Entered("Lobby", "ChatRoom", "", 0, "alice", kit.now)),
        e.GroupCounted("ChatRoom", 1),
    )
    assert kit.refused(creation("alice")) == "GROUP_ID_TAKEN_BY_YOU"
    assert kit.refused(creation("bob")) == "GROUP_ID_TAKEN"


@pytest.mark.parametrize(
    "command, code",
    [
        (creation(type_="Nonsense"), "BAD_PARAMETER"),
        (creation(option=1, type_="Private"), "BAD_PARAMETER"),
        (creation(members=tuple(f"u{i}" for i in range(10_000))), "GROUP_FULL"),
    ],
)
def test_creating_in_vain_leaves_nothing(command: c.CreateGroup, code: str) -> None:
    kit = Kit()
    assert kit.refused(command) == code
    assert not kit.actor.exists
    assert kit.create().result == o.Created("lobby")


def test_a_type_without_members_at_creation() -> None:  # GT-07
    closed = {"ChatRoom": replace(UNLIMITED["ChatRoom"], members_at_creation=False)}
    kit = Kit(types=closed)
    assert kit.refused(creation(members=("bob",))) == "NOT_PERMITTED"
    assert kit.create().result == o.Created("lobby")


def test_seq_begins_at_one_and_has_no_gap() -> None:  # MS-01
    kit = Kit()
    kit.create(members=("bob",))
    results = [kit.send("bob", f"c{i}").result for i in range(5)]
    assert [r.seq for r in results if isinstance(r, o.Sent)] == [1, 2, 3, 4, 5]
    assert [r.message_id for r in results if isinstance(r, o.Sent)] == [message_id(7, p) for p in range(2, 7)]


def test_a_message_carries_its_sender() -> None:  # MS-04
    kit = Kit()
    kit.create()
    kit.do(c.JoinGroup("bob", False, "Bobby"))
    outcome = kit.send("bob", "c")
    assert isinstance(outcome.record, MessageKept)
    m = outcome.record.message
    assert (m.sender, m.nickname, m.face_url, m.name_card) == ("bob", "Nick", "face", "Bobby")
    assert outcome.effects == (e.Deliver(m),)


def test_time_never_falls() -> None:
    kit = Kit()
    kit.create()
    kit.now = 5000
    first = kit.send("alice", "a").result
    kit.now = 10
    second = kit.send("alice", "b").result
    assert isinstance(first, o.Sent) and isinstance(second, o.Sent) and first.time_ms == second.time_ms == 5000


def test_sending_twice_is_sending_once() -> None:  # MS-02
    kit = Kit()
    kit.create(members=("bob",))
    first = kit.send("bob", "c1").result
    again = kit.send("bob", "c1")
    assert isinstance(first, o.Sent) and again.record is None and again.effects == ()
    assert again.result == o.Sent(first.seq, first.time_ms, first.message_id, True)
    other = kit.send("alice", "c1").result
    assert isinstance(other, o.Sent) and not other.duplicate and other.seq == 2
    kit.now += DEFAULTS.dedupe_window_ms
    later = kit.send("bob", "c1").result
    assert isinstance(later, o.Sent) and not later.duplicate and later.seq == 3
    assert kit.send("bob", "c1").result == o.Sent(later.seq, later.time_ms, later.message_id, True)


def test_the_ids_remembered_are_bounded() -> None:
    kit = Kit(replace(DEFAULTS, dedupe_entries_max=100))
    kit.create()
    for i in range(500):
        kit.send("alice", f"c{i}")
    recent = kit.actor._state.timeline.recent
    assert len(recent) == 100
    assert recent.find("alice", "c400", kit.now) and not recent.find("alice", "c399", kit.now)


def test_ids_are_remembered_across_a_restart() -> None:  # MS-02
    kit = Kit()
    created = kit.create().record
    kept = kit.send("alice", "c1").record
    assert isinstance(created, GroupCreated) and isinstance(kept, MessageKept)
    snapshot = GroupSnapshot(KEY, created.profile, 2, 1000, 1, 1000, created.members, [kept.message])
    again = GroupActor(snapshot, 7, app_state())
    assert again.handle(sending("alice", "c1"), 1001, 9).result == o.Sent(1, 1000, kept.message.message_id, True)


@pytest.mark.parametrize("by", ["alice", "bob", "eve"])
@pytest.mark.parametrize("admin", [False, True])
def test_rights(by: str, admin: bool) -> None:  # SC-01, GT-26, RX-06, GT-04
    kit = Kit()
    kit.create(members=("bob",))
    inside, owner = by in ("alice", "bob"), by == "alice"
    asks: list[tuple[c.GroupCommand, bool]] = [
        (sending(by, "c", admin), inside or admin),
        (history(by, admin=admin), inside or admin),
        (c.ReadInfo(by, admin), inside or admin),
        (c.ReadMembers(by, admin, "", 10), inside or admin),
        (c.DissolveGroup(by, admin), owner or admin),
    ]
    for command, allowed in asks:
        if allowed:
            kit.do(command)
        else:
            assert kit.refused(command) == "NOT_PERMITTED"


def test_everything_needs_a_group() -> None:
    kit = Kit()
    commands: list[c.GroupCommand] = [
        sending("a", "c"),
        history("a"),
        c.ReadInfo("a", True),
        c.ReadMembers("a", True, "", 1),
        c.JoinGroup("a", False, ""),
        c.LeaveGroup("a", False),
        c.DissolveGroup("a", True),
    ]
    assert {kit.refused(command) for command in commands} == {"NO_SUCH_GROUP"}


def test_joining_and_leaving() -> None:  # GR-05, GT-08
    kit = Kit()
    kit.create()
    kit.send("alice", "c1")
    outcome = kit.do(c.JoinGroup("bob", False, "B"))
    assert outcome.result == o.Joined(1, 2) and isinstance(outcome.record, GroupChanged)
    assert outcome.record.put[0].joined_seq == 1
    entered = e.Notify(["bob"], e.Entered("Lobby", "ChatRoom", "", 1, "bob", kit.now))
    assert outcome.effects == (e.MembersAdded(["bob"]), e.Placed(["bob"], Place.MEMBER), entered)
    assert kit.refused(c.JoinGroup("bob", False, "")) == "ALREADY_MEMBER"
    assert kit.refused(c.LeaveGroup("alice", False)) == "OWNER_MAY_NOT_LEAVE"
    assert kit.refused(c.LeaveGroup("alice", True)) == "OWNER_MAY_NOT_LEAVE"
    assert kit.refused(c.LeaveGroup("eve", False)) == "NOT_PERMITTED"
    assert kit.refused(c.LeaveGroup("eve", True)) == "NOT_PERMITTED"
    left = kit.do(c.LeaveGroup("bob", False))
    assert isinstance(left.record, GroupChanged)
    assert left.effects == (e.MemberGone("bob"), e.Placed(["bob"], Place.OUTSIDE))
    assert kit.refused(sending("bob", "c2")) == "NOT_PERMITTED"


def test_a_closed_group_and_a_full_one() -> None:  # GT-05, GT-12
    kit = Kit()
    kit.create(option=3)
    assert kit.refused(c.JoinGroup("bob", False, "")) == "NOT_PERMITTED"
    assert isinstance(kit.do(c.JoinGroup("root", True, "")).result, o.Joined)
    small = {"ChatRoom": replace(UNLIMITED["ChatRoom"], member_cap=2)}
    kit = Kit(types=small)
    kit.create()
    kit.do(c.JoinGroup("bob", False, ""))
    assert kit.refused(c.JoinGroup("carol", False, "")) == "GROUP_FULL"


def test_history_before_joining_is_hidden() -> None:  # GT-14
    kit = Kit(types={"ChatRoom": replace(UNLIMITED["ChatRoom"], history_before_joining=False)})
    kit.create()
    for i in range(3):
        kit.send("alice", f"c{i}")
    kit.do(c.JoinGroup("bob", False, ""))
    kit.send("alice", "c9")

    def bounds(command: c.ReadHistory) -> tuple[int, int, int]:
        query = kit.do(command).result
        assert isinstance(query, q.MessagesQuery)
        return query.first_seq, query.from_seq, query.to_seq

    assert bounds(history("alice")) == (1, 1, 4)
    assert bounds(history("bob")) == (4, 4, 4)
    assert bounds(history("bob", 1, 99)) == (4, 4, 4)
    assert bounds(history("bob", 2, 3)) == (4, 4, 3)
    assert bounds(history("root", admin=True)) == (1, 1, 4)


def test_info_seq_grows() -> None:  # GR-07
    kit = Kit()
    kit.create()
    before = kit.do(c.ReadInfo("alice", False)).result
    kit.now = 2000
    kit.do(c.JoinGroup("bob", False, ""))
    after = kit.do(c.ReadInfo("alice", False)).result
    assert isinstance(before, o.Info) and isinstance(after, o.Info)
    assert after.info_seq == before.info_seq + 1 and after.last_info_time_ms == 2000 and after.member_num == 2


def test_a_group_made_again_goes_on_with_its_seq() -> None:  # MS-01
    kit = Kit()
    kit.create()
    kit.send("alice", "c1")
    kit.do(c.DissolveGroup("alice", False))
    assert not kit.actor.exists
    outcome = kit.create("bob")
    assert isinstance(outcome.record, GroupCreated) and outcome.record.profile.first_seq == 2
    for by, seq in (("bob", 2), ("alice", 3)):
        sent = kit.send(by, "c1", admin=True).result
        assert isinstance(sent, o.Sent) and sent.seq == seq and not sent.duplicate, "its messages are gone, ids too"


def test_history_goes_back_as_far_as_the_type_says() -> None:  # GT-22, AB-04
    day = 86_400_000
    kit = Kit()
    kit.now = 1000 * day
    kit.create()
    kit.send("alice", "c1")

    def since(command: c.ReadHistory) -> tuple[int, int]:
        query = kit.do(command).result
        assert isinstance(query, q.MessagesQuery)
        return query.oldest_ms, query.from_time_ms

    assert since(history("alice")) == (0, 0), "a young group is not searched by time"
    kit.now += 10 * day
    assert since(history("alice")) == (1003 * day, 0)
    assert since(history("root", admin=True)) == (0, 0)
    later = c.ReadHistory("alice", False, 0, 0, 20, False, 1009 * day, 0)
    assert since(later) == (1003 * day, 1009 * day)


def test_applications_mutes_and_blocks_are_of_users_not_members() -> None:  # SC-02, GR-05, GR-11
    kit = Kit()
    kit.create(option=2)
    assert kit.do(c.JoinGroup("bob", False, "", "please")).result == o.Joined(0, 1, JoinStatus.WAITING)
    kit.do(c.MuteUsers("alice", False, ["bob"], 60))
    kit.do(c.DecideApplication("alice", False, "bob", True, ""))
    assert kit.refused(sending("bob", "c1")) == "SENDER_MUTED"
    kit.do(c.KickMembers("alice", False, ["bob"], ""))
    kit.now += 59_999
    kit.do(c.InviteUsers("root", True, ["bob"]))
    assert kit.refused(sending("bob", "c1")) == "SENDER_MUTED"
    kit.now += 1
    assert isinstance(kit.send("bob", "c1").result, o.Sent)


def test_erased_senders_leave_room_for_mutes() -> None:  # MS-10, SC-02
    kit = Kit(replace(DEFAULTS, marks_max=3))
    kit.create(members=tuple("bcdefg"))
    kit.send("alice", "m")
    for user in "bcd":
        kit.do(c.EraseSender("alice", False, user))
    assert kit.refused(c.EraseSender("alice", False, "e")) == "TOO_MANY_ENTRIES"
    kit.do(c.EraseSender("alice", False, "b"))
    kit.do(c.MuteUsers("alice", False, ["e", "f"], 60))
    kit.do(c.MuteUsers("alice", False, ["b"], 60))
    assert kit.refused(c.MuteUsers("alice", False, ["g", "h"], 60)) == "TOO_MANY_ENTRIES"


def test_reading_by_sending_costs_no_record() -> None:  # RX-11
    kit = Kit()
    kit.now = 1_795_000_000_000
    kit.create(members=("bob",))
    for i in range(2):
        kit.send("alice", f"a{i}")
    made = kit.send("bob", "b").record
    assert isinstance(made, MessageKept) and made.sender is not None and made.sender.read_seq == 3
    assert made.sender.last_send_time_ms == made.message.time_ms, "it goes with LastSendMsgTime"
    assert isinstance(again := kit.send("bob", "c").record, MessageKept) and again.sender is None, (
        "and costs no write"
    )


def test_who_was_sent_for_while_importing_has_read_that_much() -> None:  # GR-08, RX-11
    kit = Kit()
    kit.do(
        c.CreateGroup(
            "app", True, "lobby", "Public", "L", "", "", "", ApplyJoinOption(0), [], "alice", importing=True
        )
    )
    kit.do(import_commands.ImportMembers("app", True, [import_commands.ImportedMember("bob", Role.MEMBER, 0, 2)]))
    for n in range(2):
        kit.send("alice", f"a{n}", admin=True)
    kit.send("bob", "b", admin=True)
    kit.send("alice", "a2", admin=True)
    record = kit.do(import_commands.FinishImport("app", True)).record
    assert isinstance(record, GroupChanged)
    assert {m.user_id: m.read_seq for m in record.put} == {"alice": 4, "bob": 3}
