"""Whom a change of a message is told (MS-10); to find it out, not each of very many members is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor.group import GroupActor
from rcim.actor.records import Member, Message
from rcim.actor.roster import MemoryRoster
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.terms import ApplyJoinOption, MessageState, Priority
from tests.kit import UNLIMITED, app_state

ROOM = replace(UNLIMITED["ChatRoom"], history_before_joining=True)


class Unwalked(MemoryRoster):
    """Members who are not to be looked at one by one."""

    def __iter__(self) -> Iterator[Member]:
        raise AssertionError("all members are walked")


class Kit:
    """A group of alice, bob and carol with one message of alice's."""

    def __init__(self) -> None:
        self.app_state = app_state({"ChatRoom": ROOM})
        self.actor = GroupActor(GroupSnapshot("g:g", None, 1, 0, 0, 0, [], []), 7, self.app_state)
        self.now, self.position = 10_000, 1
        option = ApplyJoinOption.FREE_ACCESS
        self.do(c.CreateGroup("alice", False, "g", "ChatRoom", "n", "", "", "", option, ["bob", "carol"], "alice"))
        (sent,) = self.do(c.SendMessage("alice", False, "", "", "m", Priority.NORMAL, b"first")).effects
        assert isinstance(sent, e.Deliver)
        self.message: Message = sent.message

    def do(self, command: c.GroupCommand) -> o.Outcome:
        self.now += 1
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += (outcome.record is not None) + len(outcome.more)
        return outcome

    def recall(self) -> list[str] | None:
        """Who is told."""
        recall = c.AlterMessage("alice", False, self.message.seq, MessageState.RECALLED, b"", self.message)
        (told,) = self.do(recall).effects
        assert isinstance(told, e.Notify)
        return told.user_ids

    def load_again(self) -> None:
        """The group, from the store."""
        g = self.actor._state
        found = GroupSnapshot("g:g", g.attributes.profile, g.timeline.next_seq, 0, 0, 0, list(g.roster), [])
        self.actor = GroupActor(found, 7, self.app_state)


def test_where_all_see_a_message_no_member_is_looked_at() -> None:
    kit = Kit()
    kit.actor._state.roster = Unwalked(kit.actor._state.roster)
    assert kit.recall() is None


@pytest.mark.parametrize("loaded", [False, True], ids=["in memory", "loaded again"])
def test_who_has_deleted_the_conversation_is_not_told(loaded: bool) -> None:
    kit = Kit()
    kit.do(c.ClearMessages("bob", False))
    if loaded:
        kit.load_again()
    assert kit.recall() == ["alice", "carol"]


def test_who_has_deleted_only_what_was_before_is_told() -> None:
    kit = Kit()
    kit.do(c.ClearMessages("bob", False))
    (sent,) = kit.do(c.SendMessage("alice", False, "", "", "m2", Priority.NORMAL, b"second")).effects
    assert isinstance(sent, e.Deliver)
    kit.message = sent.message
    kit.actor._state.roster = Unwalked(kit.actor._state.roster)
    assert kit.recall() is None


@pytest.mark.parametrize("again", [False, True], ids=["gone", "come again"])
def test_who_had_deleted_it_and_left_counts_no_more(again: bool) -> None:
    kit = Kit()
    kit.do(c.ClearMessages("bob", False))
    kit.do(c.LeaveGroup("bob", False))
    if again:
        kit.do(c.JoinGroup("bob", False, ""))
    assert kit.recall() is None
