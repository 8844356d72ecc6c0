"""Recalling and deleting where messages are not stored (MS-10, GT-22): SEQ and sender are known for as long as may be."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor.group import GroupActor
from rcim.actor.records import Message, MessageOptions
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.unstored import TRIM_EVERY, Unstored
from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, MessageState, Priority
from tests.kit import UNLIMITED, app_state

HOUR_MS = 3_600_000


def message(seq: int, time_ms: int, sender: str = "bob", to: tuple[str, ...] = ()) -> Message:
    extra = MessageOptions(to=to) if to else None
    return Message(seq, time_ms, 0, Priority.NORMAL, sender, "", "", "", f"c{seq}", b"b", extra=extra)


class Kit:
    """A live room that is owned by alice, and time by hand."""

    def __init__(self, **limits: int) -> None:
        row = replace(UNLIMITED["ChatRoom"], name="Live", roaming_days=0, importable=False, unread=False)
        self.actor = GroupActor(
            GroupSnapshot("g:live", None, 1, 0, 0, 0, [], []),
            7,
            app_state({"Live": row}, replace(DEFAULTS, **limits)),
        )
        self.now, self.position = 10_000, 1
        option = ApplyJoinOption.FREE_ACCESS
        self.do(c.CreateGroup("alice", False, "live", "Live", "n", "", "", "", option, ["bob", "carol"], "alice"))

    def do(self, command: c.GroupCommand) -> o.Outcome:
        outcome = self.actor.handle(command, self.now, self.position)
        self.position += (outcome.record is not None) + len(outcome.more)
        return outcome

    def send(self, count: int = 1, by: str = "bob", to: tuple[str, ...] = ()) -> int:
        extra = MessageOptions(to=to) if to else None
        for _ in range(count):
            name = f"c{self.position}-{self.now}-{_}"
            sent = self.do(c.SendMessage(by, False, "Nick", "", name, Priority.NORMAL, b"secret", (), extra)).result
        assert isinstance(sent, o.Sent)
        return sent.seq

    def alter(self, by: str, seq: int, state: MessageState = MessageState.RECALLED, admin: bool = False) -> o.Outcome:
        return self.do(c.AlterMessage(by, admin, seq, state, b"new" if state is MessageState.EDITED else b""))

    def refused(self, by: str, seq: int, state: MessageState = MessageState.RECALLED, admin: bool = False) -> str:
        with pytest.raises(RcimError) as error:
            self.alter(by, seq, state, admin)
        return error.value.code.name


def told(outcome: o.Outcome) -> tuple[list[str] | None, Message]:
    (tell,) = outcome.effects
    assert isinstance(tell, e.Notify) and isinstance(tell.said, e.Altered)
    return tell.user_ids, tell.said.message


def test_what_is_far_behind_is_recalled_and_deleted_all_the_same() -> None:
    kit = Kit()
    kit.send(3000)
    kit.now += 60_000
    first = kit.alter("bob", 1)
    users, seen = told(first)
    assert users is None and (seen.seq, seen.sender, seen.time_ms) == (1, "bob", 10_000)
    assert (seen.state, seen.changed_by, seen.body, seen.extra) == (MessageState.RECALLED, "bob", b"", None)
    assert kit.alter("bob", 1).result == first.result, "asked again, it is answered as the first time"
    assert not kit.alter("bob", 1).effects
    assert told(kit.alter("alice", 2, MessageState.DELETED))[1].state is MessageState.DELETED
    assert kit.refused("alice", 2) == "NOT_RECALLABLE"
    assert (
        kit.refused("carol", 3) == "NOT_PERMITTED" and kit.refused("bob", 3, MessageState.DELETED) == "NOT_PERMITTED"
    )
    assert kit.refused("bob", 3001) == kit.refused("bob", 0) == "NO_SUCH_MESSAGE"
    assert kit.refused("bob", 4, MessageState.EDITED) == "NO_SUCH_MESSAGE", "its body is not there"
    assert told(kit.alter("bob", 3000, MessageState.EDITED))[1].body == b"new"


def test_the_sender_has_the_types_time_and_administrators_an_hour() -> None:
    kit = Kit()
    kit.send(50)
    kit.now += 121_000
    assert kit.refused("bob", 1) == kit.refused("bob", 50) == "TOO_LATE"
    kit.now = 10_000 + HOUR_MS
    assert (
        kit.alter("alice", 1).effects and kit.alter("root", 2, admin=True).effects and kit.alter("alice", 49).effects
    )
    kit.now += 1000
    for seq in (3, 50):
        assert kit.refused("alice", seq) == kit.refused("root", seq, admin=True) == "TOO_LATE", "also of the last few"


def test_others_learn_nothing_of_a_directed_message() -> None:  # MS-07
    kit = Kit()
    kit.send(1, to=("alice",))
    kit.send(100)
    assert kit.refused("carol", 1) == "NO_SUCH_MESSAGE"
    users, seen = told(kit.alter("bob", 1))
    assert users is not None and set(users) == {"alice", "bob"} and seen.extra == MessageOptions(to=("alice",))


def test_all_of_a_sender_are_gone_for_recalling_too() -> None:
    kit = Kit()
    kit.send(100)
    kit.do(c.EraseSender("alice", False, "bob"))
    assert kit.refused("bob", 1) == "NOT_RECALLABLE"


def test_who_may_recall_is_asked_when_it_is_recalled() -> None:
    kit = Kit()
    kit.send(100)
    kit.do(c.LeaveGroup("bob", False))
    assert kit.refused("bob", 1) == "NOT_PERMITTED"


def test_a_group_that_has_ended_knows_nothing() -> None:
    kit = Kit()
    kit.send(100)
    kit.do(c.DissolveGroup("alice", False))
    option = ApplyJoinOption.FREE_ACCESS
    kit.do(c.CreateGroup("bob", False, "live", "Live", "n", "", "", "", option, [], "bob"))
    assert kit.refused("bob", 50) == "NO_SUCH_MESSAGE"


def test_memory_is_bounded_by_number_and_time() -> None:
    kept = Unstored(5000)
    for seq in range(1, 20_001):
        kept.add(message(seq, 1000, to=("eve",) if seq % 100 == 0 else ()), "bob", HOUR_MS)
        if seq % 100 == 0:
            kept.alter(message(seq, 1000).removed(MessageState.RECALLED, 2000, "bob"))
        assert len(kept) < 5000 + TRIM_EVERY
    assert kept.find(1) is None and kept.find(20_001) is None
    newest = kept.find(20_000)
    assert (
        newest is not None and newest.state is MessageState.RECALLED and newest.extra == MessageOptions(to=("eve",))
    )
    for seq in range(20_001, 20_001 + TRIM_EVERY):
        kept.add(message(seq, 1001 + HOUR_MS), "bob", HOUR_MS)
    assert len(kept) <= TRIM_EVERY, "what is too old goes, however few there are"


def test_an_hour_of_a_hot_room_is_small() -> None:
    """However long it goes on, and although some are directed and recalled."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = Unstored(20_000)
        for seq in range(1, 60_001):
            directed = ("eve",) if seq % 100 == 0 else ()
            kept.add(message(seq, seq * 25, to=directed), "bob", HOUR_MS)
            if directed:
                kept.alter(message(seq, seq * 25).removed(MessageState.RECALLED, seq * 25, "bob"))
        used = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept.find(40_001) is not None
    assert used < 24 * len(kept), "bytes for each: a time, a reference, and what few have"
    assert DEFAULTS.unstored_recall_max >= 144_000, "40 a second"


def test_a_counter_that_jumps_begins_anew() -> None:  # MS-01: a type that stored its messages for a while
    kept = Unstored(100)
    for seq in (5, 6, 1007):
        kept.add(message(seq, 1000), "bob", HOUR_MS)
    assert kept.find(5) is None and kept.find(6) is None and kept.find(1007) is not None and len(kept) == 1
