"""Frames of messages: SEND, DELIVER, RESYNC, HISTORY."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import HeldBack, MessageState, Priority
from rcim.wire.frames.kinds import (
    BODY,
    CLIENT_MSG_ID,
    CLOUD_DATA,
    CONVERSATION,
    FACE_URL,
    NAME_CARD,
    NICKNAME,
    TYPE_NAME,
    USER,
    USER_OR_NONE,
    USERS_MAX,
    CustomField,
    SeqEntry,
)
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U64, Bool, Enum, StrList, StructList, str8


@row("Message")
class Message(Struct, frozen=True, gc=False):
    """An ordinary message (MS-01, MS-04)."""

    seq: A[int, U64, "Its SEQ in the conversation: 1, 2, 3 … without a gap."]
    time_ms: A[
        int,
        U64,
        "When the server accepted it, in milliseconds since 1970; never less than that of the previous message.",
    ]
    message_id: A[int, U64, "Unique in the app; 2^63 or more for messages that are not stored."]
    priority: A[Priority, Enum(Priority), "The priority it was sent with."]
    sender: A[str, USER, "The sender's user id."]
    nickname: A[str, NICKNAME, "The sender's nickname when it was sent; may be empty."]
    face_url: A[str, FACE_URL, "The sender's face URL when it was sent; may be empty."]
    name_card: A[str, NAME_CARD, "The sender's name card in this group when it was sent; may be empty."]
    client_msg_id: A[
        str,
        CLIENT_MSG_ID,
        "The id that the sender's client gave it; for a GroupTip, the server makes it: `@tip-` and the SEQ.",
    ]
    body: A[bytes, BODY, "Its elements (frames.md, Elements)."]
    user_fields: A[
        Sequence[CustomField],
        Ext(1, StructList(CustomField, 32)),
        "The sender's custom fields that the app has chosen to send with messages.",
    ] = ()
    member_fields: A[
        Sequence[CustomField],
        Ext(2, StructList(CustomField, 32)),
        "The sender's custom fields as a member that the app has chosen to send with messages.",
    ] = ()
    type_name: A[str, Ext(3, TYPE_NAME), "Its registered type (messages.md); absent: an ordinary message."] = ""
    to: A[
        Sequence[str], Ext(4, StrList(USER, USERS_MAX)), "Only these members, and the sender, get it; absent: all."
    ] = ()
    mentions: A[Sequence[str], Ext(5, StrList(USER, USERS_MAX)), "The users it mentions."] = ()
    mentions_all: A[bool, Ext(6, Bool()), "It mentions everyone."] = False
    cloud_data: A[bytes, Ext(7, CLOUD_DATA), "Data that the app has added to it."] = b""
    state: A[
        MessageState,
        Ext(8, Enum(MessageState)),
        "Its state. Messages that are RECALLED, DELETED or NOT_FOR_YOU have no elements.",
    ] = MessageState.AS_SENT
    changed_ms: A[
        int,
        Ext(9, U64),
        "The time of that change. Of two versions the one with the later `changed_ms` counts, except that a "
        "DELETED one without it always counts: the user has deleted the message for themselves.",
    ] = 0
    changed_by: A[str, Ext(10, USER_OR_NONE), "The user who made the change."] = ""
    group_fields: A[
        Sequence[CustomField],
        Ext(21, StructList(CustomField, 32)),
        "The group's custom fields that the app has chosen to send with messages.",
    ] = ()
    expires_ms: A[
        int,
        Ext(35, U64),
        "Of a broadcast: when it is an offline message no more (broadcasts.md); absent: it is none.",
    ] = 0
    system_conversation: A[
        str, Ext(36, str8(160, one_line=True)), "Of a broadcast: the system conversation that it was sent through."
    ] = ""


@frame(
    0x0101,
    "SEND",
    "client",
    "request",
    reply="SEND_OK",
    rules=(
        "The reply comes after the message is durable (MS-02).",
        "If the same user sends the same `client_msg_id` to the same conversation again within 10 minutes, the "
        "message is not sent twice: the reply is the first one, with `duplicate` set. The content is not compared.",
        "The sender's own connections get the message by DELIVER, as all others do.",
        "Messages of one connection and one priority to one conversation get their SEQ in the order in which they "
        "were sent; a message of a higher priority may overtake those that wait for room. If one is refused, "
        "later ones are still accepted.",
        "When a group has more messages than its limit (FC-02), the excess waits for up to a second, and the "
        "highest priority goes first. A message for which there is still no room is held back: SEND_OK comes "
        "without a SEQ and with `held_back`, nobody gets the message, and it is in no history (FC-05). To send it "
        "after all, use a new `client_msg_id` (messages.md). A group below its limit delays nothing.",
        "The body is checked before the group and `client_msg_id` are looked up.",
        "`body`, `to`, `mentions` and `cloud_data` together have at most 48 KiB; more is BODY_TOO_LARGE.",
        "A conversation id of an unknown kind is NO_SUCH_GROUP. A one-to-one conversation exists for any two "
        "users without being created (messages.md); one between other users is NOT_PERMITTED, one with oneself is "
        "NO_SUCH_GROUP.",
        "An app administrator may send into any group, and as any user, who need not be a member (MS-06): the "
        "message is then that user's, with that user's nickname and face URL, and `client_msg_id` counts as that "
        "user's. The order among messages of one connection is then kept only for each `as_user`.",
        "Where messages are not stored (GT-22), the reply says that the message has its SEQ and is being sent; "
        "after a restart the SEQ continues at a higher number, never a lower one, and earlier ids are not "
        "remembered.",
    ),
    errors=(
        "NO_SUCH_GROUP",
        "NOT_PERMITTED",
        "ADMIN_REQUIRED",
        "SENDER_MUTED",
        "BODY_TOO_LARGE",
        "BAD_ELEMENT",
        "BAD_PUSH_INFO",
        "BAD_PARAMETER",
        "NO_SUCH_MEMBER",
        "DIRTY_WORD",
        "CALLBACK_REFUSED",
        "PAIR_CALLBACK_REFUSED",
        "BLACKLISTED",
        "NOT_WHITELISTED",
        "CALLBACK_FAILED",
        "TOO_FREQUENT",
        "TOO_MANY_MENTIONS",
        "STORE_UNAVAILABLE",
    ),
)
class Send(Frame, frozen=True, gc=False):
    """Sends an ordinary message into a conversation."""

    conversation: A[
        str, CONVERSATION, "The conversation id: `g:` and the group id, or the id of a one-to-one conversation."
    ]
    client_msg_id: A[
        str,
        CLIENT_MSG_ID,
        "Chosen by the client, different for each message, also for a transient one. It must not begin with `@tip-`.",
    ]
    priority: A[
        Priority, Enum(Priority), "Its importance: when not all messages can be sent, higher priorities go first."
    ]
    body: A[bytes, BODY, "At least one element, and not more than `body_bytes_max` of LOGIN_OK."]
    as_user: A[
        str,
        Ext(1, USER_OR_NONE),
        "For app administrators: the user in whose name the message is sent; absent: themselves.",
    ] = ""
    type_name: A[str, Ext(2, TYPE_NAME), "Its registered type (messages.md); absent: an ordinary message."] = ""
    to: A[
        Sequence[str],
        Ext(3, StrList(USER, USERS_MAX)),
        "Only these members get it, at most `directed_max`; all others get only its SEQ, as NOT_FOR_YOU.",
    ] = ()
    mentions: A[
        Sequence[str], Ext(4, StrList(USER, USERS_MAX)), "Members that it mentions, at most `mentions_max`."
    ] = ()
    mentions_all: A[bool, Ext(5, Bool()), "True: it mentions everyone, if the sender may (GT-28)."] = False
    transient: A[
        bool, Ext(6, Bool()), "True: it goes by TRANSIENT to users who are online, without a SEQ, and is not stored."
    ] = False
    cloud_data: A[bytes, Ext(7, CLOUD_DATA), "Data that the app adds to it, at most `cloud_data_bytes_max`."] = b""
    push: A[
        bytes,
        Ext(50, CLOUD_DATA),
        "What its push says, as JSON of at most 4 KiB (push.md); absent: what the app's settings say.",
    ] = b""


@frame(0x8101, "SEND_OK", "server", "reply")
class SendOk(Frame, frozen=True, gc=False):
    """The message is stored and has a SEQ, or it is accepted without one."""

    seq: A[int, U64, "The message's SEQ; 0: it got none."]
    time_ms: A[int, U64, "The server's time of the message."]
    message_id: A[int, U64, "The message's id, unique in the app; 0: it has no SEQ."]
    duplicate: A[bool, Bool(), "True if this `client_msg_id` had been accepted before."]
    held_back: A[
        HeldBack,
        Ext(1, Enum(HeldBack)),
        "FREQUENCY: nobody gets it; try again with a new `client_msg_id` (messages.md). STOPPED: nobody gets it, since "
        "the app has stopped the room's distribution (chat-rooms.md).",
    ] = HeldBack.NO


@frame(
    0x4001,
    "DELIVER",
    "server",
    "push",
    rules=(
        "Within a conversation SEQ only grows from one DELIVER to the next on a connection.",
        "A gap in SEQ means that messages were left out for this connection: ask for them with HISTORY (RX-05).",
    ),
)
class Deliver(Frame, frozen=True, gc=False):
    """Messages of one conversation, oldest first: all that one turn delivers of it, in one frame (WI-08)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    messages: A[list[Message], StructList(Message, 1000), "The messages, by SEQ."]


