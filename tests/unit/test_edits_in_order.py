"""Edits of one message about which the app is asked are made in the order in which they came (WI-06, CB-03, MS-10)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor.app import settle
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.group import GroupActor
from rcim.actor.records import ListChanged, Message, MessageAltered
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.errors import DIRTY_WORD, RcimError
from rcim.base.terms import AppList, ApplyJoinOption, MessageState, Priority
from rcim.rules.conditions import EVERYTHING
from tests.kit import app_state

REFUSED, DROPPED = CallbackVerdict(allow=False), CallbackVerdict(drop=True)


class Kit:
    """A group of alice and bob with one message of alice's, and an app that is asked before each edit."""

    def __init__(self) -> None:
        self.app_state = app_state()
        self.actor = GroupActor(GroupSnapshot("g:g", None, 1, 0, 0, 0, [], []), 7, self.app_state)
        self.now, self.position = 10_000, 1
        option = ApplyJoinOption.FREE_ACCESS
        self.do(c.CreateGroup("alice", False, "g", "ChatRoom", "n", "", "", "", option, ["bob"], "alice"))
        (kept,) = self.do(c.SendMessage("alice", False, "", "", "m", Priority.NORMAL, b"first")).effects
        assert isinstance(kept, e.Deliver)
        self.original: Message = kept.message
        asks = {BeforeKind.EDIT: [EVERYTHING]}
        self.app_state.replace(replace(self.app_state.config, asks=asks))

    def do(self, command: c.GroupCommand) -> o.Outcome:
        self.now += 1
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += (outcome.record is not None) + len(outcome.more)
        return outcome

    def edit(self, body: bytes, mentions: tuple[str, ...] | None = None) -> int:
        edit = c.AlterMessage("alice", False, 1, MessageState.EDITED, body, self.original, mentions)
        return self.do(edit).wait

    def answer(self, number: int, verdict: CallbackVerdict = ALLOWED) -> tuple[list[Message], dict[int, str]]:
        """The messages as they are kept, and what the requests are answered."""
        outcome = self.do(c.TakeVerdict("", True, number, verdict))
        kept = [one.message for one in (outcome.record, *outcome.more) if isinstance(one, MessageAltered)]
        answers = {
            at: one.code.name if isinstance(one, o.Refused) else type(one).__name__ for at, one in outcome.settled
        }
        return kept, answers


def test_a_later_edit_waits_for_an_earlier_one() -> None:
    kit = Kit()
    first, second = kit.edit(b"second", ("bob",)), kit.edit(b"third")
    assert kit.answer(second) == ([], {}), "the app has yet to say what is to become of the first"
    kept, answers = kit.answer(first)
    assert [one.body for one in kept] == [b"second", b"third"] and answers == {first: "Altered", second: "Altered"}
    assert kept[0].changed_ms < kept[1].changed_ms
    assert kept[1].extra is not None and kept[1].extra.mentions == ("bob",), "what the second does not name stays"
    assert not kit.answer(second)[1], "each is answered once"


@pytest.mark.parametrize("verdict", [REFUSED, DROPPED])
@pytest.mark.parametrize("at", [0, 1])
def test_of_two_edits_the_one_that_the_app_lets_pass_is_made(verdict: CallbackVerdict, at: int) -> None:
    kit = Kit()
    first, second = kit.edit(b"second"), kit.edit(b"third")
    kit.answer(second, verdict if at == 1 else ALLOWED)
    kept, answers = kit.answer(first, verdict if at == 0 else ALLOWED)
    assert [one.body for one in kept] == [(b"third", b"second")[at]]
    assert answers[(first, second)[at]] == ("CALLBACK_REFUSED" if verdict is REFUSED else "Altered")


def test_the_last_of_three_comes_after_both() -> None:
    kit = Kit()
    numbers = [kit.edit(body) for body in (b"2", b"3", b"4")]
    assert kit.answer(numbers[2]) == ([], {})
    assert [one.body for one in kit.answer(numbers[0])[0]] == [b"2"]
    assert [one.body for one in kit.answer(numbers[1])[0]] == [b"3", b"4"]


def test_an_edit_back_to_what_the_message_says_waits_too() -> None:
    kit = Kit()
    (kept,), _ = kit.answer(kit.edit(b"second"))
    kit.original = kept
    other, back = kit.edit(b"third"), kit.edit(b"second")
    assert back, "it changes nothing now, but the edit before it will"
    kit.answer(other)
    assert [one.body for one in kit.answer(back)[0]] == [b"second"]


def test_edits_that_wait_end_with_the_group() -> None:
    kit = Kit()
    first, second = kit.edit(b"second"), kit.edit(b"third")
    kit.answer(second)
    ended = kit.do(c.DissolveGroup("alice", False))
    assert {number for number, _ in ended.settled} == {first, second}


@pytest.mark.parametrize("by_app", [True, False], ids=["the app's body", "a word that is new"])
def test_what_an_edit_says_in_the_end_is_filtered(by_app: bool) -> None:  # SC-05
    def screen(body: bytes) -> bytes:
        if b"evil" in body:
            raise RcimError(DIRTY_WORD)
        return body

    kit = Kit()
    number = kit.edit(b"good" if by_app else b"evil")
    settle(kit.app_state, ListChanged(AppList.REFUSED_WORDS, ["evil"], []))
    kit.app_state.screen = screen
    kept, answers = kit.answer(number, CallbackVerdict(body=b"evil") if by_app else ALLOWED)
    assert not kept and answers == {number: "DIRTY_WORD"}
