"""Events of reading, of users' lists and of members who are away; what events say of where a message comes from; and
which of them a consumer wants (CB-06)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import events as ev
from rcim.actor import room_commands as r
from rcim.actor import user_commands as u
from rcim.actor.events import EventKind, kind_of
from rcim.actor.group import GroupActor
from rcim.actor.records import MessageOptions
from rcim.actor.snapshots import GroupSnapshot, UserSnapshot
from rcim.actor.user import UserActor
from rcim.actor.user_records import UserProfile
from rcim.base.ids import shard_of
from rcim.base.terms import ApplyJoinOption, Gender, MessageState, Platform, Priority, UserList
from rcim.outbox.destination import Subscription
from rcim.rules.conditions import Conditions
from rcim.rules.message_types import MessageClass, parse
from tests.kit import UNLIMITED, app_state
from tests.unit.test_events import ALL, Acting, create, only, send, where

TYPES = parse(["poll content", "ping status"])
OPTIONS = MessageOptions(type_name="poll")


def on(command: Any, user: str, platform: Platform) -> Any:
    return msgspec.structs.replace(command, credential=u.Credential(user, 1, platform))


def test_reading_one_to_one() -> None:  # MS-11
    acting = Acting()
    acting.do(send(), acting.pair)
    read = only(acting.do(c.MarkRead("alice", False, 5), acting.pair), EventKind.PAIR_READ)
    assert (read.reader, read.peer, read.seq, read.time_ms) == ("alice", "bob", 1, acting.now_ms)
    assert not acting.do(c.MarkRead("alice", False, 1), acting.pair).events, "it had read so far before"
    acting.do(send())
    assert not acting.do(c.MarkRead("alice", False, 1)).events, "in a group it is no event"


def test_users_on_lists() -> None:  # SC-07
    acting = Acting()
    actor = UserActor(UserSnapshot("@:bob", "bob", UserProfile()), acting.app)
    acting.do(u.ChangeUserList("bob", False, UserList.BLACK, ["x", "y"], []), actor)
    (event,) = acting.do(u.ChangeUserList("root", True, UserList.BLACK, ["z", "y"], ["x", "w"]), actor).events
    assert event == ev.UserListChanged(acting.now_ms, "bob", UserList.BLACK, ["z"], ["x"], "root")
    assert ev.key_of(event) == "bob"
    acting.app.wanted_events = frozenset({EventKind.MESSAGE_PASSED})
    assert not acting.do(u.ChangeUserList("bob", False, UserList.BLACK, [], ["z"]), actor).events


def test_a_profile_says_what_is_new() -> None:
    acting = Acting()
    (event,) = acting.do(u.SetUserProfile("bob", False, "Bob", None, Gender.MALE), acting.user).events
    assert isinstance(event, ev.ProfileChanged) and event.what == ["nickname", "gender"]


def test_members_of_a_room_who_are_away() -> None:  # CR-01
    shared = app_state(
        {name: replace(row, leave_after_s=30) for name, row in UNLIMITED.items() if name == "AVChatRoom"}
    )
    actor = GroupActor(GroupSnapshot("g:live", None, 1, 0, 0, 0, [], []), shard_of("g:live"), shared)
    online = {"alice"}
    shared.rooms.is_online = online.__contains__
    made = create(type="AVChatRoom", group_id="live", members=[])
    actor.handle(made, 1, 1)
    shared.wanted_events = ALL
    assert not actor.handle(r.NoteBack("alice", True), 2, 2).events, "they were not away"
    online.clear()
    (gone,) = actor.handle(r.NoteAbsent("alice", True), 3, 2).events
    assert isinstance(gone, ev.MemberStateChanged) and (gone.users, gone.online) == (["alice"], False)
    assert not actor.handle(r.NoteAbsent("alice", True), 4, 2).events, "they were absent already"
    (back,) = actor.handle(r.NoteBack("alice", True), 5, 2).events
    assert isinstance(back, ev.MemberStateChanged) and (back.users, back.online) == (["alice"], True)
    assert not actor.handle(r.NoteAbsent("nobody", True), 6, 2).events


def test_where_a_message_comes_from() -> None:  # MS-06
    acting = Acting()
    own = only(acting.do(on(send(), "bob", Platform.WEB)), EventKind.MESSAGE_PASSED)
    assert (own.operator, own.platform) == ("", Platform.WEB)
    sent = only(acting.do(on(send("c2", admin=True), "root", Platform.SERVER)), EventKind.MESSAGE_PASSED)
    assert (sent.operator, sent.platform) == ("root", Platform.SERVER)
    (transient,) = acting.do(on(send("c3", transient=True), "bob", Platform.PAD)).events
    assert isinstance(transient, ev.TransientPassed) and transient.platform is Platform.PAD
    assert (transient.message.seq, transient.message.client_msg_id) == (0, "c3")


def test_who_was_in_a_group_that_ends() -> None:
    acting = Acting()
    acting.do(c.InviteUsers("alice", True, [f"u{n}" for n in range(ev.DISSOLVED_MEMBERS_MAX)]))
    event = only(acting.do(c.DissolveGroup("alice", False)), EventKind.GROUP_DISSOLVED)
    assert len(event.members) == ev.DISSOLVED_MEMBERS_MAX < event.where.member_num
    acting = Acting(make=False)
    acting.do(create(type="Private", apply_join_option=ApplyJoinOption.DISABLE_APPLY))
    acting.do(c.KickMembers("alice", False, ["bob"], ""))
    event = only(acting.do(c.LeaveGroup("alice", False)), EventKind.GROUP_DISSOLVED)
    assert event.members == [], "the last one has left"


def test_members_who_were_approved() -> None:  # GR-05
    acting = Acting(make=False)
    acting.do(create(apply_join_option=ApplyJoinOption.NEED_PERMISSION))
    acting.do(c.JoinGroup("carol", False, ""))
    entered = only(acting.do(c.DecideApplication("alice", False, "carol", True, "")), EventKind.MEMBERS_ENTERED)
    assert entered.approved and entered.operator == "alice"


@pytest.mark.parametrize("state", [MessageState.RECALLED, MessageState.DELETED])
def test_a_message_that_is_gone_keeps_its_type_in_the_event(state: MessageState) -> None:  # MS-09
    acting = Acting()
    acting.app.replace(replace(acting.app.config, message_types=TYPES))
    (passed,) = acting.do(send(extra=OPTIONS)).events
    assert isinstance(passed, ev.MessagePassed)
    (event,) = acting.do(c.AlterMessage("bob", True, 1, state, original=passed.message)).events
    assert ev.type_name_of(event) == "poll"


class Nowhere:
    """A destination that nothing is delivered to."""

    async def deliver(self, events: Any) -> Any:
        raise AssertionError("nothing is delivered here")

    def forget(self, shard: int, numbers: Any) -> None: ...

    def counted(self) -> dict[str, int]:
        return {}

    async def close(self) -> None: ...


def events_of_messages() -> list[ev.AnyEvent]:
    acting = Acting()
    acting.app.replace(replace(acting.app.config, message_types=TYPES))
    made = list(acting.do(send()).events)
    made += acting.do(send("c2", extra=OPTIONS)).events
    made += acting.do(send("c3", extra=MessageOptions(type_name="ping"))).events
    facts = where()
    made.append(ev.MessageWithheld(1, facts, "bob", "c", Priority.LOW, b"", "held back", OPTIONS))
    made.append(ev.MessageDeleted(1, facts, "bob", "bob", 7, all_up_to=True))
    made.append(ev.GroupFull(1, facts))
    return made


@pytest.mark.parametrize(
    ("conditions", "names"),
    [
        (Conditions(), ["", "poll", "ping", "poll", None, None]),
        (Conditions(message_types=frozenset({"poll"})), ["poll", "poll", None, None]),
        (Conditions(classes=frozenset({MessageClass.CONTENT})), ["", "poll", "poll", None, None]),
        (Conditions(classes=frozenset({MessageClass.STATUS}), message_types=frozenset({"poll"})), [None, None]),
        (Conditions(types=frozenset({"C2C"})), []),
    ],
)
def test_which_messages_a_consumer_wants(conditions: Conditions, names: list[str | None]) -> None:  # CB-06
    subscription = Subscription(frozenset(EventKind), Nowhere(), conditions, TYPES)
    found = [event for event in events_of_messages() if subscription.wants(event)]
    assert [ev.type_name_of(event) for event in found] == names


def test_a_consumer_gets_no_other_kinds() -> None:
    subscription = Subscription(frozenset({EventKind.GROUP_FULL}), Nowhere())
    assert [kind_of(event) for event in events_of_messages() if subscription.wants(event)] == [EventKind.GROUP_FULL]
