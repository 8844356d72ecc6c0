"""Frames of app administrators about the checks of messages: frequency control (FC-07, FC-08), the word filter (SC-05),
and the trace of one message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.ids import USER_ID_BYTES_MAX
from rcim.base.terms import AppList, MessageState, Priority
from rcim.wire.frames.kinds import CLIENT_MSG_ID, CONVERSATION, GROUP, PAGE_CURSOR, USER
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Enum, StrList, StructList, str8, str16

ENTRY = str16(USER_ID_BYTES_MAX, 1, one_line=True)


@row("FlowEntry")
class FlowEntry(Struct, frozen=True, gc=False):
    """Messages of one priority in a group, or in all groups of a type (FC-08); other changes that go to all members count
    too (messages.md), and refused ones count as held back."""

    name: A[str, GROUP, "The group's id, or the type's name."]
    priority: A[Priority, Enum(Priority), "The priority."]
    offered: A[int, U64, "The number of messages offered."]
    passed: A[int, U64, "The number of messages passed."]
    held_by_total: A[int, U64, "The number of messages held back by the limit of the group (FC-02)."]
    held_by_priority: A[int, U64, "The number of messages held back by the limit of their priority (FC-04)."]


@frame(
    0x0F20,
    "ADMIN_FLOW",
    "client",
    "request",
    reply="ADMIN_FLOW_OK",
    rules=(
        "The figures of a group begin when it was loaded into memory, those of a type at the server's start.",
        "Messages that are offered but neither passed nor held back are waiting.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminFlow(Frame, frozen=True, gc=False):
    """Asks for the figures of frequency control, of one group or of all (FC-08)."""

    group_id: A[
        str, str8(160, one_line=True), "The group; empty: all types of groups, and `C2C` of one-to-one conversations."
    ]


@frame(0x8F20, "ADMIN_FLOW_OK", "server", "reply", admin=True)
class AdminFlowOk(Frame, frozen=True, gc=False):
    """Figures of frequency control."""

    rows: A[list[FlowEntry], StructList(FlowEntry, 1000), "By name and priority."]


@frame(
    0x0F21,
    "ADMIN_LIST",
    "client",
    "request",
    reply="ADMIN_LIST_OK",
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminList(Frame, frozen=True, gc=False):
    """Asks for a page of one of the app's lists (SC-05, FC-07)."""

    which: A[AppList, Enum(AppList), "Which list."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most entries wanted; 0, or more than the server allows, means 100."]


@frame(0x8F21, "ADMIN_LIST_OK", "server", "reply", admin=True)
class AdminListOk(Frame, frozen=True, gc=False):
    """A page of a list: the entries from the settings, and those that were added."""

    entries: A[list[str], StrList(ENTRY, 1000), "In order."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F22,
    "ADMIN_LIST_CHANGE",
    "client",
    "request",
    reply="ADMIN_LIST_CHANGE_OK",
    rules=(
        "It applies to messages sent after the reply. Adding a present entry, or removing an absent one, has no "
        "effect. Removing an entry of the settings or their files lasts until the server starts again.",
        "Words are matched literally; case, width, invisible characters and the app's filler characters are "
        "ignored. A word of more than 64 bytes, or of nothing but ignored characters, is BAD_PARAMETER.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "TOO_MANY_ENTRIES", "OVERLOADED"),
    admin=True,
)
class AdminListChange(Frame, frozen=True, gc=False):
    """Adds to and removes from one of the app's lists (SC-05, FC-07)."""

    which: A[AppList, Enum(AppList), "Which list."]
    add: A[list[str], StrList(ENTRY, 1000), "The entries to add; at most 500 with those to remove."]
    remove: A[list[str], StrList(ENTRY, 1000), "The entries to remove."]


@frame(0x8F22, "ADMIN_LIST_CHANGE_OK", "server", "reply", admin=True)
class AdminListChangeOk(Frame, frozen=True, gc=False):
    """It is changed."""

    back_later: A[
        Sequence[str],
        Ext(1, StrList(ENTRY, 1000)),
        "Entries that were removed but come back when the server starts again, because its settings or a file "
        "contain them.",
    ] = ()


@frame(
    0x0F23,
    "ADMIN_TRACE",
    "client",
    "request",
    reply="ADMIN_TRACE_OK",
    rules=(
        "It covers messages of the last 10 minutes; of messages that stopped on the way, the newest 10,000 of all "
        "groups since the server's start.",
        "A message that was refused before it reached the group (a bad body, too many requests) is unknown here; "
        "its sender got the error.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminTrace(Frame, frozen=True, gc=False):
    """Asks for the trace of a message: why did others not get it?"""

    conversation: A[str, CONVERSATION, "The conversation that it was sent to."]
    sender: A[str, USER, "The sender."]
    client_msg_id: A[str, CLIENT_MSG_ID, "Its id."]


@frame(0x8F23, "ADMIN_TRACE_OK", "server", "reply", admin=True)
class AdminTraceOk(Frame, frozen=True, gc=False):
    """Where the message is, or where it stopped and why."""

    stage: A[
        str,
        str8(32, 1),
        "`right to send`, `word filter`, `callback`, `frequency control`: it stopped there; `waiting`: for the "
        "app or for room; `transient`: sent to users who were online; `delivered`; or `unknown`.",
    ]
    time_ms: A[int, U64, "The time; 0 if it is unknown."]
    code: A[int, U32, "The error that its sender got; 0: none."]
    text: A[str, str16(300), "Why."]
    seq: A[int, U64, "Its SEQ; 0: it has none."]
    state: A[MessageState, Enum(MessageState), "Its present state."]
    members: A[int, U32, "Members of the group now."]
    silent: A[int, U32, "Members who want nothing of the group delivered (DISCARD)."]
    online: A[int, U32, "Users who are online in the group now."]
    to: A[list[str], StrList(USER, 500), "The only receivers; empty: all members."]
