"""Who sees what of a history (rules/visibility.py): whatever is sent, joined, left, cleared, hidden and erased, actor and
store show each user what a plain list of every message for every user says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor.group import GroupActor
from rcim.actor.queries import MessagesQuery, TypeFacts
from rcim.actor.records import Member, Message, MessageOptions
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.ids import SYSTEM_USER
from rcim.base.terms import ApplyJoinOption, MessageState, Priority
from rcim.rules import visibility as v
from rcim.rules.visibility import Sight
from rcim.store import keys
from rcim.store.backend import MemoryBackend
from rcim.store.member_view import MemberView
from rcim.store.tables import read_head, read_profile
from rcim.store.values import unpack
from tests.kit import UNLIMITED, FilledStore, app_state

KEY = "g:g"
DAY_MS = 86_400_000
OWNER = "olga"
USERS = ["ann", "bob", "carl"]
SEEN = {
    (MessageState.AS_SENT, True): Sight.WHOLE,
    (MessageState.DELETED, True): Sight.ERASED,
    (MessageState.DELETED, False): Sight.HIDDEN,
    (MessageState.NOT_FOR_YOU, False): Sight.NOT_FOR_USER,
}


@dataclass
class Sent:
    """A message as the model has it."""

    sender: str
    to: frozenset[str]
    time_ms: int
    erased: bool = False


class Model:
    """Every message, and of every user the SEQs that are within its bounds and those it has hidden."""

    def __init__(self, before_joining: bool) -> None:
        self.before_joining = before_joining
        self.messages: dict[int, Sent] = {}
        self.within: dict[str, set[int]] = {OWNER: set()}
        self.hidden: set[tuple[str, int]] = set()

    def send(self, by: str, to: frozenset[str], time_ms: int) -> None:
        seq = len(self.messages) + 1
        self.messages[seq] = Sent(by, to, time_ms)
        for seqs in self.within.values():
            seqs.add(seq)

    def join(self, user: str) -> None:
        self.within[user] = set(self.messages) if self.before_joining else set()

    def sees(self, user: str, now_ms: int, days: int) -> dict[int, Sight]:
        """By SEQ, what the member sees."""
        found: dict[int, Sight] = {}
        for seq in sorted(self.within[user]):
            one = self.messages[seq]
            if now_ms - one.time_ms > days * DAY_MS:
                continue
            if (user, seq) in self.hidden:
                found[seq] = Sight.HIDDEN
            elif one.to and user != one.sender and user not in one.to:
                found[seq] = Sight.NOT_FOR_USER
            else:
                found[seq] = Sight.ERASED if one.erased else Sight.WHOLE
        return found


class Kit:
    """A group and its store beside the model; `stored` says whether the store or the actor's memory has the messages."""

    def __init__(self, *, before_joining: bool, stored: bool) -> None:
        self.days = 7 if stored else 0
        row = replace(UNLIMITED["ChatRoom"], history_before_joining=before_joining, roaming_days=self.days)
        self.actor = GroupActor(GroupSnapshot(KEY, None, 1, 0, 0, 0, [], []), 7, app_state({"ChatRoom": row}))
        self.store = FilledStore(MemoryBackend())
        self.model = Model(before_joining)
        self.type_ = TypeFacts(stored, True, before_joining, self.days)
        self.now, self.position, self.names = 1_000_000, 1, 0
        option = ApplyJoinOption.FREE_ACCESS
        self.do(c.CreateGroup(OWNER, False, "g", "ChatRoom", "n", "", "", "", option, [], OWNER))

    def do(self, command: c.GroupCommand) -> Any:
        self.now += 1
        outcome = self.actor.handle(command, self.now, self.position)
        records = [outcome.record, *outcome.more] if outcome.record is not None else []
        self.position += len(records)
        if records:
            self.store.append(*records)
        return outcome.result

    def act(self, kind: str, user: str, other: str, seq: int) -> None:
        """One of the things that change who sees what, here and in the model; what a member may not is passed over."""
        model = self.model
        there = user in model.within
        if kind == "wait":
            self.now += DAY_MS
        elif kind in ("send", "direct") and there:
            to = frozenset({other}) & model.within.keys() if kind == "direct" else frozenset()
            self.names += 1
            extra = MessageOptions(to=tuple(to)) if to else None
            self.do(c.SendMessage(user, False, "", "", f"m{self.names}", Priority.NORMAL, b"x", (), extra))
            model.send(user, to, self.now)
        elif kind == "join" and not there:
            self.do(c.JoinGroup(user, False, ""))
            model.join(user)
        elif kind == "leave" and there and user != OWNER:
            self.do(c.LeaveGroup(user, False))
            del model.within[user]
        elif kind == "clear" and there:
            self.do(c.ClearMessages(user, False))
            model.within[user].clear()
        elif kind == "hide" and there and self.days and model.messages:
            seq = 1 + seq % len(model.messages)
            self.do(c.HideMessages(user, False, [seq, len(model.messages) + 1]))
            model.hidden.add((user, seq))
        elif kind == "erase":
            self.do(c.EraseSender("app", True, user))
            for one in model.messages.values():
                one.erased = one.erased or one.sender == user

    def history(self, user: str) -> list[Message]:
        """What the user reads of it."""
        found = self.do(c.ReadHistory(user, False, 0, 0, 100, False, 0, 0))
        if isinstance(found, MessagesQuery):
            (found,) = self.store.store.answer_all([found])
        assert isinstance(found, o.Page) and not found.more
        return found.messages

    def looked_at(self, user: str) -> dict[int, Sight]:
        """By SEQ, what a sync or a search sees with the member's eyes."""
        with self.store.backend.read() as view:
            profile, head = read_profile(view, KEY), read_head(view, KEY)
            assert profile is not None
            member = unpack(view.get("members", keys.pair(KEY, user)) or b"", Member)
            eyes = MemberView(view, KEY, profile, head, member, self.type_, self.now)
            rows = view.scan("messages", keys.message(KEY, eyes.first), keys.message(KEY, head.next_seq))
            messages = [unpack(data, Message) for _, data in rows]
            return {m.seq: eyes.sight(m) for m in messages if m.time_ms >= eyes.since_ms}


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["send", "send", "direct", "direct", "hide", "join", "leave", "clear", "hide", "erase", "wait"]
        ),
        st.sampled_from([OWNER, *USERS]),
        st.sampled_from(USERS),
        st.integers(1, 12),
    ),
    max_size=18,
)
"""At most 18, so that what is not stored is all in the actor's memory."""


