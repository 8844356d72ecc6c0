"""Frames of app administrators about system conversations and system senders (SY-01, SY-06)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import Priority
from rcim.wire.frames.kinds import BODY, CLIENT_MSG_ID, GROUP, PAGE_CURSOR, USER, USERS_MAX
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, Bytes, Enum, StrList, StructList, str8


@row("SystemWriter")
class SystemWriter(Struct, frozen=True, gc=False):
    """A user who has written to a system conversation."""

    user_id: A[str, USER, "The user."]
    newest_seq: A[int, U64, "The newest SEQ of the one-to-one conversation between the user and the system account."]
    written_ms: A[int, U64, "When the user wrote last; it may be up to 10 minutes too early."]


@row("SystemSending")
class SystemSending(Struct, frozen=True, gc=False):
    """What became of a message to one user."""

    user_id: A[str, USER, "The user."]
    code: A[int, U32, "The number of the error; 0: it was sent."]
    seq: A[int, U64, "Its SEQ in the one-to-one conversation with the user."]
    time_ms: A[int, U64, "Its time."]
    message_id: A[int, U64, "Its message id."]


@frame(
    0x0F50,
    "ADMIN_SYSTEM_WRITERS",
    "client",
    "request",
    reply="ADMIN_SYSTEM_WRITERS_OK",
    rules=(
        "HISTORY of the one-to-one conversation between a user and the system account gives what they have written.",
        "A page may have fewer rows than asked for, or none, and still have a `next`.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminSystemWriters(Frame, frozen=True, gc=False):
    """Asks for a page of the users who have written to a system conversation (SY-01)."""

    group_id: A[str, GROUP, "The system conversation."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means as many as it allows."]


@frame(0x8F50, "ADMIN_SYSTEM_WRITERS_OK", "server", "reply", admin=True)
class AdminSystemWritersOk(Frame, frozen=True, gc=False):
    """A page of users, by the ids of their conversations with the system account."""

    writers: A[list[SystemWriter], StructList(SystemWriter, 1000), "The users."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F51,
    "ADMIN_SYSTEM_SEND",
    "client",
    "request",
    reply="ADMIN_SYSTEM_SEND_OK",
    rules=(
        "Each user gets the message in the one-to-one conversation with the system account, which is its sender, "
        "whether they subscribe or not. Each is handled separately: see its result.",
        "The client message id is recognised in each of the conversations: a repeat sends nothing twice (MS-02).",
        "To all subscribers at once: SEND into the system conversation.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "BAD_PARAMETER", "BAD_ELEMENT", "BAD_PUSH_INFO", "BODY_TOO_LARGE"),
    admin=True,
)
class AdminSystemSend(Frame, frozen=True, gc=False):
    """Sends a message of a system conversation to named users (SY-01)."""

    group_id: A[str, GROUP, "The system conversation, whose account is the sender."]
    users: A[list[str], StrList(USER, USERS_MAX, 1), "1 to 100 users. Duplicates count once."]
    client_msg_id: A[str, CLIENT_MSG_ID, "As in SEND."]
    priority: A[Priority, Enum(Priority), "Priority."]
    body: A[bytes, BODY, "The elements of the message."]
    type_name: A[str, Ext(1, str8(32)), "As in SEND."] = ""
    cloud_data: A[bytes, Ext(2, Bytes("u16", 8192)), "As in SEND."] = b""
    push: A[bytes, Ext(50, Bytes("u16", 8192)), "What its push says, as in SEND (push.md)."] = b""


@frame(0x8F51, "ADMIN_SYSTEM_SEND_OK", "server", "reply", admin=True)
class AdminSystemSendOk(Frame, frozen=True, gc=False):
    """The result for each."""

    results: A[list[SystemSending], StructList(SystemSending, USERS_MAX), "In the order of the request."]


@frame(
    0x0F52,
    "ADMIN_SENDER_SET",
    "client",
    "request",
    reply="ADMIN_SENDER_SET_OK",
    rules=(
        "A system sender cannot log in: LOGIN gets SYSTEM_SENDER. Its connections are closed. An "
        "app administrator sends in its name with `as_user` of SEND.",
        "The account of a system conversation always is one: NOT_PERMITTED.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "NOT_PERMITTED"),
    admin=True,
)
class AdminSenderSet(Frame, frozen=True, gc=False):
    """Makes an account a system sender, or an ordinary one again (SY-06)."""

    user_id: A[str, USER, "The account; it need not exist before."]
    on: A[bool, Bool(), "True: it only sends in the app's name."]


@frame(0x8F52, "ADMIN_SENDER_SET_OK", "server", "reply", admin=True)
class AdminSenderSetOk(Frame, frozen=True, gc=False):
    """It is so."""
