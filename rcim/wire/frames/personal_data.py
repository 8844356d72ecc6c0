"""Frames of app administrators about what the server has of one person (AB-07)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.kinds import CONVERSATION, USER
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Bool, StrList, StructList


@row("UnreadEntry")
class UnreadEntry(Struct, frozen=True, gc=False):
    """How much of a conversation a user has not read."""

    conversation: A[str, CONVERSATION, "Its id."]
    unread: A[int, U32, "Messages that count as unread (RX-08), 1 at least."]


@frame(
    0x0F90,
    "ADMIN_USER_UNREAD",
    "client",
    "request",
    reply="ADMIN_USER_UNREAD_OK",
    rules=(
        "It is what the user's badge shows: of the conversations with the newest messages, those with unread ones count, "
        "as in SYNC (RX-04).",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "BAD_PARAMETER"),
    admin=True,
)
class AdminUserUnread(Frame, frozen=True, gc=False):
    """Asks how many messages a user has not read, by conversation (AB-07)."""

    user_id: A[str, USER, "The user."]
    conversations: A[list[str], StrList(CONVERSATION, 100), "Only these conversations; empty: all."]


@frame(0x8F90, "ADMIN_USER_UNREAD_OK", "server", "reply", admin=True)
class AdminUserUnreadOk(Frame, frozen=True, gc=False):
    """What the user has not read."""

    total: A[int, U64, "Of the conversations in the list together."]
    more: A[bool, Bool(), "True: others may have unread messages too, which have been silent longer."]
    conversations: A[list[UnreadEntry], StructList(UnreadEntry, 1000), "Conversations with unread messages."]
