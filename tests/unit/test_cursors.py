"""Cursors name a place in an order, not a row: pages go on where they were, whatever has gone meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.actor import user_commands as u
from rcim.actor import user_records, user_results
from rcim.actor.app import AppActor, settle
from rcim.actor.group import GroupActor
from rcim.actor.records import TypeSaved
from rcim.actor.snapshots import GroupSnapshot, UserSnapshot
from rcim.actor.user import UserActor
from rcim.base.errors import RcimError
from rcim.base.terms import AppList, ApplyJoinOption, Priority, Role, UserList
from rcim.rules.type_table import TypeChange
from rcim.store.answers import FoundPage, GroupsPage, IdlePage, SyncPage
from rcim.store.backend import MemoryBackend
from tests.kit import FilledStore, app_state

NAMES = [f"u{n}" for n in range(6)]


def walk(
    page: Callable[[Any], tuple[list[str], Any]], begin: Any, gone: Callable[[str], None], last: Any = ""
) -> None:
    """All pages of two rows, of six: after each the row of its end is taken away. Each of the others comes once."""
    found: list[str] = []
    cursor = begin
    for _ in range(10):
        rows, cursor = page(cursor)
        found += rows
        if cursor == last:
            break
        gone(rows[-1])
    assert len(found) == len(set(found)) == 6, found


class Group:
    """A group's actor with six members, who came one after the other, in no order of their ids."""

    def __init__(self, type_: str = "ChatRoom") -> None:
        self.app_state = app_state()
        self.actor = GroupActor(GroupSnapshot("g:g", None, 1, 0, 0, 0, [], []), 0, self.app_state)
        option = ApplyJoinOption.FREE_ACCESS
        self.do(c.CreateGroup("boss", False, "g", type_, "g", "", "", "", option, [], "boss"), 1000)

    def do(self, command: Any, now_ms: int) -> Any:
        return self.actor.handle(command, now_ms, now_ms).result

    def leave(self, user: str) -> None:
        self.do(c.LeaveGroup(user, False), 5000)


