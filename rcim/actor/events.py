"""Events: facts about what has happened, for consumers such as the app's back end (docs/adr/0023).

An event has everything that a consumer needs, so that the consumer reads nothing else. It is stored in the append of its
records, and only if a consumer wants its kind (`AppState.wanted_events`). Because events are stored, fields are only
added at the end, with a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import get_args

import msgspec

from rcim.actor.applications import Application
from rcim.actor.records import Member, Message, MessageOptions, Profile
from rcim.actor.user_records import UserProfile
from rcim.base.terms import ChangeKind, DeviceEnd, GoneReason, Platform, Priority, PushLevel, UserList


class EventKind(IntEnum):
    """The kinds of events that a consumer can want. The numbers are the tags of the stored events."""

    MESSAGE_PASSED = 1
    MESSAGE_WITHHELD = 2
    MESSAGE_RECALLED = 3
    MESSAGE_EDITED = 4
    MESSAGE_DELETED = 5
    GROUP_CREATED = 6
    GROUP_DISSOLVED = 7
    GROUP_CHANGED = 8
    GROUP_FULL = 9
    MEMBERS_ENTERED = 10
    MEMBERS_GONE = 11
    APPLICATION_MADE = 12
    APPLICATION_DECIDED = 13
    PROFILE_CHANGED = 14
    SESSION_CHANGED = 15
    BROADCAST_SENT = 30
    BROADCAST_RECALLED = 31
    PAIR_READ = 32
    USER_LIST_CHANGED = 33
    MEMBER_STATE_CHANGED = 34
    TRANSIENT_PASSED = 35
    MESSAGE_BLOCKED = 50
    PUSH_TESTED = 54


DISSOLVED_MEMBERS_MAX = 1000
"""Members that the event of a dissolved group names, at 15 bytes each."""
OF_USERS = frozenset(
    {
        EventKind.PROFILE_CHANGED,
        EventKind.SESSION_CHANGED,
        EventKind.USER_LIST_CHANGED,
        EventKind.PUSH_TESTED,
    }
)
"""Kinds without a conversation: consumers that want only these cost conversations nothing."""


class ConversationFacts(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The conversation, as it was after the event; for a dissolved group, as it was before."""

    key: str
    type: str
    """C2C for a conversation of two users."""
    name: str
    owner: str
    member_num: int


