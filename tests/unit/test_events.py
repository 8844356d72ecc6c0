"""Events (docs/adr/0023): what has happened, each kind once, with all that a consumer needs, from the real actors."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from rcim.actor import callback_verdicts as b
from rcim.actor import commands as c
from rcim.actor import events as ev
from rcim.actor import ultra_commands as uc
from rcim.actor import user_commands as u
from rcim.actor.app_state import AppState
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.events import EventKind, kind_of
from rcim.actor.group import GroupActor
from rcim.actor.outcomes import Outcome
from rcim.actor.pair import PairActor
from rcim.actor.records import Message
from rcim.actor.snapshots import GroupSnapshot, UserSnapshot
from rcim.actor.user import UserActor
from rcim.actor.user_records import UserProfile
from rcim.base.ids import shard_of
from rcim.base.terms import (
    ApplicationState,
    ApplyJoinOption,
    ChangeKind,
    GoneReason,
    MessageState,
    Priority,
    PushLevel,
    pair_conversation,
)
from rcim.rules.conditions import EVERYTHING
from rcim.rules.type_table import TypeTable
from tests.kit import UNLIMITED, app_state

KEY = "g:a"
PAIR = pair_conversation("alice", "bob")
ALL = frozenset(EventKind)
GROUP, C2C = "Public", "C2C"


class Acting:
    """A group of alice, who owns it, and bob; and what its actor does."""

    def __init__(self, wanted: frozenset[EventKind] = ALL, *, make: bool = True, **more: Any) -> None:
        types = {name: replace(row, apply=True, invite=row.invite) for name, row in UNLIMITED.items()}
        self.app: AppState = app_state(types, **more)
        self.group = GroupActor(GroupSnapshot(KEY, None, 1, 0, 0, 0, [], []), shard_of(KEY), self.app)
        self.pair = PairActor(GroupSnapshot(PAIR, None, 1, 0, 0, 0, [], []), shard_of(PAIR), self.app)
        self.user = UserActor(UserSnapshot("@:bob", "bob", UserProfile()), self.app)
        self.now_ms = 1000
        if make:
            self.do(create())
        self.app.wanted_events = wanted

    def do(self, command: Any, actor: Any = None) -> Outcome:
        self.now_ms += 1
        outcome = (actor or self.group).handle(command, self.now_ms, 7)
        assert isinstance(outcome, Outcome)
        return outcome


def create(**more: Any) -> c.CreateGroup:
    made = c.CreateGroup(
        "alice", False, "a", GROUP, "Chess", "", "", "", ApplyJoinOption.FREE_ACCESS, ["bob"], "alice"
    )
    return msgspec.structs.replace(made, **more)


def send(name: str = "c1", by: str = "bob", **more: Any) -> c.SendMessage:
    return msgspec.structs.replace(c.SendMessage(by, False, "Bob", "", name, Priority.NORMAL, b"hello"), **more)


def alter(acting: Acting, state: MessageState, by: str = "bob", actor: Any = None) -> Outcome:
    first = acting.do(send(), actor)
    (passed,) = first.events
    assert isinstance(passed, ev.MessagePassed)
    body = b"other" if state is MessageState.EDITED else b""
    return acting.do(c.AlterMessage(by, False, 1, state, body, original=passed.message), actor)


def where(members: int = 2, owner: str = "alice", name: str = "Chess") -> ev.ConversationFacts:
    return ev.ConversationFacts(KEY, GROUP, name, owner, members)


def only(outcome: Outcome, kind: EventKind) -> Any:
    """The one event of this kind."""
    (found,) = [event for event in outcome.events if kind_of(event) is kind]
    return found


def test_a_message_that_passes() -> None:
    outcome = Acting().do(send())
    (event,) = outcome.events
    assert isinstance(event, ev.MessagePassed) and event.where == where() and event.time_ms == 1002
    message = event.message
    assert (message.seq, message.sender, message.body, message.nickname) == (1, "bob", b"hello", "Bob")


def test_a_message_says_of_which_messages_members_get_a_push() -> None:  # UG-03
    acting = Acting()
    acting.do(uc.SetPushLevel("alice", False, PushLevel.MENTIONS, True))
    passed = only(acting.do(send()), EventKind.MESSAGE_PASSED)
    assert (passed.push_level, passed.group_push_level) == (PushLevel.MENTIONS, PushLevel.AS_ABOVE)


def test_a_message_in_a_conversation_of_two() -> None:
    acting = Acting()
    (event,) = acting.do(send(), acting.pair).events
    assert isinstance(event, ev.MessagePassed) and event.message.seq == 1
    assert (event.where.key, event.where.type, event.where.member_num) == (PAIR, C2C, 2)


def test_a_message_that_is_held_back() -> None:  # FC-05
    acting = Acting()
    row = replace(UNLIMITED[GROUP], messages_per_s=1, apply=True)
    rows = {**UNLIMITED, GROUP: row}
    acting.app.replace(replace(acting.app.config, types=TypeTable(rows)))
    held: list[ev.AnyEvent] = []
    for n in range(40):
        held += acting.do(send(f"c{n}", priority=Priority.LOWEST)).events
    acting.now_ms += 5000
    held += acting.do(c.EndSlice("", True)).events
    found = [event for event in held if isinstance(event, ev.MessageWithheld)]
    assert found and found[0].sender == "bob" and found[0].body == b"hello" and "held back" in found[0].reason
    assert len({event.client_msg_id for event in found}) == len(found)


def test_a_message_that_the_app_drops() -> None:  # CB-03
    acting = Acting()
    asks = {BeforeKind.SEND: [EVERYTHING]}
    acting.app.replace(replace(acting.app.config, asks=asks))
    waiting = acting.do(send())
    assert waiting.wait and not waiting.events
    dropped = acting.do(c.TakeVerdict("", True, waiting.wait, b.CallbackVerdict(drop=True)))
    (event,) = dropped.events
    assert event == ev.MessageWithheld(
        acting.now_ms, where(), "bob", "c1", Priority.NORMAL, b"hello", "dropped by the app"
    )


@pytest.mark.parametrize(
    ("state", "kind"),
    [(MessageState.RECALLED, EventKind.MESSAGE_RECALLED), (MessageState.EDITED, EventKind.MESSAGE_EDITED)],
)
@pytest.mark.parametrize("pair", [False, True])
def test_a_message_that_is_altered(state: MessageState, kind: EventKind, pair: bool) -> None:  # MS-10
    acting = Acting()
    event = only(alter(acting, state, actor=acting.pair if pair else None), kind)
    assert event.operator == "bob" and event.message.seq == 1 and event.message.state is state
    assert event.message.body == (b"other" if state is MessageState.EDITED else b"")


def test_a_message_that_is_deleted() -> None:  # MS-10
    event = only(alter(Acting(), MessageState.DELETED, "alice"), EventKind.MESSAGE_DELETED)
    assert (event.sender, event.operator, event.seq, event.all_up_to) == ("bob", "alice", 1, False)


def test_all_messages_of_a_sender_are_deleted() -> None:  # MS-10
    acting = Acting()
    acting.do(send())
    event = only(acting.do(c.EraseSender("alice", False, "bob")), EventKind.MESSAGE_DELETED)
    assert (event.sender, event.operator, event.all_up_to) == ("bob", "alice", True) and event.seq >= 1


def test_a_group_is_created() -> None:
    acting = Acting(make=False)
    (event,) = acting.do(create()).events
    assert isinstance(event, ev.GroupCreated) and event.operator == "alice" and event.where == where()
    assert [member.user_id for member in event.members] == ["alice", "bob"] and event.profile.name == "Chess"


def test_a_group_is_dissolved() -> None:
    (event,) = Acting().do(c.DissolveGroup("alice", False)).events
    assert event == ev.GroupDissolved(1002, where(), "alice", members=["alice", "bob"])


def test_a_group_is_changed() -> None:
    event = only(Acting().do(c.EditGroup("alice", False, {"name": "Go"}, None, None, ())), EventKind.GROUP_CHANGED)
    assert event.what == ["name"] and event.operator == "alice" and event.where == where(name="Go")
    assert event.profile.name == "Go"


def test_a_group_has_another_owner() -> None:
    event = only(Acting().do(c.GiveGroup("alice", False, "bob")), EventKind.GROUP_CHANGED)
    assert event.what == ["owner"] and event.where.owner == "bob"


def test_who_joins_and_who_takes_the_last_place() -> None:  # GT-12
    acting = Acting()
    acting.do(c.EditGroup("alice", False, {}, None, 3, ()))
    outcome = acting.do(c.JoinGroup("carol", False, ""))
    assert only(outcome, EventKind.MEMBERS_ENTERED) == ev.MembersEntered(
        acting.now_ms, where(3), ["carol"], ChangeKind.JOINED, "carol"
    )
    assert only(outcome, EventKind.GROUP_FULL) == ev.GroupFull(acting.now_ms, where(3))


def test_who_is_put_in() -> None:
    acting = Acting()
    outcome = acting.do(c.InviteUsers("", True, ["bob", "carol", "dave"]))
    event = only(outcome, EventKind.MEMBERS_ENTERED)
    assert event.users == ["carol", "dave"] and event.how is ChangeKind.INVITED and event.where.member_num == 4


def test_who_leaves_and_who_is_sent_away() -> None:
    acting = Acting()
    assert only(acting.do(c.LeaveGroup("bob", False)), EventKind.MEMBERS_GONE) == ev.MembersGone(
        1002, where(1), ["bob"], GoneReason.LEFT, "bob", ""
    )
    acting = Acting()
    acting.do(c.JoinGroup("carol", False, ""))
    gone = only(acting.do(c.KickMembers("alice", False, ["bob", "carol"], "spam")), EventKind.MEMBERS_GONE)
    assert gone == ev.MembersGone(1003, where(1), ["bob", "carol"], GoneReason.KICKED, "alice", "spam")


def test_an_application_and_its_decision() -> None:  # GR-05, GR-12
    acting = Acting()
    option = ApplyJoinOption.NEED_PERMISSION
    acting.do(c.EditGroup("alice", False, {}, option, None, ()))
    made = acting.do(c.JoinGroup("carol", False, "", text="please"))
    assert made.events == (ev.ApplicationMade(acting.now_ms, where(), "carol", "please"),)
    decided = acting.do(c.DecideApplication("alice", False, "carol", True, "welcome"))
    said = only(decided, EventKind.APPLICATION_DECIDED).application
    assert (said.user_id, said.state, said.operator) == ("carol", ApplicationState.APPROVED, "alice")
    assert only(decided, EventKind.MEMBERS_ENTERED).operator == "alice"


def test_a_profile_is_changed() -> None:
    acting = Acting()
    (event,) = acting.do(u.SetUserProfile("bob", False, "Bob", ""), acting.user).events
    assert isinstance(event, ev.ProfileChanged)
    assert (event.user_id, event.profile.nickname, event.operator) == ("bob", "Bob", "bob")


def test_nothing_is_made_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def no(*args: Any) -> None:
        raise AssertionError("events were looked for")

    monkeypatch.setattr("rcim.actor.group_events.handled", no)
    acting = Acting(frozenset())
    for command in (send(), c.JoinGroup("carol", False, ""), c.DissolveGroup("alice", False)):
        assert acting.do(command).events == ()
    assert acting.do(u.SetUserProfile("bob", False, "Bob", ""), acting.user).events == ()


def test_only_what_is_wanted_is_made() -> None:
    acting = Acting(frozenset({EventKind.GROUP_FULL}))
    assert acting.do(send()).events == () and acting.do(c.JoinGroup("carol", False, "")).events == ()


def test_every_event_can_be_kept() -> None:
    acting = Acting()
    made = [*acting.do(send()).events, *acting.do(c.JoinGroup("carol", False, "")).events]
    for event in made:
        data = msgspec.msgpack.encode(event)
        assert msgspec.msgpack.decode(data, type=ev.AnyEvent) == event
    assert {kind_of(event) for event in made} == {EventKind.MESSAGE_PASSED, EventKind.MEMBERS_ENTERED}
    assert {kind.value: kind for kind in EventKind} == {
        cls.__struct_config__.tag: kind for cls, kind in ev._KINDS.items()
    }
    assert isinstance(made[0], ev.MessagePassed) and isinstance(made[0].message, Message)
