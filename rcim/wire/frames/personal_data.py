"""Frames of app administrators about what the server has of one person (AB-06, AB-07)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.kinds import CONVERSATION, PAGE_CURSOR, USER
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Bool, Bytes, StrList, StructList


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


@frame(
    0x0F97,
    "ADMIN_USER_EXPORT",
    "client",
    "request",
    reply="ADMIN_USER_EXPORT_OK",
    rules=(
        "The bytes of all pages, one after the other, are lines of JSON. Each has a `kind`: `profile`, `list`, "
        "`conversation`, `invitation`, `application`, `push_token`, `membership`, `channel` or `message`.",
        "A page may be empty and have a `next`: the server looks at a bounded number of messages for each page.",
        "What changes meanwhile may or may not be in it.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER"),
    admin=True,
)
class AdminUserExport(Frame, frozen=True, gc=False):
    """Asks for the next part of all that is kept of a person (AB-06)."""

    user_id: A[str, USER, "The person."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]


@frame(0x8F97, "ADMIN_USER_EXPORT_OK", "server", "reply", admin=True)
class AdminUserExportOk(Frame, frozen=True, gc=False):
    """A part of the export."""

    data: A[bytes, Bytes("u16", 32768), "Its bytes. A line may go on in the next page."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F98,
    "ADMIN_USER_ERASE",
    "client",
    "request",
    reply="ADMIN_USER_ERASE_OK",
    rules=(
        "The first step deletes the account, as ADMIN_ACCOUNTS_DELETE does, with its lists. Each step then makes "
        "placeholders of some of the user's messages: they keep SEQ, time and user id, and nothing of what they said. "
        "Repeat it with `next` until that is empty, waiting `retry_after_ms` before the next step.",
        "Erasing that was broken off begins again with an empty `cursor`, and does what is left.",
        "Those who hear a conversation are told once for each step that all messages of the user are deleted.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "STORE_UNAVAILABLE", "SERVER_ERROR"),
    admin=True,
)
class AdminUserErase(Frame, frozen=True, gc=False):
    """Erases all that is kept of a person, a step at a time (AB-06)."""

    user_id: A[str, USER, "The person, who must not be an app administrator."]
    cursor: A[bytes, Bytes("u16", 1024), "Empty for the first step, else `next` of the previous one."]


@frame(0x8F98, "ADMIN_USER_ERASE_OK", "server", "reply", admin=True)
class AdminUserEraseOk(Frame, frozen=True, gc=False):
    """A step is done."""

    messages: A[int, U32, "Messages that became placeholders in this step."]
    retry_after_ms: A[
        int, U32, "How long to wait before the next step: a conversation takes no more changes for now."
    ]
    next: A[bytes, Bytes("u16", 1024), "The cursor of the next step; empty: all is done."]
