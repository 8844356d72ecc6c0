"""What connections are sent, as typed values, and how an adapter makes bytes of them.

The owner of the conversations hands out messages and notices as typed values. Each connection has a codec, that of its
adapter. What goes to many connections is encoded once for each codec among them (`Encoded`, audience.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from rcim.actor.effects import Notice
from rcim.actor.records import Change, Message
from rcim.base.limited_log import LimitedLog
from rcim.base.terms import GoneReason, MessageState
from rcim.store.connection_answers import PresenceRow

log = LimitedLog("rcim.connect")


class ConversationLeft(msgspec.Struct, frozen=True, gc=False):
    """The user gets nothing more of the conversation: left, removed, or it has ended."""

    reason: GoneReason
    operator: str = ""
    text: str = ""


class ConversationHeads(msgspec.Struct, frozen=True, gc=False):
    """RX-05: how far conversations are: the key and the newest SEQ of each."""

    rows: Sequence[tuple[str, int]]


class MessagesMissed(msgspec.Struct, frozen=True, gc=False):
    """RX-05, RX-07: messages from the first to the last SEQ may not have been delivered; the client is to ask."""

    from_seq: int
    newest_seq: int


class PresenceNews(msgspec.Struct, frozen=True, gc=False):
    """ID-07: what watched users do now."""

    rows: Sequence[PresenceRow]


class GroupChangesNews(msgspec.Struct, frozen=True, gc=False):
    """GT-15: what has happened in a group, joined together."""

    rows: Sequence[Change]


Push = Notice | ConversationLeft | ConversationHeads | MessagesMissed | PresenceNews | GroupChangesNews
"""What is sent to a connection besides messages and answers."""


class GoingAway(msgspec.Struct, frozen=True, gc=False):
    """WI-07: the server is stopping. The connection is closed after `grace_ms`; the client comes back within `spread_ms`,
    not before `return_ms`, all milliseconds."""

    grace_ms: int
    spread_ms: int
    return_ms: int = 0


class Codec(Protocol):
    """How one adapter encodes. It is compared by identity: connections that share bytes share one object. What it raises
    harms nobody: see `encoded_message` and `encoded_push`."""

    def message(self, message: Message) -> bytes:
        """One message, to be joined with others by `deliver`."""

    def stem(self, conversation: str) -> bytes:
        """What all deliveries of a conversation begin with. It is asked for with each delivery: keep what is costly."""

    def deliver(self, stem: bytes, messages: Sequence[bytes]) -> bytes:
        """A delivery of encoded messages of the conversation with this stem."""

    def push(self, conversation: str, push: Push) -> bytes:
        """Anything else; `conversation` is empty for what concerns none."""


def encoded_message(codec: Codec, message: Message, conversation: str) -> bytes:
    """`message` of the conversation as the codec encodes it. If it can't, the place of the message alone, as for somebody
    who may not see it; if it can't do that either, nothing. Never raises: a message must not stop a conversation."""
    try:
        return codec.message(message)
    except Exception:
        log.exception(
            "a message can't be encoded",
            codec=type(codec).__name__,
            conversation=conversation,
            seq=message.seq,
            message_id=message.message_id,
            user=message.sender,
            client_msg_id=message.client_msg_id,
        )
    try:
        return codec.message(message.veiled(MessageState.NOT_FOR_YOU))
    except Exception:
        return b""


def encoded_push(codec: Codec, conversation: str, push: Push) -> bytes:
    """`push` as the codec encodes it; empty if the codec can't. Never raises."""
    try:
        return codec.push(conversation, push)
    except Exception:
        log.exception(
            "a notice can't be encoded",
            codec=type(codec).__name__,
            conversation=conversation,
            notice=type(push).__name__,
        )
        return b""


def encoded_delivery(codec: Codec, conversation: str, messages: Sequence[bytes], first: int, last: int) -> bytes:
    """The delivery of these encoded messages, with the SEQs from `first` to `last`. If none of them could be encoded, or
    the codec can't, the client is told that it has missed them. Never raises."""
    if not all(messages):
        messages = [one for one in messages if one]
    if messages:
        try:
            return codec.deliver(codec.stem(conversation), messages)
        except Exception:
            log.exception(
                "a delivery can't be encoded",
                codec=type(codec).__name__,
                conversation=conversation,
                seq=first,
                last_seq=last,
            )
    return encoded_push(codec, conversation, MessagesMissed(first, last))


class Encoded:
    """Pushes of one conversation, encoded once for each codec that asks. What a codec can't encode is left out."""

    __slots__ = ("_by_codec", "_conversation", "_pushes")

    def __init__(self, conversation: str, pushes: Iterable[Push]) -> None:
        self._conversation = conversation
        self._pushes = tuple(pushes)
        self._by_codec: dict[Codec, bytes] = {}

    def __call__(self, codec: Codec) -> bytes:
        """The bytes of all of them."""
        found = self._by_codec.get(codec)
        if found is None:
            found = b"".join([encoded_push(codec, self._conversation, push) for push in self._pushes])
            self._by_codec[codec] = found
        return found