@pytest.mark.parametrize("role", [None, Role.MEMBER])
def test_the_earliest_members(role: Role | None) -> None:  # GT-03
    group = Group("AVChatRoom")
    for at, user in enumerate(reversed(NAMES[1:])):
        group.do(c.JoinGroup(user, False, ""), 1001 + at // 2)  # two at a time, in one millisecond
    group.do(c.JoinGroup(NAMES[0], False, ""), 1900)

    def page(cursor: str) -> tuple[list[str], str]:
        found = group.do(c.ReadMembers("boss", False, cursor, 2, role), 2000)
        assert isinstance(found, o.Members)
        return [row.member.user_id for row in found.rows if row.member.user_id != "boss"], found.next

    walk(page, "", group.leave)
    with pytest.raises(RcimError, match="cursor"):
        page("u3")


def test_who_has_read() -> None:  # MS-11
    group = Group()
    for user in NAMES:
        group.do(c.JoinGroup(user, False, ""), 1001)
    group.do(c.SendMessage("boss", False, "", "", "m", Priority.NORMAL, b"x"), 1002)
    original = r.Message(1, 1002, 1, Priority.NORMAL, "boss", "", "", "", "m", b"x")

    def page(cursor: str) -> tuple[list[str], str]:
        found = group.do(c.ReadReceipts("boss", False, 1, False, cursor, 2, original), 2000)
        assert isinstance(found, o.Receipts)
        return found.users, found.next

    walk(page, "", group.leave)


def test_a_users_lists_and_invitations() -> None:  # SC-07, GT-07
    actor = UserActor(UserSnapshot("@:me", "me", user_records.UserProfile()), app_state())

    def do(command: Any) -> Any:
        return actor.handle(command, 1000, 1).result

    do(u.ChangeUserList("me", False, UserList.BLACK, NAMES, []))

    def listed(cursor: str) -> tuple[list[str], str]:
        found = do(u.ReadUserList("me", False, UserList.BLACK, cursor, 2))
        return found.entries, found.next

    walk(listed, "", lambda user: do(u.ChangeUserList("me", False, UserList.BLACK, [], [user])) and None)
    for name in NAMES:
        do(u.TakeInvitation("x", True, f"g:{name}", name))

    def invited(cursor: str) -> tuple[list[str], str]:
        found = do(u.ReadInvitations("me", False, cursor, 2))
        return [one.key for one in found.rows], found.next

    walk(invited, "", lambda key: do(u.DropInvitation("me", False, key)) and None)


def test_what_belongs_to_the_app() -> None:  # SC-04, SC-05, GT-20
    shared = app_state()
    actor = AppActor(shared)

    def do(command: Any) -> Any:
        outcome = actor.handle(command, 1000, 1)
        for record in (outcome.record, *outcome.more):
            if record is not None:
                settle(shared, record)
        return outcome.result

    do(u.ChangeList("x", True, AppList.PROTECTED_USERS, NAMES, []))
    do(u.MuteEverywhere("x", True, NAMES, 60))

    def listed(cursor: str) -> tuple[list[str], str]:
        found = do(u.ReadList("x", True, AppList.PROTECTED_USERS, cursor, 2))
        return found.entries, found.next

    def muted(cursor: str) -> tuple[list[str], str]:
        found = do(u.ReadMuted("x", True, cursor, 2))
        return [user for user, _ in found.until_ms], found.next

    walk(listed, "", lambda user: do(u.ChangeList("x", True, AppList.PROTECTED_USERS, [], [user])) and None)
    walk(muted, "", lambda user: do(u.MuteEverywhere("x", True, [user], 0)) and None)


def test_group_types(monkeypatch: pytest.MonkeyPatch) -> None:  # GT-20
    monkeypatch.setattr("rcim.actor.app.TYPES_PAGE", 2)
    shared = app_state()
    actor = AppActor(shared)
    for name in NAMES:
        settle(shared, TypeSaved(name, TypeChange(name, "Public", {})))

    def page(cursor: str) -> tuple[list[str], str]:
        found = actor.handle(u.ReadTypes("x", True, cursor), 1000, 1).result
        assert isinstance(found, user_results.Types)
        return [row.name for row in found.rows if row.name in NAMES], found.next

    found: list[str] = []
    cursor = ""
    while True:
        rows, cursor = page(cursor)
        found += rows
        if not cursor:
            break
        if cursor in NAMES:
            settle(shared, TypeSaved(cursor, None))
    assert found == NAMES


class Kept(FilledStore):
    """A store with six groups whose names have a word in common, or six members of one group."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())

    def group(self, group_id: str, members: list[str], name: str = "room rooms") -> None:
        option = ApplyJoinOption.FREE_ACCESS
        profile = r.Profile(group_id, "Public", name, "", "", "", "boss", 1, option, 0, 1)
        made = [r.Member(user, Role.MEMBER, 1, 0, "") for user in members]
        self.append(r.GroupCreated(f"g:{group_id}", profile, made, 1))

    def change(self, key: str, **what: Any) -> None:
        fields: dict[str, Any] = {"put": [], "dropped": [], "marks": []} | what
        self.append(r.GroupChanged(key, 2, False, None, fields["put"], fields["dropped"], fields["marks"], None))

    def ask(self, query: Any) -> Any:
        (found,) = self.store.answer_all([query])
        return found


def test_members_and_marks_of_a_group() -> None:  # GR-05, SC-02
    kept = Kept()
    kept.group("g", NAMES)
    kept.change("g:g", marks=[r.UserRestriction(user, muted_until_ms=99) for user in NAMES])

    def members(cursor: str) -> tuple[list[str], str]:
        found = kept.ask(q.MembersQuery("g:g", cursor, 2, 0, "", [], []))
        return [row.member.user_id for row in found.rows], found.next

    def muted(cursor: str) -> tuple[list[str], str]:
        found = kept.ask(q.MarksQuery("g:g", "muted", cursor, 2, 1))
        return [mark.user_id for mark in found.marks], found.next

    walk(muted, "", lambda user: kept.change("g:g", marks=[r.UserRestriction(user)]))
    walk(members, "", lambda user: kept.change("g:g", dropped=[user]))


@pytest.mark.parametrize("which", ["joined", "all", "found", "idle"])
def test_lists_of_groups(which: str) -> None:  # GR-05, GR-09, AB-01
    kept = Kept()
    for name in NAMES:
        kept.group(name, ["me"])

    def page(cursor: str) -> tuple[list[str], str]:
        query: Any = {
            "joined": q.JoinedGroupsQuery("me", cursor, 2),
            "all": q.AllGroupsQuery(cursor, 2),
            "found": q.FindGroupsQuery("room", cursor, 2, ["Public"]),
            "idle": q.IdleGroupsQuery(["Public"], cursor, 2),
        }[which]
        found = kept.ask(query)
        if isinstance(found, IdlePage):
            return [row.key.removeprefix("g:") for row in found.rows], found.next
        assert isinstance(found, GroupsPage)
        return [row.profile.group_id for row in found.groups], found.next

    walk(page, "", lambda name: kept.append(r.GroupDissolved(f"g:{name}")))


def test_a_sync_and_a_search() -> None:  # RX-03, RX-10
    kept = Kept()
    for name in NAMES:
        kept.group(name, ["me"])
        bare = r.Message(1, 5, 1, Priority.NORMAL, "you", "", "", "", "m", b"")
        kept.append(r.MessageKept(f"g:{name}", bare))
    types = {"Public": q.TypeFacts(True, True, True, 0)}

    def synced(cursor: tuple[int, tuple[int, str]]) -> tuple[list[str], Any]:
        upto, after = cursor
        found = kept.ask(q.SyncQuery("me", 0, upto, after, limit=2, types=types))
        assert isinstance(found, SyncPage)
        return [row.key for row in found.rows], (found.upto, found.after) if found.more else None

    def found_in(after: tuple[str, int]) -> tuple[list[str], Any]:
        found = kept.ask(q.SearchQuery("me", False, "", [], "you", 0, 0, after, 2, types))
        assert isinstance(found, FoundPage)
        return [one.key for one in found.found], found.after if found.more else None

    walk(synced, (0, (0, "")), lambda key: kept.change(key, dropped=["me"]), None)
    for name in NAMES:
        kept.change(f"g:{name}", put=[r.Member("me", Role.MEMBER, 1, 0, "")])
    walk(found_in, ("", 0), lambda key: kept.change(key, dropped=["me"]), None)
