"""Who gets a push of a message (PU-01, MS-09, RX-01, RX-02, UG-03, ID-07): every row of the table of reasons."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from rcim.actor.events import BroadcastSent, ConversationFacts, MessagePassed
from rcim.actor.records import Member, Message, MessageOptions
from rcim.base.terms import MessageState, MsgFlag, Presence, Priority, PushLevel, Role
from rcim.outbox.push.decision import Reason, When, expires_ms, of_message, of_user
from rcim.rules.message_types import BUILT_IN, CONTENT, MessageType
from rcim.rules.push_info import PushInfo
from rcim.rules.quiet import QuietHours
from rcim.store.push_answers import PushTarget

NOW = 1_700_000_000_000
WHERE = ConversationFacts("g:g", "Public", "Team", "alice", 3)
MESSAGE = Message(7, NOW, 1, Priority.NORMAL, "alice", "Alice", "", "", "c1", b"")
MEMBER = Member("bob", Role.MEMBER, 1, 0, "")
BOB = PushTarget("bob", MEMBER, QuietHours(), False, True, [])
ALL_DAY = QuietHours(0, 1439)


def event(push_level: PushLevel = PushLevel.AS_ABOVE, group: PushLevel = PushLevel.AS_ABOVE, **extra: Any) -> Any:
    message = msgspec.structs.replace(MESSAGE, extra=MessageOptions(**extra)) if extra else MESSAGE
    return MessagePassed(NOW, WHERE, message, push_level, group)


@dataclass(frozen=True)
class Case:
    """A row: who gets it, or why not."""

    why: Reason | None
    said: Any = field(default_factory=event)
    user: PushTarget = BOB
    member: dict[str, Any] = field(default_factory=dict)
    presence: Presence = Presence.OFFLINE
    when: When = When.BACKGROUND


MENTIONED = event(mentions=("bob",))
QUIET = MsgFlag.ACCEPT_NOT_NOTIFY
CASES = [
    Case(None),
    Case(None, said=event(to=("bob",))),
    Case(None, member={"read_seq": 6, "joined_seq": 6}),
    Case(Reason.SENDER, user=msgspec.structs.replace(BOB, user_id="alice")),
    Case(Reason.NOT_FOR_USER, said=event(to=("carol",))),
    Case(Reason.NOT_FOR_USER, member={"joined_seq": 7}),
    Case(Reason.NOT_FOR_USER, user=msgspec.structs.replace(BOB, shown=False)),
    Case(Reason.READ, member={"read_seq": 7}),
    Case(Reason.READ, member={"cleared_seq": 7}),
    Case(Reason.BLACK_LISTED, user=msgspec.structs.replace(BOB, black_listed=True)),
    Case(Reason.MSG_FLAG, member={"msg_flag": QUIET}),
    Case(Reason.MSG_FLAG, member={"msg_flag": MsgFlag.DISCARD}),
    Case(Reason.MSG_FLAG, said=MENTIONED, member={"msg_flag": QUIET}),
    Case(Reason.PUSH_LEVEL, member={"push_level": PushLevel.NONE}, said=MENTIONED),
    Case(Reason.PUSH_LEVEL, member={"push_level": PushLevel.MENTIONS}),
    Case(None, member={"push_level": PushLevel.MENTIONS}, said=MENTIONED),
    Case(None, member={"push_level": PushLevel.MENTIONS}, said=event(mentions_all=True)),
    Case(Reason.PUSH_LEVEL, said=event(PushLevel.MENTIONS)),
    Case(Reason.PUSH_LEVEL, said=event(PushLevel.AS_ABOVE, PushLevel.NONE)),
    Case(None, said=event(PushLevel.ALL, PushLevel.NONE)),
    Case(None, said=event(PushLevel.NONE), member={"push_level": PushLevel.ALL}),
    Case(Reason.PUSH_LEVEL, said=event(PushLevel.ALL), member={"group_push_level": PushLevel.NONE}),
    Case(Reason.QUIET_HOURS, user=msgspec.structs.replace(BOB, quiet=ALL_DAY)),
    Case(Reason.QUIET_HOURS, user=msgspec.structs.replace(BOB, quiet=ALL_DAY), said=MENTIONED),
    Case(Reason.IN_USE, presence=Presence.ONLINE),
    Case(None, presence=Presence.BACKGROUND),
    Case(Reason.IN_USE, presence=Presence.BACKGROUND, when=When.OFFLINE),
    Case(Reason.IN_USE, presence=Presence.ONLINE, when=When.OFFLINE),
    Case(None, presence=Presence.OFFLINE, when=When.OFFLINE),
    Case(None, presence=Presence.ONLINE, when=When.ALWAYS),
    Case(None, said=BroadcastSent(NOW, WHERE, MESSAGE)),
]


@pytest.mark.parametrize("case", CASES)
def test_of_a_user(case: Case) -> None:
    user = case.user
    if case.member:
        user = msgspec.structs.replace(user, member=msgspec.structs.replace(MEMBER, **case.member))
    assert of_user(case.said, user, case.presence, case.when, NOW) is case.why


def test_every_reason_against_a_user_has_a_row() -> None:
    of_all = {Reason.TYPE_NOT_PUSHED, Reason.SWITCHED_OFF, Reason.EXPIRED, Reason.GONE, Reason.HOOK}
    assert {case.why for case in CASES} - {None} == set(Reason) - of_all


def altered(state: MessageState) -> Any:
    return MessagePassed(NOW, WHERE, msgspec.structs.replace(MESSAGE, state=state))


@pytest.mark.parametrize(
    ("said", "type_", "group_pushed", "later_s", "why"),
    [
        (event(), CONTENT, True, 0, None),
        (event(), CONTENT, False, 0, Reason.TYPE_NOT_PUSHED),
        (event(), BUILT_IN["RC:InfoNtf"], True, 0, Reason.TYPE_NOT_PUSHED),
        (event(), replace(BUILT_IN["RC:InfoNtf"], pushed=True), True, 0, None),
        (event(push=PushInfo(off=True)), CONTENT, True, 0, Reason.SWITCHED_OFF),
        (event(), CONTENT, True, 99, None),
        (event(), CONTENT, True, 100, Reason.EXPIRED),
        (event(push=PushInfo(life_s=10)), CONTENT, True, 10, Reason.EXPIRED),
        (event(push=PushInfo(life_s=200)), CONTENT, True, 199, None),
        (event(expires_ms=NOW + 5000), CONTENT, True, 5, Reason.EXPIRED),
        (altered(MessageState.RECALLED), CONTENT, True, 0, Reason.GONE),
        (altered(MessageState.DELETED), CONTENT, True, 0, Reason.GONE),
        (altered(MessageState.EDITED), CONTENT, True, 0, None),
    ],
)
def test_of_a_message(said: Any, type_: MessageType, group_pushed: bool, later_s: int, why: Reason | None) -> None:
    now_ms = NOW + 1000 * later_s
    assert of_message(said, type_, group_pushed=group_pushed, now_ms=now_ms, life_s=100) is why


def test_when_a_push_expires() -> None:  # PU-01, PU-04, SY-06
    assert expires_ms(event().message, 60) == NOW + 60_000
    assert expires_ms(event(push=PushInfo(life_s=5)).message, 60) == NOW + 5000
    assert expires_ms(event(expires_ms=9, push=PushInfo(life_s=5)).message, 60) == 9
