"""Frames of app administrators about what messages pass through: frequency control (FC-07, FC-08), words (SC-05), and
what became of one."""

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
    """Messages of one priority in a group, or in all groups of a type (FC-08); and what counts like them, since it
    goes to all members too (messages.md): what of it was refused stands as held back."""

    name: A[str, GROUP, "The group's id, or the type's name."]
    priority: A[Priority, Enum(Priority), "The priority."]
    offered: A[int, U64, "So many were to pass."]
    passed: A[int, U64, "So many did."]
    held_by_total: A[int, U64, "So many were held back by the limit of the group (FC-02)."]
    held_by_priority: A[int, U64, "So many were held back by the limit of their priority (FC-04)."]


@frame(
    0x0F20,
    "ADMIN_FLOW",
    "client",
    "request",
    reply="ADMIN_FLOW_OK",
    rules=(
        "Of a group it counts since the group is in memory, of types since the server's start.",
        "What was offered and is neither passed nor held back waits.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminFlow(Frame, frozen=True, gc=False):
    """Asks what frequency control does, in one group or in all (FC-08)."""

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
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many; 0, or more than the server allows, is 100."]


@frame(0x8F21, "ADMIN_LIST_OK", "server", "reply", admin=True)
class AdminListOk(Frame, frozen=True, gc=False):
    """A page of a list: what the settings say, and what was added."""

    entries: A[list[str], StrList(ENTRY, 1000), "In order."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x0F22,
    "ADMIN_LIST_CHANGE",
    "client",
    "request",
    reply="ADMIN_LIST_CHANGE_OK",
    rules=(
        "It is in force for what is sent after the reply. What is there already, or was not, is passed over; what the "
        "settings or their files say is off until the server starts again.",
        "Words are taken literally; case, width, what shows nothing and the app's filler characters don't count. One of "
        "more than 64 bytes, or of which nothing is left then, is BAD_PARAMETER.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "TOO_MANY_ENTRIES", "OVERLOADED"),
    admin=True,
)
class AdminListChange(Frame, frozen=True, gc=False):
    """Adds to and removes from one of the app's lists (SC-05, FC-07)."""

    which: A[AppList, Enum(AppList), "Which list."]
    add: A[list[str], StrList(ENTRY, 1000), "What is to be on it; 500 at a time, with what is removed."]
    remove: A[list[str], StrList(ENTRY, 1000), "What is not to be on it."]


@frame(0x8F22, "ADMIN_LIST_CHANGE_OK", "server", "reply", admin=True)
class AdminListChangeOk(Frame, frozen=True, gc=False):
    """It is changed."""

    back_later: A[
        Sequence[str],
        Ext(1, StrList(ENTRY, 1000)),
        "Those that were removed and come back when the server starts again: its settings, or a file, say them.",
    ] = ()


@frame(
    0x0F23,
    "ADMIN_TRACE",
    "client",
    "request",
    reply="ADMIN_TRACE_OK",
    rules=(
        "For messages of the last 10 minutes; of those that stopped the newest 10,000 of all groups are known, since the "
        "server's start.",
        "What was refused before it came to the group (a bad body, too many requests) its sender was told; here it is "
        "unknown.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminTrace(Frame, frozen=True, gc=False):
    """Asks what became of a message: why did the others not get it?"""

    conversation: A[str, CONVERSATION, "Where it was sent to."]
    sender: A[str, USER, "Who sent it."]
    client_msg_id: A[str, CLIENT_MSG_ID, "Its id."]


@frame(0x8F23, "ADMIN_TRACE_OK", "server", "reply", admin=True)
class AdminTraceOk(Frame, frozen=True, gc=False):
    """Where the message is, or where it stopped and why."""

    stage: A[
        str,
        str8(32, 1),
        "`right to send`, `word filter`, `callback`, `frequency control`: it stopped there; `waiting`: for the app or "
        "for room; `transient`: given to who was online; `delivered`; or `unknown`.",
    ]
    time_ms: A[int, U64, "When; 0 if it is not known."]
    code: A[int, U32, "The error that its sender got; 0: none."]
    text: A[str, str16(300), "Why."]
    seq: A[int, U64, "Its SEQ; 0: it has none."]
    state: A[MessageState, Enum(MessageState), "What it is now."]
    members: A[int, U32, "Members of the group now."]
    silent: A[int, U32, "Members that want nothing of the group delivered (DISCARD)."]
    online: A[int, U32, "Users that are online in the group now."]
    to: A[list[str], StrList(USER, 500), "Whom alone it is for; empty: all."]
