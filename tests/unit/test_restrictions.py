"""Nobody stays muted or blocked whom nobody could let free: every way to a role, with every restriction (GR-02, SC-02 to
SC-04, GR-11, ID-09)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor import outcomes as o
from rcim.actor.app import settle
from rcim.actor.records import GroupChanged, TypeSaved, UserRestriction, UsersMuted
from rcim.base.errors import RcimError
from rcim.base.terms import PERMANENT_S, AddResult, ApplyJoinOption, Role
from rcim.rules.type_table import TypeChange
from tests.kit import UNLIMITED
from tests.unit.test_group_actor import Kit, creation, sending

LOOSE = replace(UNLIMITED["ChatRoom"], owner_may_leave=True)
"""Its owner may leave; a mute in all chat rooms holds in it."""


def edit(by: str, user: str, role: Role) -> c.EditMember:
    return c.EditMember(by, by == "app", user, None, None, role, ())


def mute(by: str, user: str = "bob", seconds: int = PERMANENT_S) -> c.MuteUsers:
    return c.MuteUsers(by, by == "app", [user], seconds)


def mute_all(by: str, on: bool, *speakers: str) -> c.MuteAll:
    return c.MuteAll(by, by == "app", on, list(speakers))


def give(by: str, user: str) -> c.GiveGroup:
    return c.GiveGroup(by, by == "app", user)


def out(user: str) -> c.PlaceMember:
    return c.PlaceMember(user, True, False, True)


APPOINTED = edit("alice", "bob", Role.ADMIN)
JOINED = c.JoinGroup("bob", False, "")
WAYS: dict[str, tuple[list[c.GroupCommand], Role]] = {
    "stays a member": ([], Role.MEMBER),
    "appointed by the owner": ([APPOINTED], Role.ADMIN),
    "appointed by the app": ([edit("app", "bob", Role.ADMIN)], Role.ADMIN),
    "appointed and dismissed": ([APPOINTED, edit("alice", "bob", Role.MEMBER)], Role.MEMBER),
    "given the group": ([give("alice", "bob")], Role.OWNER),
    "given the group by the app": ([give("app", "bob")], Role.OWNER),
    "appointed, given the group": ([APPOINTED, give("alice", "bob")], Role.OWNER),
    "given the group, gave it back": ([give("alice", "bob"), give("bob", "alice")], Role.MEMBER),
    "the owner left": ([c.LeaveGroup("alice", False)], Role.MEMBER),
    "the owner left, given the group": ([c.LeaveGroup("alice", False), give("app", "bob")], Role.OWNER),
    "the owner's account is deleted": ([out("alice")], Role.MEMBER),
    "left and joined again": ([c.LeaveGroup("bob", False), JOINED], Role.MEMBER),
    "left, joined, appointed": ([c.LeaveGroup("bob", False), JOINED, APPOINTED], Role.ADMIN),
    "deleted, and put in by a sync": ([out("bob"), c.PlaceMember("bob", True, True)], Role.MEMBER),
    "deleted, put in, given the group": (
        [out("bob"), c.PlaceMember("bob", True, True), give("app", "bob")],
        Role.OWNER,
    ),
}
"""What happens to bob after he was restricted, and what he is then. carol is an admin all the time."""
MUTES: dict[str, c.GroupCommand] = {
    "muted by the owner": mute("alice"),
    "muted by an admin": mute("carol"),
    "muted by the app": mute("app"),
    "all are muted": mute_all("alice", True),
    "all are muted but bob": mute_all("carol", True, "bob"),
}


class Room(Kit):
    """alice owns it, carol is an admin, bob a member."""

    def __init__(self) -> None:
        super().__init__(types=UNLIMITED | {"ChatRoom": LOOSE})
        self.create(members=("bob", "carol"))
        self.do(edit("alice", "carol", Role.ADMIN))
        self._sent = 0

    def mute_everywhere(self, user: str, until_ms: int) -> None:
        """SC-04, in all chat rooms; 0: no longer."""
        settle(self.actor._state.app_state, UsersMuted({user: until_ms}))

    def says(self, user: str = "bob", admin: bool = False) -> str:
        """What becomes of a message of this user."""
        self._sent += 1
        try:
            self.do(sending(user, f"{user}-{self._sent}", admin))
        except RcimError as error:
            return error.code.name
        return "sent"

    def role(self, user: str) -> Role:
        """What the user is."""
        (row,) = self.rows(user)
        return row.member.role

    def rows(self, user: str) -> list[o.MemberRow]:
        found = self.do(c.ReadSome("app", True, [user])).result
        assert isinstance(found, o.Members)
        return found.rows


def restrained(name: str, way: str) -> tuple[Room, Role]:
    room = Room()
    steps, role = WAYS[way]
    room.do(MUTES[name])
    for step in steps:
        room.do(step)
    assert room.role("bob") is role
    return room, role


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MUTES)
def test_who_is_muted_has_somebody_above_who_may_lift_it(name: str, way: str) -> None:
    room, role = restrained(name, way)
    rose = any(isinstance(step, c.EditMember | c.GiveGroup) for step in WAYS[way][0])
    free = role > Role.MEMBER if name.startswith("all") else rose  # once lifted it does not come again with a role
    free = free or name == "all are muted but bob"
    assert room.says() == ("sent" if free else "SENDER_MUTED")
    assert room.says(admin=True) == "sent", "what the app says as bob is the app's"
    lifts: Callable[[str], c.GroupCommand] = (
        (lambda by: mute_all(by, False)) if name.startswith("all") else (lambda by: mute(by, seconds=0))
    )
    if role is Role.MEMBER:
        room.do(lifts("carol"))
        assert room.says() == "sent", "any admin may"
    again, _ = restrained(name, way)
    again.do(lifts("app"))
    assert again.says() == "sent", "the app always may"


@pytest.mark.parametrize("way", WAYS)
def test_a_mute_in_all_chat_rooms_is_the_apps(way: str) -> None:  # SC-04
    room = Room()
    room.mute_everywhere("bob", 1 << 60)
    for step in WAYS[way][0]:
        room.do(step)
    assert room.says() == "SENDER_MUTED", "whatever the role"
    room.mute_everywhere("bob", 0)
    assert room.says() == "sent"


def test_an_admin_is_muted_by_the_owner_until_the_role_changes_upwards() -> None:  # GR-02
    for way, said in (
        ([], "SENDER_MUTED"),
        ([c.EditMember("bob", False, "bob", "Bobby", None, None, ())], "SENDER_MUTED"),
        ([APPOINTED], "SENDER_MUTED"),
        ([edit("alice", "bob", Role.MEMBER)], "SENDER_MUTED"),
        ([edit("alice", "bob", Role.MEMBER), mute("carol", seconds=0)], "sent"),
        ([edit("alice", "bob", Role.MEMBER), APPOINTED], "sent"),
        ([give("alice", "bob")], "sent"),
        ([c.LeaveGroup("alice", False), mute("app", seconds=0)], "sent"),
    ):
        room = Room()
        room.do(APPOINTED)
        room.do(mute("alice"))
        assert room.refused(mute("carol", seconds=0)) == "NOT_PERMITTED"
        for step in way:
            room.do(step)
        assert room.says() == said, way


def test_what_ends_a_mute_is_kept() -> None:  # SC-02: it is in the record, so it holds after a restart too
    room = Room()
    room.do(mute("alice"))
    record = room.do(APPOINTED).record
    assert isinstance(record, GroupChanged) and record.marks == [UserRestriction("bob")] and record.info
    (row,) = room.rows("bob")
    assert row.muted_until_ms == 0


def test_only_the_app_lifts_what_the_group_can_not() -> None:  # GT-17, GR-11
    room = Room()
    room.do(mute("alice"))
    room.do(mute_all("alice", True))
    change = TypeChange("ChatRoom", "", {"mute": "nobody", "block": "nobody"})
    settle(room.actor._state.app_state, TypeSaved("ChatRoom", change))
    for by in ("alice", "carol"):
        assert room.refused(mute(by, seconds=0)) == "NOT_PERMITTED"
        assert room.refused(mute_all(by, False)) == "NOT_PERMITTED"
    assert room.refused(mute("app")) == "NOT_PERMITTED", "to mute is offered to nobody"
    assert room.refused(mute_all("app", True)) == "NOT_PERMITTED"
    assert room.refused(c.BlockUsers("app", True, ["zoe"], 60, "")) == "NOT_PERMITTED"
    room.do(mute("app", seconds=0))
    room.do(mute_all("app", False))
    room.do(c.BlockUsers("app", True, ["zoe"], 0, ""))
    assert room.says() == "sent"


def test_the_app_lifts_a_mute_of_before_and_its_own() -> None:
    """Who became the owner while a mute stayed is let free; so is the app administrator's own user."""
    room = Room()
    state = room.actor._state
    state.roster.restrictions["alice"] = UserRestriction("alice", muted_until_ms=1 << 60)
    assert room.says("alice") == "SENDER_MUTED"
    assert room.refused(mute("app", "alice")) == "NOT_PERMITTED", "nobody mutes the owner"
    room.do(mute("app", "alice", 0))
    assert room.says("alice") == "sent"
    room.do(mute("alice"))
    assert room.refused(mute("bob", seconds=0)) == "NOT_PERMITTED"
    room.do(c.MuteUsers("bob", True, ["bob"], 0))
    assert room.says() == "sent"


