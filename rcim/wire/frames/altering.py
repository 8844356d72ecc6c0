"""Frames of what can happen to a message after it was sent (MS-10), and of who has read it (MS-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.wire.frames.kinds import (
    BODY,
    CLOUD_DATA,
    CONVERSATION,
    PAGE_CURSOR,
    USER,
    USER_OR_NONE,
    USERS_MAX,
    SeqEntry,
)
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
        "The sender may recall a message for the time that the group's type gives (`recall_s`). Admins, the owner "
        "and app administrators may recall any message at any time, except that admins may not recall the "
        "owner's. Recalling it again gets the first answer.",
        "Everyone who receives the group's messages and could see this one gets MESSAGE_CHANGED, except users who "
        "accept no messages from the sender (SC-07).",
        "Where messages are not stored (GT-22), admins, the owner and app administrators may do so for an hour "
        "(`unstored_recall_ms`). At least the newest `unstored_recall_max` messages can be recalled, but none "
        "that was sent before the server's last start or before a quiet hour. For all but the newest 20, "
        "MESSAGE_CHANGED has only SEQ, time, sender and receivers: `message_id` is 0, `client_msg_id` is `@tip-` "
        "and the SEQ.",
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
        "The sender may edit a message for the time that the group's type gives (`edit_s`), an app administrator "
        "at any time; where messages are not stored (GT-22), only the newest 20 messages. The edit replaces the "
        "elements, and mentions and `cloud_data` if they are given; all else stays. Newly mentioned users see it "
        "among the unread mentions; users who are no longer mentioned do not.",
        "If the app is asked before messages are sent, it is also asked before edits (messages.md).",
        "An edit counts like a message (FC-02), and is refused with TOO_FREQUENT if a message would have to wait.",
        "Everyone who receives the group's messages and could see this one gets MESSAGE_CHANGED.",
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
    """Replaces the elements of a message (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "The message's SEQ."]
    body: A[bytes, BODY, "Its new elements."]
    mentions: A[
        Sequence[str] | None,
        Ext(1, StrList(USER, USERS_MAX)),
        "The members that it mentions now, at most `mentions_max`; absent: as before.",
    ] = None
    mentions_all: A[
        bool | None,
        Ext(2, Bool()),
        "Whether it mentions everyone, if the editing user may (GT-28); absent: as before.",
    ] = None
    cloud_data: A[bytes | None, Ext(3, CLOUD_DATA), "Data that the app adds to it; absent: as before."] = None


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
        "For admins, the owner and app administrators; admins may not delete the owner's messages. Everyone who "
        "receives the group's messages gets MESSAGE_CHANGED.",
        "Where messages are not stored (GT-22), the same holds as for MESSAGE_RECALL.",
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
        "For admins, the owner and app administrators; admins may not erase the owner's messages. It takes effect "
        "at once, however many messages there are; later messages of the user are not affected. Everyone who "
        "receives the group's messages gets MESSAGES_ERASED.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "TOO_MANY_ENTRIES"),
)
class MessagesErase(Frame, frozen=True, gc=False):
    """Deletes, for all, the messages that a user has sent so far (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    sender: A[str, USER, "The sender of the messages."]


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
        "Nothing changes for others. In the user's own history the messages have the state DELETED. All "
        "connections of the user get MESSAGES_HIDDEN.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER"),
)
class MessagesHide(Frame, frozen=True, gc=False):
    """Deletes messages for oneself (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    messages: A[
        list[SeqEntry], StructList(SeqEntry, 1000, 1), "1 to 100 of them; SEQs that do not exist are skipped."
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
        "From then on, this user's history begins after the newest message. All connections of the user get "
        "MESSAGES_HIDDEN.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "ADMIN_REQUIRED"),
)
class ConversationClear(Frame, frozen=True, gc=False):
    """Deletes all present messages of a conversation for oneself (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


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
        "The answer follows from how far each member has read (CONVERSATION_READ, or a message of their own). The "
        "sender, members who joined after the message, and members who can't see it are not counted.",
        "In groups of more than 500 members the answer is NO_RECEIPTS.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MESSAGE", "NO_RECEIPTS"),
)
class MessageReceipts(Frame, frozen=True, gc=False):
    """Asks which members have read a message, or have not (MS-11)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "The message's SEQ."]
    read: A[bool, Bool(), "True: those who have read it; false: those who have not."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most entries wanted; 0, or more than the server allows, means 100."]


@frame(0x8109, "MESSAGE_RECEIPTS_OK", "server", "reply")
class MessageReceiptsOk(Frame, frozen=True, gc=False):
    """The number of members who have read it, and a page of their ids."""

    read_num: A[int, U32, "The number of members who have read it."]
    unread_num: A[int, U32, "The number of members who have not."]
    users: A[list[str], StrList(USER, USERS_MAX), "The members asked for, by user id."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x010A,
    "CONVERSATION_READ",
    "client",
    "request",
    reply="CONVERSATION_READ_OK",
    rules=(
        "The read position only grows; a SEQ above the newest counts as the newest.",
        "If it has grown, all connections of the user get MESSAGES_READ, and in a one-to-one conversation those of the "
        "other user too.",
        "A sender has read up to their own message without this request (RX-11): its DELIVER shows it.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "ADMIN_REQUIRED"),
)
class ConversationRead(Frame, frozen=True, gc=False):
    """Says how far the user has read a conversation (MsgSeq, GR-04; MS-11)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    seq: A[int, U64, "Read up to this SEQ."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x810A, "CONVERSATION_READ_OK", "server", "reply")
class ConversationReadOk(Frame, frozen=True, gc=False):
    """The read position is stored."""

    read_seq: A[int, U64, "MsgSeq now."]


@frame(
    0x400A,
    "MESSAGE_CHANGED",
    "server",
    "push",
    rules=(
        "The message as it is now, which replaces the delivered one: `state` is its present state.",
        "It may come before the DELIVER of the message; messages.md says which of two versions counts.",
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
    to_seq: A[int, U64, "The newest SEQ that may be one of them."]


@frame(
    0x400C,
    "MESSAGES_HIDDEN",
    "server",
    "push",
    rules=("It comes to all connections of the user who has deleted them, and to nobody else.",),
)
class MessagesHidden(Frame, frozen=True, gc=False):
    """Messages that the user has deleted for themselves, on this or another device (MS-10)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    to_seq: A[int, U64, "All up to this SEQ; 0: none but those named."]
    messages: A[list[SeqEntry], StructList(SeqEntry, 1000), "And these."]


@frame(
    0x400D,
    "MESSAGES_READ",
    "server",
    "push",
    rules=(
        "For a group it goes to the connections of the user who has read; for a one-to-one conversation, to those "
        "of both users.",
        "It is not sent when the user has read up to a message by sending it (RX-11).",
    ),
)
class MessagesRead(Frame, frozen=True, gc=False):
    """A user has read a conversation up to a SEQ, on this or another device (RX-08, MS-11)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    user_id: A[str, USER, "Who."]
    seq: A[int, U64, "Up to this SEQ."]
    time_ms: A[int, U64, "When the user read it."]