@pytest.mark.parametrize("before_joining", [False, True], ids=["from joining", "all"])
@settings(max_examples=150)
@given(acts=ACTS)
def test_what_is_stored_is_seen_as_the_model_says(
    before_joining: bool, acts: list[tuple[str, str, str, int]]
) -> None:
    kit = Kit(before_joining=before_joining, stored=True)
    for user in USERS[:2]:
        kit.act("join", user, user, 0)
    for act in acts:
        kit.act(*act)
    for user in kit.model.within:
        read = {m.seq: SEEN[m.state, m.sender != SYSTEM_USER] for m in kit.history(user)}
        assert read == kit.model.sees(user, kit.now, kit.days), user
        assert kit.looked_at(user) == kit.model.sees(user, kit.now, kit.days), user


@pytest.mark.parametrize("before_joining", [False, True], ids=["from joining", "all"])
@settings(max_examples=80)
@given(acts=ACTS)
def test_what_is_in_memory_is_seen_as_the_model_says(
    before_joining: bool, acts: list[tuple[str, str, str, int]]
) -> None:  # GT-22
    kit = Kit(before_joining=before_joining, stored=False)
    for user in USERS[:2]:
        kit.act("join", user, user, 0)
    for act in acts:
        kit.act(*act)
    for user in kit.model.within:
        read = {m.seq: SEEN[m.state, m.sender != SYSTEM_USER] for m in kit.history(user)}
        assert read == kit.model.sees(user, kit.now, 1000), user


def test_who_is_no_member_sees_what_is_open_to_all() -> None:  # GT-14, ID-06
    assert v.first_for_stranger(3, 9, None, before_joining=True) == 3
    assert v.first_for_stranger(3, 9, None, before_joining=False) == 10, "nothing of what there is"
    assert v.first_for_stranger(3, 9, 5, before_joining=False) == 6, "a guest, from its admission on"
    assert v.first_for_stranger(3, 9, 1, before_joining=False) == 3


@given(begin=st.integers(1, 9), joined=st.integers(0, 9), cleared=st.integers(0, 9), seq=st.integers(1, 12))
def test_a_change_is_told_to_who_can_see_the_message(begin: int, joined: int, cleared: int, seq: int) -> None:
    for before_joining in (False, True):
        first = v.first_for_member(begin, joined, cleared, before_joining=before_joining)
        if seq >= begin:
            assert v.saw(seq, joined, cleared, before_joining=before_joining) == (seq >= first)


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 5))
def test_all_that_was_not_delivered_is_told(flags: list[bool], joined: int) -> None:  # RX-05
    """Of each SEQ that came while the member discarded, the stretches say so; nothing else is told as long as there are
    few stretches."""
    kept: list[v.Stretch] = []
    discards, newest, silent = False, joined, set()
    for flag in flags:
        if flag != discards:
            kept = v.unheard_from_now(v.unheard(kept, joined, discards=discards), newest, discards=flag)
            discards = flag
        newest += 1
        if discards:
            silent.add(newest)
        told = v.unheard(kept, joined, discards=discards)
        covered = {s for s in range(1, newest + 1) for low, high in told if low <= s <= (high or s)}
        assert silent <= covered
        assert len(kept) <= v.UNHEARD_MAX
        if len(told) < v.UNHEARD_MAX:
            assert silent == covered


def test_an_administrator_sees_erased_messages_as_such() -> None:  # AB-04, MS-10
    kit = Kit(before_joining=False, stored=True)
    kit.act("send", OWNER, OWNER, 0)
    kit.act("erase", OWNER, OWNER, 0)
    found = kit.do(c.ReadHistory("app", True, 0, 0, 10, False, 0, 0))
    (page,) = kit.store.store.answer_all([found])
    assert isinstance(page, o.Page)
    assert [m.state for m in page.messages] == [MessageState.DELETED]
