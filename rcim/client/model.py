"""What the SDK hands to the app: results, messages, events."""

from __future__ import annotations

from dataclasses import dataclass, field

from rcim.base.terms import (
    BROADCAST_ALL,
    GROUP_PREFIX,
    HeldBack,
    JoinStatus,
    MessageState,
    Priority,
    group_conversation,
    is_group,
    other_of,
    pair_conversation,
    pair_of,
)
from rcim.base.texts import check_text
from rcim.content import elements
from rcim.content.elements import GroupTip
from rcim.wire import frames


@dataclass(frozen=True, slots=True)
class User:
    """With whom a one-to-one conversation is (C2-01). `of`: whose, for app administrators; empty: one's own."""

    user_id: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class Broadcasts:
    """The conversation in which all users get the broadcasts of the app (SY-03)."""


BROADCASTS = Broadcasts()
Where = str | User | Broadcasts
"""A conversation as the app names it: the group's id, the other user, or BROADCASTS."""


def conversation_of(where: Where, own: str) -> str:
    """The conversation id of what the user `own` calls so. Raises RcimError(BAD_PARAMETER) if it is no UTF-8."""
    if isinstance(where, User):
        return pair_conversation(check_text("user id", where.of or own), check_text("user id", where.user_id))
    if isinstance(where, Broadcasts):
        return BROADCAST_ALL
    return group_conversation(check_text("group id", where))


def peer_of(conversation: str, own: str) -> str:
    """Whom the user `own` talks with in a one-to-one conversation; empty for a group, and for one of others."""
    pair = pair_of(conversation)
    return other_of(pair, own) if pair is not None and own in pair else ""


def where_of(conversation: str, own: str) -> Where:
    """A conversation as the user `own` names it; of others', as an app administrator does."""
    if conversation == BROADCAST_ALL:
        return BROADCASTS
    pair = pair_of(conversation)
    if pair is None:
        return conversation.removeprefix(GROUP_PREFIX)
    return User(other_of(pair, own)) if own in pair else User(pair[1], of=pair[0])


class InConversation:
    """What is in a conversation. `conversation` is its id, `peer` the other user of a one-to-one conversation."""

    __slots__ = ()
    conversation: str
    peer: str

    @property
    def group_id(self) -> str:
        """The group's id; empty in a one-to-one conversation."""
        return self.conversation.removeprefix(GROUP_PREFIX) if is_group(self.conversation) else ""

    @property
    def where(self) -> Where:
        """The conversation, as the client's methods take it."""
        return User(self.peer) if self.peer else where_of(self.conversation, "")


@dataclass(frozen=True, slots=True)
class SendResult:
    """MS-02. `duplicate`: it had been accepted before (this was a repeat). SEQ 0: it was accepted and goes to nobody;
    `held_back` says why where that is told (FC-05)."""

    seq: int
    time_ms: int
    message_id: int
    duplicate: bool
    held_back: HeldBack = HeldBack.NO


@dataclass(frozen=True, slots=True)
class JoinResult:
    """GR-05. With WAITING the user is not a member yet; `newest_seq` is the newest SEQ at that moment."""

    status: JoinStatus
    newest_seq: int
    member_num: int


@dataclass(frozen=True, slots=True)
class Message(InConversation):
    """An ordinary message (MS-01, MS-04)."""

    conversation: str
    seq: int
    time_ms: int
    message_id: int
    priority: Priority
    sender: str
    nickname: str
    face_url: str
    name_card: str
    client_msg_id: str
    elements: tuple[elements.Element, ...]
    user_fields: dict[str, bytes] = field(default_factory=dict)
    member_fields: dict[str, bytes] = field(default_factory=dict)
    type_name: str = ""
    to: tuple[str, ...] = ()
    """Whom alone it is for (MS-07)."""
    mentions: tuple[str, ...] = ()
    mentions_all: bool = False
    cloud_data: bytes = b""
    state: MessageState = MessageState.AS_SENT
    """RECALLED and DELETED ones have no elements."""
    changed_ms: int = 0
    changed_by: str = ""
    peer: str = ""
    group_fields: dict[str, bytes] = field(default_factory=dict)
    expires_ms: int = 0
    """Of a broadcast: when it is an offline message no more (SY-06); 0: it is none."""
    system_conversation: str = ""
    """Of a broadcast: through which system conversation it was sent, if it was."""

    @property
    def tip(self) -> GroupTip | None:
        """What has happened in the group, if the message says that (GT-15)."""
        return next((e for e in self.elements if isinstance(e, GroupTip)), None)

    def counts_for(self, own: str) -> bool:
        """RX-08: it is another's, for all, says something, and is no broadcast for users who are online only. Of a type
        of its own only the server knows."""
        says = self.state in (MessageState.AS_SENT, MessageState.EDITED)
        passing = 0 < self.expires_ms <= self.time_ms
        return says and not passing and not self.to and self.sender != own

    @property
    def text(self) -> str:
        """The text elements, joined."""
        return "".join(e.text for e in self.elements if isinstance(e, elements.Text))

    @property
    def display_name(self) -> str:
        """Name card before nickname before id."""
        return self.name_card or self.nickname or self.sender


def message_of(conversation: str, m: frames.Message, own: str) -> Message:
    """A message from the wire as the app of the user `own` gets it. Elements newer than this program are left out."""
    return Message(
        conversation=conversation,
        seq=m.seq,
        time_ms=m.time_ms,
        message_id=m.message_id,
        priority=m.priority,
        sender=m.sender,
        nickname=m.nickname,
        face_url=m.face_url,
        name_card=m.name_card,
        client_msg_id=m.client_msg_id,
        elements=tuple(elements.decode_body(m.body)),
        user_fields={f.key: f.value for f in m.user_fields},
        member_fields={f.key: f.value for f in m.member_fields},
        type_name=m.type_name,
        to=tuple(m.to),
        mentions=tuple(m.mentions),
        mentions_all=m.mentions_all,
        cloud_data=m.cloud_data,
        state=m.state,
        changed_ms=m.changed_ms,
        changed_by=m.changed_by,
        group_fields={f.key: f.value for f in m.group_fields},
        peer=peer_of(conversation, own),
        expires_ms=m.expires_ms,
        system_conversation=m.system_conversation,
    )
