"""Frames of queries over conversations (GR-13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.wire.frames.kinds import ATTRIBUTES, GROUP, PAGE_CURSOR, USER, USER_OR_NONE
from rcim.wire.frames.messages import Message
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U8, U16, U32, U64, Bool, StrList, StructList, str8, str16


@row("QueriedConversation")
class QueriedConversation(Struct, frozen=True, gc=False):
    """A conversation that matches a query."""

    group_id: A[str, GROUP, "Its id."]
    type_: A[str, str8(32), "The name of its group type."]
    name: A[str, str8(30, one_line=True), "Its name."]
    creator: A[str, USER_OR_NONE, "Who made it; empty if it was made before servers kept it (GR-13)."]
    member_num: A[int, U32, "MemberNum."]
    create_time_ms: A[int, U64, "When it was made."]
    last_info_time_ms: A[int, U64, "When its profile or members changed last."]
    last_msg_time_ms: A[int, U64, "The time of its last message; 0 if there is none."]
    attributes: A[bytes, Ext(1, ATTRIBUTES), "Attributes, as JSON; absent: the empty object (GR-13)."] = b""
    members: A[
        Sequence[str],
        Ext(2, StrList(USER, 500)),
        "The first members by id, at most 500, fewer where they do not fit; absent if they were not asked for, or the "
        "requesting user may not know them (GT-03).",
    ] = ()
    muted: A[bool, Ext(3, Bool()), "True if the requesting user is a member and gets no push (RX-02)."] = False
    unique: A[bool, Ext(4, Bool()), "True if it is the conversation of exactly its users (C2-02)."] = False
    system: A[bool, Ext(5, Bool()), "True for a system conversation."] = False
    temporary: A[bool, Ext(6, Bool()), "True for a temporary conversation (SY-02)."] = False
    unstored: A[bool, Ext(7, Bool()), "True where messages are not stored (GT-22)."] = False
    ends_ms: A[int, Ext(8, U64), "When a temporary conversation ends by itself (SY-02)."] = 0
    messages: A[
        Sequence[Message],
        Ext(9, StructList(Message, 20)),
        "The last message that the requesting user may see, if it was asked for.",
    ] = ()


@frame(
    0x0280,
    "CONVERSATIONS_QUERY",
    "client",
    "request",
    reply="CONVERSATIONS_QUERY_OK",
    rules=(
        "conversation-queries.md explains `where` and `sort`.",
        "Users find conversations that they are in, those of types that can be searched (GT-01), and system "
        "conversations. App administrators find all.",
        "One query looks at up to 5,000 conversations. If `next` is not empty, there are others: ask again with it.",
        "With the user in `m`, the server looks at the user's own conversations only.",
        "The request counts as a read (LI-01).",
    ),
    errors=("BAD_QUERY", "BAD_PARAMETER", "NOT_PERMITTED", "TOO_FREQUENT"),
)
class ConversationsQuery(Frame, frozen=True, gc=False):
    """Asks for conversations by what they are (GR-13)."""

    where: A[str, str16(8192), "Conditions as a JSON object; empty: all conversations."]
    sort: A[
        str,
        str16(1024),
        "Up to 4 names with commas between them, `-` before one for descending; empty: by the last message, the newest "
        "first, or, where all conversations are looked at, by id.",
    ]
    skip: A[int, U16, "The number of matches to leave out; at most 5,000."]
    limit: A[int, U8, "Rows in the answer, at most 100; 0 means 10."]
    cursor: A[str, Ext(1, PAGE_CURSOR), "`next` of the previous answer; absent: from the beginning."] = ""
    compact: A[bool, Ext(2, Bool()), "True: rows name no members."] = False
    last_message: A[bool, Ext(3, Bool()), "True: rows have the last message."] = False
    counts: A[bool, Ext(4, Bool()), "True: only `count` is wanted, and there are no rows."] = False


@frame(0x8280, "CONVERSATIONS_QUERY_OK", "server", "reply")
class ConversationsQueryOk(Frame, frozen=True, gc=False):
    """The conversations that match, among those that were looked at."""

    rows: A[list[QueriedConversation], StructList(QueriedConversation, 100), "The conversations."]
    count: A[
        int,
        U32,
        "The number of matches. Without `sort`, where all conversations are looked at, the query ends with the last row.",
    ]
    more: A[
        bool, Bool(), "True if some come after the last row: ask again with `skip` greater by the number of rows."
    ]
    next: A[str, PAGE_CURSOR, "Not empty: not all were looked at; once `more` is false, go on with this `cursor`."]
