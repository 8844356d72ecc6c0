"""Frames of lists of groups: those of a user, and those that are found by their names (GR-05, GR-09)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import MsgFlag
from rcim.wire.frames.kinds import GROUP, PAGE_CURSOR, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U8, U16, U32, U64, Bool, Enum, StructList, str8


@row("GroupEntry")
class GroupEntry(Struct, frozen=True, gc=False):
    """A group in a list (GR-03, GR-05)."""

    group_id: A[str, GROUP, "GroupId."]
    type_: A[str, str8(32), "Type: the name of its group type."]
    name: A[str, str8(30, one_line=True), "Name."]
    owner: A[str, USER_OR_NONE, "Owner_Account; empty if there is none."]
    member_num: A[int, U32, "MemberNum."]
    newest_seq: A[int, U64, "NextMsgSeq - 1: the newest SEQ, 0 if there is no message."]
    role: A[int, U8, "The requesting user's role: 0 not a member, 1 Member, 2 Admin, 3 Owner."]
    joined_seq: A[int, U64, "The newest SEQ when the requesting user joined; 0 if not a member."]
    msg_flag: A[MsgFlag | None, Ext(1, Enum(MsgFlag)), "The requesting user's MsgFlag (RX-01)."] = None
    read_seq: A[int, Ext(2, U64), "The requesting user's MsgSeq: read up to here."] = 0
    unread: A[
        int, Ext(3, U64), "Unread messages (conversations.md), at most 100; 0 where the type counts none (GT-19)."
    ] = 0
    info_seq: A[int, Ext(4, U64), "InfoSeq: if it has grown, ask for the profile again."] = 0
    unstored: A[
        bool,
        Ext(5, Bool()),
        "True where messages are not stored: `newest_seq` then has no meaning; begin at the first DELIVER (seq.md).",
    ] = False
    applications: A[
        int,
        Ext(6, U32),
        "The number of waiting applications to join, if the requesting user may decide; at most 100.",
    ] = 0


@frame(
    0x0207,
    "GROUPS_JOINED",
    "client",
    "request",
    reply="GROUPS_JOINED_OK",
    rules=(
        "For what has changed since the last login, in one-to-one conversations too, use SYNC.",
        "Groups that wait for their owner's first message (GT-16), and those being imported, are left out.",
        "A guest's list is empty.",
    ),
    errors=("ADMIN_REQUIRED",),
)
class GroupsJoined(Frame, frozen=True, gc=False):
    """Asks for a page of the groups that the user is in (GR-05)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]
    user_id: A[
        str, Ext(1, USER_OR_NONE), "For app administrators: the user whose groups are listed; absent: their own."
    ] = ""


@frame(0x8207, "GROUPS_JOINED_OK", "server", "reply")
class GroupsJoinedOk(Frame, frozen=True, gc=False):
    """A page of groups, by id."""

    groups: A[list[GroupEntry], StructList(GroupEntry, 1000), "The groups."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x020A,
    "GROUP_FIND",
    "client",
    "request",
    reply="GROUP_FIND_OK",
    rules=(
        "It finds groups whose type can be searched (GT-01), by their exact id, or by a name with every word of "
        "`words`; the last word may be the beginning of a word. Case does not matter. In Chinese, Japanese and "
        "Korean each character is a word.",
        "`role` and the requesting user's own fields of the entries are 0.",
        "A page may have fewer rows than asked for and still have a `next`.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED"),
)
class GroupFind(Frame, frozen=True, gc=False):
    """Looks for groups (GR-09)."""

    words: A[str, str8(160, 1, one_line=True), "A group id, or words of a name."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x820A, "GROUP_FIND_OK", "server", "reply")
class GroupFindOk(Frame, frozen=True, gc=False):
    """A page of groups: first the one with this id, then those with these words, by id."""

    groups: A[list[GroupEntry], StructList(GroupEntry, 1000), "The groups."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]