@frame(
    0x4009,
    "TRANSIENT",
    "server",
    "push",
    rules=(
        "It has no SEQ and no message id, is not stored, and goes only to users who are online (MS-08). Transient "
        "messages that are sent too often are left out.",
    ),
)
class Transient(Frame, frozen=True, gc=False):
    """A transient message, such as a typing notice or a status."""

    conversation: A[str, CONVERSATION, "The conversation."]
    messages: A[list[Message], StructList(Message, 100), "One or more; their SEQ and id are 0."]


@frame(
    0x4002,
    "RESYNC",
    "server",
    "push",
    rules=(
        "The connection was too slow, so messages were left out, and it can receive again now (RX-07); or a part "
        "of the server has died and messages may be missing.",
        "The client then uses HISTORY to ask for everything from `from_seq` on that it does not have.",
    ),
)
class Resync(Frame, frozen=True, gc=False):
    """Tells a receiver from which SEQ on to ask for messages."""

    conversation: A[str, CONVERSATION, "The conversation."]
    from_seq: A[int, U64, "The first SEQ that was left out, or may have been."]
    newest_seq: A[int, U64, "The newest SEQ of the conversation that was left out, or may have been."]


@frame(
    0x0102,
    "HISTORY",
    "client",
    "request",
    reply="HISTORY_OK",
    rules=(
        "By SEQ: all messages with from_seq <= SEQ <= to_seq, oldest first, or newest first if `backwards`.",
        "`to_seq` 0 means up to the newest.",
        "With `from_time_ms` or `to_time_ms`, only messages of that time are returned.",
        "Bounds beyond the existing messages, and a `from_seq` above `to_seq`, are no error: the page has what exists.",
        "A page ends after `limit` messages, or where the frame would be too long; `more` is then set, and the "
        "next page begins after (before, if `backwards`) the last SEQ returned. Stop when `more` is unset: after "
        "SEQ 1 a `to_seq` of 0 would mean the newest again.",
        "Where the group's type hides messages from before the user joined (GT-14), the page begins after them.",
        "Where the group's type does not store messages (GT-22), only the newest 20 are available, from memory.",
        "With `seqs` only these messages are asked for, at most `history_page_max` of them, within the other "
        "bounds (RX-12); `limit` has no effect. Messages that do not exist, or that this user may not see, are "
        "left out. With `more`, ask again for the others: those after (before, if `backwards`) the last SEQ "
        "returned. It is meant for messages that SYNC names as `altered`.",
        "A user who is not a member gets NOT_PERMITTED, not an empty page (RX-06).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class History(Frame, frozen=True, gc=False):
    """Asks for a page of messages (RX-06)."""

    conversation: A[str, CONVERSATION, "The conversation."]
    from_seq: A[int, U64, "The lowest SEQ wanted; 0 or 1 is the beginning."]
    to_seq: A[int, U64, "The highest SEQ wanted; 0 is the newest."]
    limit: A[int, U16, "The most messages wanted; 0 means the usual page of 20, more than 100 means 100."]
    backwards: A[bool, Bool(), "Newest first."]
    from_time_ms: A[int, Ext(1, U64), "Only messages of this time or later."] = 0
    to_time_ms: A[int, Ext(2, U64), "Only messages of this time or earlier; 0 is no bound."] = 0
    seqs: A[Sequence[SeqEntry], Ext(3, StructList(SeqEntry, 1000)), "Only these messages; absent: all."] = ()


@frame(0x8102, "HISTORY_OK", "server", "reply")
class HistoryOk(Frame, frozen=True, gc=False):
    """A page of messages."""

    newest_seq: A[int, U64, "The newest SEQ of the conversation now; 0 if it has no message."]
    first_seq: A[int, U64, "The lowest SEQ that this user may see."]
    more: A[bool, Bool(), "True if more messages of the requested range remain."]
    messages: A[list[Message], StructList(Message, 1000), "In the order of the request."]
