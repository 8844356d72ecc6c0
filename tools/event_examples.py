"""One example of each kind of event, for protocol-spec/events.md and the tests."""

from __future__ import annotations

import msgspec
from rcim_tools.example_values import HELLO_TEXT, TIME

from rcim.actor import events as ev
from rcim.actor.applications import Application
from rcim.actor.records import Member, Message, MessageOptions, Profile, bare_profile
from rcim.actor.user_records import UserProfile
from rcim.base.terms import (
    ApplicationState,
    ChangeKind,
    DeviceEnd,
    Gender,
    GoneReason,
    MessageState,
    Platform,
    Priority,
    Role,
    UserList,
)
from rcim.rules.targets import Labels, Target
from rcim.store.event_log import KeptEvent

HISTORY = 0x6A1F03
PAIR = ev.ConversationFacts("c:5:alice:bob", "C2C", "", "", 2)
GROUP = ev.ConversationFacts("g:chess", "Public", "Chess", "alice", 2)
PAIR = ev.ConversationFacts("c:5:alice:bob", "C2C", "", "", 2)
BROADCASTS = ev.ConversationFacts("b:all", "Broadcast", "", "", 0)
PROFILE: Profile = msgspec.structs.replace(
    bare_profile("Public", "chess"),
    name="Chess",
    owner="alice",
    creator="alice",
    create_time_ms=TIME,
    fields={"level": b"club"},
    attributes=b'{"room":3}',
)
MESSAGE = Message(
    seq=7,
    time_ms=TIME,
    message_id=(12 << 48) + 345,
    priority=Priority.NORMAL,
    sender="alice",
    nickname="Alice",
    face_url="",
    name_card="",
    client_msg_id="c-0001",
    body=HELLO_TEXT,
    member_fields=(("level", b"club"), ("avatar", b"\xff\xd8")),
    extra=MessageOptions(mentions=("bob",), cloud_data=b"v=1"),
)
_SAID = Message(7, TIME, 1, Priority.NORMAL, "app", "", "", "", "b-1", HELLO_TEXT)
BROADCAST: Message = msgspec.structs.replace(
    _SAID,
    extra=MessageOptions(expires_ms=TIME + 86_400_000, target=Target(attributes_any=(("city", "Oslo"),))),
)

EXAMPLES: tuple[ev.AnyEvent, ...] = (
    ev.MessagePassed(TIME, GROUP, MESSAGE),
    ev.MessageWithheld(TIME, GROUP, "bob", "c-0002", Priority.LOW, HELLO_TEXT, "frequency control"),
    ev.MessageRecalled(TIME, GROUP, MESSAGE.removed(MessageState.RECALLED, TIME, "alice"), "alice"),
    ev.MessageEdited(
        TIME, GROUP, msgspec.structs.replace(MESSAGE, state=MessageState.EDITED, changed_ms=TIME), "alice"
    ),
    ev.MessageDeleted(TIME, GROUP, "bob", "alice", 6),
    ev.GroupCreated(TIME, GROUP, PROFILE, [Member("alice", Role.OWNER, TIME, 0, "")], "alice"),
    ev.GroupDissolved(TIME, GROUP, "alice"),
    ev.GroupChanged(TIME, GROUP, PROFILE, ["name"], "alice"),
    ev.GroupFull(TIME, GROUP),
    ev.MembersEntered(TIME, GROUP, ["bob"], ChangeKind.INVITED, "alice"),
    ev.MembersGone(TIME, GROUP, ["bob"], GoneReason.KICKED, "alice", "", blocked=True),
    ev.ApplicationMade(TIME, GROUP, "carol", "Please"),
    ev.ApplicationDecided(
        TIME,
        GROUP,
        Application("carol", "g:chess", TIME, "Please", ApplicationState.APPROVED, TIME, "alice", "Welcome"),
    ),
    ev.ProfileChanged(
        TIME,
        "bob",
        UserProfile("Bob", gender=Gender.MALE, fields={"city": b"Oslo"}, labels=Labels(("vip",), {"city": "Oslo"})),
        "bob",
    ),
    ev.SessionChanged(TIME, "bob", Platform.WEB, DeviceEnd.TIME_OUT),
    ev.BroadcastSent(TIME, BROADCASTS, BROADCAST),
    ev.BroadcastRecalled(TIME, BROADCASTS, BROADCAST.removed(MessageState.RECALLED, TIME, "app"), "app"),
    ev.PairRead(TIME, PAIR, "bob", "alice", 7),
    ev.UserListChanged(TIME, "bob", UserList.BLACK, ["mallory"], [], "bob"),
    ev.MemberStateChanged(TIME, GROUP, ["bob"], False),
    ev.TransientPassed(TIME, GROUP, msgspec.structs.replace(MESSAGE, seq=0), "", Platform.WEB),
    ev.MessageBlocked(TIME, GROUP, "bob", "c-0003", HELLO_TEXT),
    ev.PushTested(TIME, "bob", "A test", "Does it arrive?"),
)


def kept(event: ev.AnyEvent) -> KeptEvent:
    """An event with a place."""
    return KeptEvent(12, 345, event)