@pytest.mark.parametrize("importing", [False, True])
def test_who_is_blocked_is_in_the_group_only_as_one_who_decides(importing: bool) -> None:  # GR-11, GR-08
    kit = Kit()
    if importing:
        made = c.CreateGroup(
            "app", True, "lobby", "Public", "L", "", "", "", ApplyJoinOption(0), [], "alice", importing=True
        )
        kit.do(made)
    else:
        kit.create(type_="Public")
    kit.do(c.BlockUsers("app", True, ["bob", "carol"], PERMANENT_S, ""))
    if not importing:
        assert kit.refused(c.JoinGroup("bob", False, "")) == "BLOCKED"
        assert kit.refused(c.PlaceMember("bob", True, True)) == "BLOCKED"
        added = kit.do(c.InviteUsers("app", True, ["bob"])).result
        assert isinstance(added, o.Added) and added.results == [("bob", AddResult.FAILED)]
        return
    rows = [
        import_commands.ImportedMember("bob", Role.MEMBER, 0, 0),
        import_commands.ImportedMember("carol", Role.ADMIN, 0, 0),
    ]
    added = kit.do(import_commands.ImportMembers("app", True, rows)).result
    assert isinstance(added, o.Added)
    assert added.results == [("bob", AddResult.FAILED), ("carol", AddResult.ADDED)]
    kit.do(import_commands.FinishImport("app", True))
    kit.do(c.LeaveGroup("carol", False))
    assert isinstance(kit.do(c.JoinGroup("carol", True, "")).result, o.Joined), "an admin is blocked no longer"
    assert kit.refused(c.JoinGroup("bob", True, "")) == "BLOCKED"


def test_a_group_of_the_same_id_begins_without_restrictions() -> None:  # GR-01
    room = Room()
    room.do(mute("alice"))
    room.do(c.DissolveGroup("alice", False))
    room.do(creation(members=("bob",)))
    assert room.says() == "sent"