class Event(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """`time_ms` is the trusted time when it happened, in milliseconds since 1970."""

    time_ms: int


class InConversation(Event, frozen=True, gc=False, array_like=True):
    """An event of a conversation."""

    where: ConversationFacts


class MessagePassed(InConversation, frozen=True, gc=False, array_like=True, tag=1):
    """A message was sent and has its SEQ. Notices in a group's history (GT-15) have no such event: the change that they
    announce has its own.

    UG-03: the event has what is the same for all who may get a push: the message, which says whom it mentions, and what
    is set for the conversation and for the ultra group that it is a channel of. What members have set themselves is not
    in it, since there may be a million of them. GROUP_MEMBER_GET shows the level that is in force for each, and
    `rules/push_level.py` says whether a member with that level gets a push. A member who has set nothing has the level
    that follows from the two here.
    """

    message: Message
    push_level: PushLevel = PushLevel.AS_ABOVE
    """What is set for all members of the conversation."""
    group_push_level: PushLevel = PushLevel.AS_ABOVE
    """In a channel: what is set for all members of its ultra group."""
    operator: str = ""
    """The app administrator who has sent it in the sender's name (MS-06); empty: the sender, or it is not known."""
    platform: Platform | None = None
    """Of the device that has sent it; None: it is not known, such as after a wait (FC-03)."""
    by_app: bool = False
    """An app administrator has sent it."""
    words_replaced: bool = False
    """The word filter has replaced words of it (SC-05)."""
    address: str = ""
    """The address that it was sent from, without the port; empty: it is not known, or not to be told
    (`app.client_addresses`)."""


class MessageWithheld(InConversation, frozen=True, gc=False, array_like=True, tag=2):
    """A message was accepted, but nobody gets it: frequency control held it back (FC-05), or the app dropped it."""

    sender: str
    client_msg_id: str
    priority: Priority
    body: bytes
    reason: str
    extra: MessageOptions | None = None
    transient: bool = False
    operator: str = ""
    """As in MessagePassed."""
    platform: Platform | None = None
    address: str = ""


class MessageRecalled(InConversation, frozen=True, gc=False, array_like=True, tag=3):
    """A message was recalled (MS-10). It comes as it is now, without its content."""

    message: Message
    operator: str
    type_name: str = ""
    """Its type (MS-09); empty: it has none, or it is not known any more."""


class MessageEdited(InConversation, frozen=True, gc=False, array_like=True, tag=4):
    """A message was edited (MS-10). It comes as it is now."""

    message: Message
    operator: str


class MessageDeleted(InConversation, frozen=True, gc=False, array_like=True, tag=5):
    """A message was deleted for all, or all messages of a sender up to a SEQ (MS-10)."""

    sender: str
    operator: str
    seq: int
    """The SEQ of the message; with `all_up_to`, of the newest one."""
    all_up_to: bool = False
    type_name: str = ""
    """As in MessageRecalled."""
    message: Message | None = None
    """Of one message: as it is now, without its content."""


class GroupCreated(InConversation, frozen=True, gc=False, array_like=True, tag=6):
    """A group was created or imported (GR-01, GR-08)."""

    profile: Profile
    members: list[Member]
    operator: str


class GroupDissolved(InConversation, frozen=True, gc=False, array_like=True, tag=7):
    """A group was dissolved (GR-01). `silently`: it was idle or empty for too long (GT-24), and members are not told."""

    operator: str
    silently: bool = False
    empty: bool = False
    """CR-04: nobody had been in it for too long."""
    members: list[str] = []
    """Who was in it, at most DISSOLVED_MEMBERS_MAX (`where` has the number); none where the members are not all in
    memory."""
    channels: list[str] = []
    """UG-02: the names of the channels that have ended with it. They have no event of their own."""


class GroupChanged(InConversation, frozen=True, gc=False, array_like=True, tag=8):
    """A group's profile was changed to this; `what` names the changed fields."""

    profile: Profile
    what: list[str]
    operator: str


class GroupFull(InConversation, frozen=True, gc=False, array_like=True, tag=9):
    """The last place in a group was taken (GT-12)."""


class MembersEntered(InConversation, frozen=True, gc=False, array_like=True, tag=10):
    """Users have become members; `how` says whether they joined or were invited."""

    users: list[str]
    how: ChangeKind
    operator: str
    """The user who added or approved them; users who join are their own operator. Empty: the app."""
    approved: bool = False
    """GR-05: they had applied, and the operator has approved it."""


class MembersGone(InConversation, frozen=True, gc=False, array_like=True, tag=11):
    """Members have left. The end of a group has its own event, and this one does not come then."""

    users: list[str]
    reason: GoneReason
    operator: str
    text: str
    blocked: bool = False
    """GR-11: who was removed (KICKED) may not come back for a time."""


class ApplicationMade(InConversation, frozen=True, gc=False, array_like=True, tag=12):
    """A user applies to join (GR-05)."""

    user_id: str
    text: str


class ApplicationDecided(InConversation, frozen=True, gc=False, array_like=True, tag=13):
    """An application was approved or refused (GR-12)."""

    application: Application


class ProfileChanged(Event, frozen=True, gc=False, array_like=True, tag=14):
    """A user's profile was changed to this, or the account was deleted (ID-09)."""

    user_id: str
    profile: UserProfile
    operator: str
    what: list[str] = []
    """The fields that have changed; those of custom fields as `fields.KEY`."""


class SessionChanged(Event, frozen=True, gc=False, array_like=True, tag=15):
    """A device has logged in, or its session has ended (ID-07). A login has no `end`."""

    user_id: str
    platform: Platform
    end: DeviceEnd | None
    replaced: tuple[Platform, ...] = ()
    """The devices that were closed because of it (ID-04)."""
    tag: str = ""
    """What the device calls itself; empty: nothing."""
    comes_back: bool = False
    """Of a login: it continues a session."""
    connection_id: int = 0
    """That of the device; 0 where it is not known."""
    address: str = ""
    """The device's address, as in MessagePassed."""
    replaced_tags: tuple[str, ...] = ()
    """What the `replaced` ones call themselves."""
    by_app: bool = False
    """Of an end: the app has logged the device out."""


class BroadcastSent(InConversation, frozen=True, gc=False, array_like=True, tag=30):
    """A broadcast was sent (SY-03, SY-04). Its sender, body, target and expiry are in the message. It has no other
    event."""

    message: Message


class BroadcastRecalled(InConversation, frozen=True, gc=False, array_like=True, tag=31):
    """A broadcast was recalled or deleted. The message as it is now, without its content."""

    message: Message
    operator: str


class PairRead(InConversation, frozen=True, gc=False, array_like=True, tag=32):
    """In a one-to-one conversation `reader` has read what `peer` has sent, up to this SEQ (MS-11)."""

    reader: str
    peer: str
    seq: int


class UserListChanged(Event, frozen=True, gc=False, array_like=True, tag=33):
    """Users were put on the black or white list of `user_id`, or taken off it (SC-07)."""

    user_id: str
    which: UserList
    added: list[str]
    removed: list[str]
    operator: str


class MemberStateChanged(InConversation, frozen=True, gc=False, array_like=True, tag=34):
    """Members of a chat room are no longer online, or are online again (CR-01). They have not left it."""

    users: list[str]
    online: bool


class TransientPassed(InConversation, frozen=True, gc=False, array_like=True, tag=35):
    """A transient message was sent to who is online (MS-08). It has no SEQ."""

    message: Message
    operator: str = ""
    """As in MessagePassed."""
    platform: Platform | None = None
    address: str = ""


class MessageBlocked(InConversation, frozen=True, gc=False, array_like=True, tag=50):
    """A message was refused because of its words (SC-05). It has no SEQ, and nobody got it."""

    sender: str
    client_msg_id: str
    body: bytes
    type_name: str = ""
    by_app: bool = False
    """An app administrator has sent it."""
    platform: Platform | None = None
    """As in MessagePassed."""
    address: str = ""


class PushTested(Event, frozen=True, gc=False, array_like=True, tag=54):
    """An app administrator sends all devices of a user a push, to see whether it arrives (PU-01)."""

    user_id: str
    title: str
    text: str


AnyEvent = (
    MessagePassed
    | MessageWithheld
    | MessageRecalled
    | MessageEdited
    | MessageDeleted
    | GroupCreated
    | GroupDissolved
    | GroupChanged
    | GroupFull
    | MembersEntered
    | MembersGone
    | ApplicationMade
    | ApplicationDecided
    | ProfileChanged
    | SessionChanged
    | BroadcastSent
    | BroadcastRecalled
    | PairRead
    | UserListChanged
    | MemberStateChanged
    | TransientPassed
    | MessageBlocked
    | PushTested
)


def kind_of(event: AnyEvent) -> EventKind:
    """The kind of each event."""
    return _KINDS[type(event)]


def type_name_of(event: AnyEvent) -> str | None:
    """The type (MS-09) of the message that the event is about, empty for one without; None: it is about no message, or
    about several."""
    match event:
        case MessagePassed() | MessageEdited() | TransientPassed() | BroadcastSent():
            return event.message.extra.type_name if event.message.extra is not None else ""
        case MessageWithheld():
            return event.extra.type_name if event.extra is not None else ""
        case MessageRecalled() | MessageBlocked():
            return event.type_name
        case MessageDeleted():
            return None if event.all_up_to else event.type_name
        case _:
            return None


def key_of(event: AnyEvent) -> str:
    """Of what the events have to come in their order (CB-04): the conversation's key, or the user's id."""
    return event.where.key if isinstance(event, InConversation) else event.user_id


_KINDS: Mapping[type, EventKind] = {event: EventKind(event.__struct_config__.tag) for event in get_args(AnyEvent)}
