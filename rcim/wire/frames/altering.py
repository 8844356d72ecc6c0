"""Frames of what can happen to a message after it was sent (MS-10), and of who has read it (MS-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.wire.frames.kinds import BODY, CLOUD_DATA, CONVERSATION, PAGE_CURSOR, USER, USERS_MAX, SeqEntry
from rcim.wire.frames.messages import Message
from rcim.wire.schema import Ext, Frame, frame
from rcim.wire.types import U16, U32, U64, Bool, StrList, StructList


@frame(
    0x0103,
    "MESSAGE_RECALL",
    "client",
    "request",
    reply="MESSAGE_RECALL_OK",
    rules=(
        "The sender may for the time that the group's type gives (`recall_s`), admins, owner and app administrators at "
        "any time, but admins not the owner's. Recalled again it is answered as the first time.",
        "Those who hear the group, and could see the message, get MESSAGE_CHANGED; those who do not want to hear of "
        "the sender (SC-07) do not.",
        "Where messages are not stored (GT-22), admins, owner and app administrators may for an hour "
        "(`unstored_recall_ms`). At least the newest `unstored_recall_max` can be recalled, none that was sent before "
        "the server's last start or a quiet hour. Of all but the newest 20, MESSAGE_CHANGED has SEQ, time, sender and "
        "receivers alone: `message_id` is 0, `client_msg_id` is `@tip-` and the SEQ.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MESSAGE", "TOO_LATE", "NOT_RECALLABLE"),
)
class MessageRecall(Frame, frozen=True, gc=False):
    """Takes a message back (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "The message's SEQ."]


@frame(0x8103, "MESSAGE_RECALL_OK", "server", "reply")
class MessageRecallOk(Frame, frozen=True, gc=False):
    """It is recalled."""

    changed_ms: A[int, U64, "When."]


@frame(
    0x0104,
    "MESSAGE_EDIT",
    "client",
    "request",
    reply="MESSAGE_EDIT_OK",
    rules=(
        "The sender may for the time that the group's type gives (`edit_s`), an app administrator at any time; where "
        "messages are not stored (GT-22), of the newest 20 only. The elements change, and those of mentions and "
        "`cloud_data` that are there; all else stays. Whom it newly mentions sees it among the unread mentions, whom it "
        "mentions no more does not.",
        "An app that is asked before messages are sent is asked before edits too (messages.md).",
        "It counts like a message (FC-02), and is refused with TOO_FREQUENT while a message would have to wait.",
        "Those who hear the group, and could see the message, get MESSAGE_CHANGED.",
    ),
    errors=(
        "NO_SUCH_GROUP",
        "NOT_PERMITTED",
        "NO_SUCH_MESSAGE",
        "TOO_LATE",
        "NOT_RECALLABLE",
        "SENDER_MUTED",
        "BLACKLISTED",
        "NOT_WHITELISTED",
        "DIRTY_WORD",
        "BODY_TOO_LARGE",
        "BAD_ELEMENT",
        "BAD_PARAMETER",
        "NO_SUCH_MEMBER",
        "TOO_MANY_MENTIONS",
        "CALLBACK_REFUSED",
        "PAIR_CALLBACK_REFUSED",
        "CALLBACK_FAILED",
        "TOO_FREQUENT",
    ),
)
class MessageEdit(Frame, frozen=True, gc=False):
    """Gives a message other elements (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "The message's SEQ."]
    body: A[bytes, BODY, "Its elements from now on."]
    mentions: A[
        Sequence[str] | None,
        Ext(1, StrList(USER, USERS_MAX)),
        "Members that it mentions from now on, at most `mentions_max`; absent: as before.",
    ] = None
    mentions_all: A[
        bool | None, Ext(2, Bool()), "Whether it mentions everyone, if who edits may (GT-28); absent: as before."
    ] = None
    cloud_data: A[bytes | None, Ext(3, CLOUD_DATA), "What the app adds to it; absent: as before."] = None


@frame(0x8104, "MESSAGE_EDIT_OK", "server", "reply")
class MessageEditOk(Frame, frozen=True, gc=False):
    """It is edited."""

    changed_ms: A[int, U64, "When."]


@frame(
    0x0105,
    "MESSAGE_DELETE",
    "client",
    "request",
    reply="MESSAGE_DELETE_OK",
    rules=(
        "For admins, owner and app administrators; admins not the owner's. Those who hear the group get MESSAGE_CHANGED.",
        "Where messages are not stored (GT-22) it is as with MESSAGE_RECALL.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MESSAGE", "TOO_LATE", "NOT_RECALLABLE"),
)
class MessageDelete(Frame, frozen=True, gc=False):
    """Deletes a message for all (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "The message's SEQ."]


@frame(0x8105, "MESSAGE_DELETE_OK", "server", "reply")
class MessageDeleteOk(Frame, frozen=True, gc=False):
    """It is deleted."""

    changed_ms: A[int, U64, "When."]


