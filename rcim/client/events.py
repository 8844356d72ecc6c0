"""Events: what the SDK tells the app of besides messages."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.base.errors import RcimError
from rcim.base.terms import GoneReason, OwnChange
from rcim.client.model import InConversation, Message, SendResult, message_of, peer_of
from rcim.content import elements
from rcim.wire import frames


@dataclass(frozen=True, slots=True)
class GroupEvent:
    """The group is no longer there for this user; `operator` and `text` if somebody said why."""

    group_id: str
    reason: GoneReason
    operator: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChangesEvent:
    """What has happened in a group, where its notices are weak (GT-15)."""

    group_id: str
    changes: tuple[frames.GroupChange, ...]


@dataclass(frozen=True, slots=True)
class ApplicationEvent:
    """Somebody applies to join a group that this user decides for (GR-05)."""

    group_id: str
    user_id: str
    text: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class InvitationEvent:
    """Somebody wants to add this user to a group, and it is asked first (GT-07)."""

    group_id: str
    name: str
    by: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class DecisionEvent:
    """An application, of this user or in a group that it decides for, was decided (GR-05)."""

    group_id: str
    user_id: str
    approved: bool
    operator: str
    text: str


@dataclass(frozen=True, slots=True)
class EnteredEvent:
    """This user is in a group from now on: it has joined, here or on another device, or `operator` has put it in
    (GR-07)."""

    group_id: str
    type_: str
    name: str
    face_url: str
    newest_seq: int
    operator: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class MuteEvent:
    """This user, or with `everyone` the whole group, may not send until then, or may again with 0 (SC-09). An empty
    `group_id`: in all chat rooms."""

    group_id: str
    until_ms: int
    operator: str
    everyone: bool


@dataclass(frozen=True, slots=True)
class NoticeEvent:
    """A system notice of the app (MS-05)."""

    group_id: str
    time_ms: int
    elements: tuple[elements.Element, ...]


@dataclass(frozen=True, slots=True)
class TransientEvent(InConversation):
    """A transient message (MS-08): somebody is typing, a status."""

    conversation: str
    message: Message
    peer: str = ""


@dataclass(frozen=True, slots=True)
class ChangedEvent(InConversation):
    """A message that was given to the app is now this one: edited, recalled or deleted (MS-10)."""

    conversation: str
    message: Message
    peer: str = ""


@dataclass(frozen=True, slots=True)
class ErasedEvent(InConversation):
    """All messages of a sender up to `to_seq` are deleted (MS-10)."""

    conversation: str
    sender: str
    to_seq: int
    peer: str = ""


@dataclass(frozen=True, slots=True)
class HiddenEvent(InConversation):
    """The user has deleted messages for itself, here or on another device: these, and all up to `to_seq` (MS-10). Or
    all up to there were deleted for everyone (UG-04)."""

    conversation: str
    seqs: tuple[int, ...]
    to_seq: int
    peer: str = ""


@dataclass(frozen=True, slots=True)
class ReadEvent(InConversation):
    """A user has read up to `seq`: this one, here or on another device, or the other one of a one-to-one conversation
    (RX-08, MS-11). Who sends has read up to its own message (RX-11): then there is that message, and no event."""

    conversation: str
    user_id: str
    seq: int
    time_ms: int
    peer: str = ""


@dataclass(frozen=True, slots=True)
class ListEvent(InConversation):
    """The list of conversations is another one: some have come, gone, been read, pinned, removed (RX-09)."""

    conversation: str = ""
    peer: str = ""


@dataclass(frozen=True, slots=True)
class RereadEvent(InConversation):
    """What is shown of a conversation is to be read again: more of its messages have changed while the client was away
    than it was told of (MS-10), or the server was restored from a backup, and holds other messages now (RX-03)."""

    conversation: str
    peer: str = ""


@dataclass(frozen=True, slots=True)
class PostedEvent(InConversation):
    """A message of the outbox is sent, or is refused and will never be: one of `result` and `error` is there."""

    conversation: str
    client_msg_id: str
    result: SendResult | None
    error: RcimError | None
    peer: str = ""


@dataclass(frozen=True, slots=True)
class PresenceEvent:
    """What users do now who are watched (ID-07)."""

    users: tuple[frames.PresenceEntry, ...]


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """The user has set something of its own, here or on another device (ID-05)."""

    what: OwnChange


@dataclass(frozen=True, slots=True)
class AttributesEvent:
    """Attributes of a room were set or removed (CR-03)."""

    group_id: str
    changes: tuple[frames.RoomAttribute, ...]


Event = (
    AttributesEvent
    | PostedEvent
    | PresenceEvent
    | OwnEvent
    | ListEvent
    | RereadEvent
    | TransientEvent
    | ChangedEvent
    | ErasedEvent
    | HiddenEvent
    | ReadEvent
    | GroupEvent
    | ChangesEvent
    | ApplicationEvent
    | InvitationEvent
    | DecisionEvent
    | EnteredEvent
    | MuteEvent
    | NoticeEvent
)
Told = (
    frames.GroupChanges
    | frames.JoinRequested
    | frames.GroupInvited
    | frames.JoinDecided
    | frames.GroupEntered
    | frames.MuteChanged
    | frames.Notice
    | frames.Transient
    | frames.MessagesErased
    | frames.MessagesHidden
    | frames.HistoryTrimmed
    | frames.MessagesRead
    | frames.PresenceChanged
    | frames.OwnChanged
    | frames.RoomAttributesChanged
)
"""Pushes that become an event as they are."""


def event_of(push: Told, own: str) -> Event:
    """A push as the app of the user `own` gets it."""
    if isinstance(push, frames.HistoryTrimmed):
        return HiddenEvent(push.conversation, (), push.first_seq - 1, peer_of(push.conversation, own))
    if isinstance(push, frames.Transient | frames.MessagesErased | frames.MessagesHidden | frames.MessagesRead):
        return _event_in(push, push.conversation, peer_of(push.conversation, own), own)
    if isinstance(push, frames.PresenceChanged):
        return PresenceEvent(tuple(push.users))
    if isinstance(push, frames.OwnChanged):
        return OwnEvent(push.what)
    if isinstance(push, frames.RoomAttributesChanged):
        return AttributesEvent(push.group_id, tuple(push.attributes))
    if isinstance(push, frames.GroupChanges):
        return ChangesEvent(push.group_id, tuple(push.changes))
    if isinstance(push, frames.JoinRequested):
        return ApplicationEvent(push.group_id, push.user_id, push.text, push.time_ms)
    if isinstance(push, frames.GroupInvited):
        return InvitationEvent(push.group_id, push.name, push.by, push.time_ms)
    if isinstance(push, frames.JoinDecided):
        return DecisionEvent(
            group_id=push.group_id,
            user_id=push.user_id,
            approved=push.approved,
            operator=push.operator,
            text=push.text,
        )
    if isinstance(push, frames.GroupEntered):
        return EnteredEvent(
            group_id=push.group_id,
            type_=push.type_,
            name=push.name,
            face_url=push.face_url,
            newest_seq=push.newest_seq,
            operator=push.operator,
            time_ms=push.time_ms,
        )
    if isinstance(push, frames.MuteChanged):
        return MuteEvent(push.group_id, push.until_ms, push.operator, push.everyone)
    return NoticeEvent(push.group_id, push.time_ms, tuple(elements.decode_body(push.body)))


def _event_in(
    push: frames.Transient | frames.MessagesErased | frames.MessagesHidden | frames.MessagesRead,
    key: str,
    peer: str,
    own: str,
) -> Event:
    match push:
        case frames.Transient():
            return TransientEvent(key, message_of(key, push.messages[0], own), peer)
        case frames.MessagesErased():
            return ErasedEvent(key, push.sender, push.to_seq, peer)
        case frames.MessagesHidden():
            return HiddenEvent(key, tuple(entry.seq for entry in push.messages), push.to_seq, peer)
        case frames.MessagesRead():
            return ReadEvent(conversation=key, user_id=push.user_id, seq=push.seq, time_ms=push.time_ms, peer=peer)
