"""What the app is asked about besides sending (CB-02, CB-03): it waits, does as the app says, and is looked at again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import events as ev
from rcim.actor import outcomes as o
from rcim.actor import ultra_commands as uc
from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict, GroupChanges
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.records import ChannelListed, GroupChanged, Message, MessageAltered, Profile
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.ids import shard_of
from rcim.base.terms import ApplyJoinOption, MessageState
from rcim.rules.conditions import EVERYTHING
from tests.kit import UNLIMITED, app_state
from tests.unit.test_events import Acting, create, send

REFUSED, DROPPED = CallbackVerdict(allow=False, code=10100, text="no"), CallbackVerdict(drop=True)
EDIT = c.EditGroup("alice", False, {"name": "Go"}, ApplyJoinOption.FREE_ACCESS, None, (("k", b"v"),), b"{}")


class Asking(Acting):
    """As Acting; the app is asked about these kinds."""

    def __init__(self, *kinds: BeforeKind) -> None:
        super().__init__()
        self.do(c.InviteUsers("alice", True, ["carol"]))
        self.app.replace(replace(self.app.config, asks={kind: [EVERYTHING] for kind in kinds}))

    def asked(self, command: Any, actor: Any = None) -> BeforeCallback:
        outcome = self.do(command, actor)
        assert outcome.wait and outcome.record is None and not outcome.effects, "nothing happens before the answer"
        (ask,) = outcome.asks
        return ask

    def answer(self, ask: BeforeCallback, verdict: CallbackVerdict, actor: Any = None) -> tuple[o.Outcome, Any]:
        """What comes of it, and the answer to the request."""
        outcome = self.do(c.TakeVerdict("", True, ask.number, verdict), actor)
        ((number, result),) = outcome.settled
        assert number == ask.number
        return outcome, result


def test_removing_members() -> None:
    acting = Asking(BeforeKind.REMOVE)
    ask = acting.asked(c.KickMembers("alice", False, ["bob", "carol"], "spam"))
    assert (ask.kind, ask.operator, list(ask.members)) == (BeforeKind.REMOVE, "alice", ["bob", "carol"])
    assert ask.profile is not None and ask.profile.name == "Chess"
    outcome, result = acting.answer(ask, CallbackVerdict(refused=("bob",)))
    assert isinstance(outcome.record, GroupChanged) and outcome.record.dropped == ["carol"]
    assert isinstance(result, o.Done)
    (gone,) = [event for event in outcome.events if isinstance(event, ev.MembersGone)]
    assert gone.users == ["carol"] and gone.operator == "alice"


@pytest.mark.parametrize("verdict", [REFUSED, CallbackVerdict(refused=("bob", "carol"))])
def test_nobody_is_removed_whom_the_app_keeps(verdict: CallbackVerdict) -> None:
    acting = Asking(BeforeKind.REMOVE)
    for command in (
        c.KickMembers("alice", False, ["bob", "carol"], ""),
        c.BlockUsers("alice", False, ["bob", "carol"], 60, ""),
    ):
        outcome, result = acting.answer(acting.asked(command), verdict)
        assert outcome.record is None and isinstance(result, o.Refused)


def edited(outcome: o.Outcome) -> Profile:
    """The profile as it is now."""
    (event,) = [event for event in outcome.events if isinstance(event, ev.GroupChanged)]
    return event.profile


def test_the_app_changes_what_is_to_change() -> None:  # GR-03, GR-13
    acting = Asking(BeforeKind.UPDATE)
    edit = c.EditGroup("alice", False, {"name": "Go"}, None, 9, (), None, (("a.b", b"1"), ("c", b"2")))
    changes = GroupChanges(texts={"introduction": "for all"}, attributes=(("a.b", b"3"), ("d", b"true")))
    profile = edited(acting.answer(acting.asked(edit), CallbackVerdict(changes=changes))[0])
    assert (profile.name, profile.introduction, profile.attributes) == (
        "Chess",
        "for all",
        b'{"a":{"b":3},"d":true}',
    )
    whole = msgspec.structs.replace(edit, attributes=b'{"x":1}', attribute_changes=(("y.z", b"2"),))
    changes = GroupChanges(attributes=(("w", b"5"), ("y.z", b"4")))
    profile = edited(acting.answer(acting.asked(whole), CallbackVerdict(changes=changes))[0])
    assert profile.attributes == b'{"w":5,"y":{"z":4}}'
    path = GroupChanges(attributes=(("w.v", b"5"),))
    outcome, result = acting.answer(acting.asked(edit), CallbackVerdict(changes=path))
    assert outcome.record is None and result.code.name == "ATTRIBUTE_PATH"


def test_the_end_of_a_block_and_leaving_are_not_asked_about() -> None:
    acting = Asking(BeforeKind.REMOVE)
    acting.answer(acting.asked(c.BlockUsers("alice", False, ["bob"], 60, "")), ALLOWED)
    assert acting.do(c.BlockUsers("alice", False, ["bob"], 0, "")).wait == 0
    assert acting.do(c.LeaveGroup("carol", False)).wait == 0


def test_it_is_looked_at_again() -> None:
    acting = Asking(BeforeKind.REMOVE)
    ask = acting.asked(c.KickMembers("alice", False, ["bob"], ""))
    acting.do(c.LeaveGroup("bob", False))
    _, result = acting.answer(ask, ALLOWED)
    assert isinstance(result, o.Refused) and result.code.name == "NO_SUCH_MEMBER"


@pytest.mark.parametrize(
    ("command", "what"),
    [
        (EDIT, ["name", "apply_join_option", "attributes", "fields.k"]),
        (c.MuteAll("alice", False, True, []), ["mute_all"]),
    ],
)
def test_changing_a_group(command: Any, what: list[str]) -> None:
    acting = Asking(BeforeKind.UPDATE)
    ask = acting.asked(command)
    assert (ask.kind, list(ask.what), list(ask.members)) == (BeforeKind.UPDATE, what, [])
    outcome, result = acting.answer(ask, REFUSED)
    assert outcome.record is None and isinstance(result, o.Refused) and result.code.number == 10100
    again = acting.asked(c.MuteAll("alice", False, True, []))
    outcome, result = acting.answer(again, ALLOWED)
    assert isinstance(outcome.record, GroupChanged) and isinstance(result, o.Done)


@pytest.mark.parametrize("state", [MessageState.RECALLED, MessageState.DELETED])
@pytest.mark.parametrize("pair", [False, True])
def test_recalling(state: MessageState, pair: bool) -> None:
    acting = Asking(BeforeKind.RECALL, BeforeKind.RECALL_IN_PAIR)
    actor = acting.pair if pair else acting.group
    (passed,) = acting.do(send(), actor).events
    assert isinstance(passed, ev.MessagePassed)
    recall = c.AlterMessage("bob", True, passed.message.seq, state, original=passed.message)
    kind = BeforeKind.RECALL_IN_PAIR if pair else BeforeKind.RECALL
    first, second = acting.asked(recall, actor), acting.asked(recall, actor)
    assert (first.kind, first.message, first.to) == (kind, passed.message, "alice" if pair else "")
    outcome, result = acting.answer(first, REFUSED, actor)
    assert outcome.record is None and isinstance(result, o.Refused)
    outcome, result = acting.answer(second, ALLOWED, actor)
    assert isinstance(outcome.record, MessageAltered) and outcome.record.message.state is state
    assert isinstance(result, o.Altered)
    assert acting.do(recall, actor).wait == 0, "it is recalled already: there is nothing to ask"


def _edit(message: Message) -> c.AlterMessage:
    return c.AlterMessage("bob", False, message.seq, MessageState.EDITED, b"other", message)


def test_a_recall_that_the_app_drops_changes_nothing() -> None:
    acting = Asking(BeforeKind.RECALL)
    (passed,) = acting.do(send()).events
    assert isinstance(passed, ev.MessagePassed)
    recall = c.AlterMessage("bob", False, passed.message.seq, MessageState.RECALLED, original=passed.message)
    outcome, result = acting.answer(acting.asked(recall), DROPPED)
    assert outcome.record is None and not outcome.effects and isinstance(result, o.Altered)


def test_a_recall_waits_for_an_edit_of_the_message_before_it() -> None:  # WI-06
    acting = Asking(BeforeKind.RECALL, BeforeKind.EDIT)
    (passed,) = acting.do(send()).events
    assert isinstance(passed, ev.MessagePassed)
    edit = acting.asked(_edit(passed.message))
    recall = acting.asked(
        c.AlterMessage("bob", False, passed.message.seq, MessageState.RECALLED, original=passed.message)
    )
    assert not acting.do(c.TakeVerdict("", True, recall.number, ALLOWED)).settled
    outcome = acting.do(c.TakeVerdict("", True, edit.number, ALLOWED))
    assert [number for number, _ in outcome.settled] == [edit.number, recall.number]
    records = [one for one in (outcome.record, *outcome.more) if isinstance(one, MessageAltered)]
    assert [one.message.state for one in records] == [MessageState.EDITED, MessageState.RECALLED]


def test_an_import_is_not_asked_about() -> None:  # GR-08
    acting = Asking(BeforeKind.CREATE)
    acting.do(c.DissolveGroup("alice", False))
    assert acting.do(create(admin=True, importing=True, members=[])).wait == 0
    acting.do(c.DissolveGroup("alice", True))
    ask = acting.asked(create())
    assert ask.kind is BeforeKind.CREATE and list(ask.members) == ["alice", "bob"]


def test_adding_a_channel() -> None:  # UG-02
    key = "g:@TGS#_u"
    shared = app_state(UNLIMITED)
    actor = PagedGroupActor(GroupSnapshot(key, None, 1, 0, 0, 0, [], []), shard_of(key), shared)
    made = c.CreateGroup(
        "alice", True, "@TGS#_u", "UltraGroup", "Chess", "", "", "", ApplyJoinOption.FREE_ACCESS, [], "", 0
    )
    actor.handle(msgspec.structs.replace(made, owner="alice"), 1, 1)
    shared.replace(replace(shared.config, asks={BeforeKind.CREATE_CHANNEL: [EVERYTHING]}))
    for verdict in (REFUSED, ALLOWED):
        outcome = actor.handle(uc.ListChannel("alice", True, "general", "General"), 2, 2)
        (ask,) = outcome.asks
        assert (ask.kind, ask.type, ask.operator) == (BeforeKind.CREATE_CHANNEL, "UltraGroup", "alice")
        outcome = actor.handle(c.TakeVerdict("", True, outcome.wait, verdict), 3, 2)
        ((_, result),) = outcome.settled
        assert isinstance(result, o.Done) is verdict.allow
        assert isinstance(outcome.record, ChannelListed) is verdict.allow