@frame(
    0x0106,
    "MESSAGES_ERASE",
    "client",
    "request",
    reply="MESSAGES_ERASE_OK",
    rules=(
        "For admins, owner and app administrators; admins not the owner's. It holds at once, however many they "
        "are; what the user sends later is not touched. Those who hear the group get MESSAGES_ERASED.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "TOO_MANY_ENTRIES"),
)
class MessagesErase(Frame, frozen=True, gc=False):
    """Deletes for all what a user has sent so far (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    sender: A[str, USER, "Whose messages."]


@frame(0x8106, "MESSAGES_ERASE_OK", "server", "reply")
class MessagesEraseOk(Frame, frozen=True, gc=False):
    """They are deleted."""


@frame(
    0x0107,
    "MESSAGES_HIDE",
    "client",
    "request",
    reply="MESSAGES_HIDE_OK",
    rules=(
        "Nothing changes for others. In the user's own history they stand as DELETED. All connections of the user get "
        "MESSAGES_HIDDEN.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER"),
)
class MessagesHide(Frame, frozen=True, gc=False):
    """Deletes messages for oneself (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    messages: A[
        list[SeqEntry], StructList(SeqEntry, 1000, 1), "1 to 100 of them; what does not exist is passed over."
    ]


@frame(0x8107, "MESSAGES_HIDE_OK", "server", "reply")
class MessagesHideOk(Frame, frozen=True, gc=False):
    """They are deleted for the user."""


@frame(
    0x0108,
    "CONVERSATION_CLEAR",
    "client",
    "request",
    reply="CONVERSATION_CLEAR_OK",
    rules=(
        "History begins after the newest message from then on, for this user. All its connections get MESSAGES_HIDDEN.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER"),
)
class ConversationClear(Frame, frozen=True, gc=False):
    """Deletes all messages that there are for oneself (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]


@frame(0x8108, "CONVERSATION_CLEAR_OK", "server", "reply")
class ConversationClearOk(Frame, frozen=True, gc=False):
    """They are deleted for the user."""


@frame(
    0x0109,
    "MESSAGE_RECEIPTS",
    "client",
    "request",
    reply="MESSAGE_RECEIPTS_OK",
    rules=(
        "By how far each member has read (CONVERSATION_READ, or a message of its own). Not counted are the sender, who "
        "joined after the message, and who can't see it.",
        "In groups of more than 500 members it is NO_RECEIPTS.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MESSAGE", "NO_RECEIPTS"),
)
class MessageReceipts(Frame, frozen=True, gc=False):
    """Asks who has read a message, or has not (MS-11)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "The message's SEQ."]
    read: A[bool, Bool(), "True: those who have read it; false: those who have not."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many; 0, or more than the server allows, is 100."]


@frame(0x8109, "MESSAGE_RECEIPTS_OK", "server", "reply")
class MessageReceiptsOk(Frame, frozen=True, gc=False):
    """How many have read it, and a page of who."""

    read_num: A[int, U32, "How many have read it."]
    unread_num: A[int, U32, "How many have not."]
    users: A[list[str], StrList(USER, USERS_MAX), "Those who were asked for, by user id."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x010A,
    "CONVERSATION_READ",
    "client",
    "request",
    reply="CONVERSATION_READ_OK",
    rules=(
        "It only grows; more than the newest SEQ counts as the newest.",
        "If it has grown, all connections of the user get MESSAGES_READ, and in a one-to-one conversation those of the "
        "other user too.",
        "Who sends has read up to its own message, which needs no saying (RX-11): DELIVER of it tells.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER"),
)
class ConversationRead(Frame, frozen=True, gc=False):
    """Says how far the user has read a conversation (MsgSeq, GR-04; MS-11)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "Read up to this SEQ."]


@frame(0x810A, "CONVERSATION_READ_OK", "server", "reply")
class ConversationReadOk(Frame, frozen=True, gc=False):
    """It is kept."""

    read_seq: A[int, U64, "MsgSeq now."]


@frame(
    0x400A,
    "MESSAGE_CHANGED",
    "server",
    "push",
    rules=(
        "The message as it is now, in place of what was delivered: `state` says what has become of it.",
        "It may come before the DELIVER of the message; which of two versions counts, messages.md says.",
    ),
)
class MessageChanged(Frame, frozen=True, gc=False):
    """Messages that were recalled, edited or deleted (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    messages: A[list[Message], StructList(Message, 100), "One or more."]


@frame(0x400B, "MESSAGES_ERASED", "server", "push")
class MessagesErased(Frame, frozen=True, gc=False):
    """All messages of a sender up to a SEQ are deleted (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    sender: A[str, USER, "Whose."]
    to_seq: A[int, U64, "The newest of them that may be one."]


@frame(
    0x400C,
    "MESSAGES_HIDDEN",
    "server",
    "push",
    rules=("It comes to all connections of the user who has deleted them, and to nobody else.",),
)
class MessagesHidden(Frame, frozen=True, gc=False):
    """Messages that the user has deleted for itself, on this or another device (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    to_seq: A[int, U64, "All up to this SEQ; 0: none but those named."]
    messages: A[list[SeqEntry], StructList(SeqEntry, 1000), "And these."]


@frame(
    0x400D,
    "MESSAGES_READ",
    "server",
    "push",
    rules=(
        "Of a group it comes to the connections of the user who has read; of a one-to-one conversation to those of both.",
        "It does not come for who has sent a message, and so has read up to it (RX-11).",
    ),
)
class MessagesRead(Frame, frozen=True, gc=False):
    """A user has read a conversation up to a SEQ, on this or another device (RX-08, MS-11)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    user_id: A[str, USER, "Who."]
    seq: A[int, U64, "Up to this SEQ."]
    time_ms: A[int, U64, "When it was said."]
