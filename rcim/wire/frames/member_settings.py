"""Frames of app administrators about settings of any members (AB-08)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import MsgFlag
from rcim.wire.frames.kinds import CONVERSATION, NAME_CARD, USER, CustomField
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Enum, StructList

ROWS_MAX = 100


@row("MemberChange")
class MemberChange(Struct, frozen=True, gc=False):
    """What is to be set of a user in a conversation. Absent fields stay as they are."""

    conversation: A[str, CONVERSATION, "The conversation: a group, a channel, or one-to-one."]
    user_id: A[str, USER, "The user."]
    msg_flag: A[MsgFlag | None, Ext(1, Enum(MsgFlag)), "MsgFlag (RX-01, RX-02)."] = None
    read_seq: A[int | None, Ext(2, U64), "Read up to here; it only grows, and never beyond the newest SEQ."] = None
    name_card: A[str | None, Ext(3, NAME_CARD), "NameCard; not in one-to-one conversations."] = None
    fields: A[
        Sequence[CustomField],
        Ext(4, StructList(CustomField, 5)),
        "Custom fields to set (GR-06); an empty value removes one. Not in one-to-one conversations.",
    ] = ()


@row("MemberPlace")
class MemberPlace(Struct, frozen=True, gc=False):
    """A user in a conversation."""

    conversation: A[str, CONVERSATION, "The conversation."]
    user_id: A[str, USER, "The user."]


@row("MemberSettings")
class MemberSettings(Struct, frozen=True, gc=False):
    """What a conversation keeps of a user."""

    conversation: A[str, CONVERSATION, "The conversation."]
    user_id: A[str, USER, "The user."]
    code: A[int, U32, "0; or NO_SUCH_MEMBER: the user is not in it, and the other fields say nothing."]
    read_seq: A[int, U64, "Read up to here; own messages of the last 10 minutes may not count yet (RX-11)."]
    msg_flag: A[MsgFlag, Enum(MsgFlag), "MsgFlag."]
    name_card: A[str, NAME_CARD, "NameCard."]
    fields: A[list[CustomField], StructList(CustomField, 5), "Custom fields (GR-06)."]


@row("Code")
class Code(Struct, frozen=True, gc=False):
    """What became of a row."""

    code: A[int, U32, "0: it was done; else the number of the error."]


@frame(
    0x0F95,
    "ADMIN_MEMBERS_SET",
    "client",
    "request",
    reply="ADMIN_MEMBERS_SET_OK",
    rules=(
        "A request with a field that is out of bounds is refused, and nothing of it is done. Beyond that each row is "
        "handled by itself: see its code. Of a row whose settings are refused the read position is not set; whose read "
        "position is refused, the settings are done.",
        "The user's devices are told as if the user had done it.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminMembersSet(Frame, frozen=True, gc=False):
    """Sets MsgFlag, read position, name card and fields of any members (AB-08)."""

    rows: A[list[MemberChange], StructList(MemberChange, ROWS_MAX, 1), "1 to 100 of them."]


@frame(0x8F95, "ADMIN_MEMBERS_SET_OK", "server", "reply", admin=True)
class AdminMembersSetOk(Frame, frozen=True, gc=False):
    """What became of each row."""

    codes: A[list[Code], StructList(Code, ROWS_MAX), "In the order of the request."]


@frame(
    0x0F96,
    "ADMIN_MEMBERS_GET",
    "client",
    "request",
    reply="ADMIN_MEMBERS_GET_OK",
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminMembersGet(Frame, frozen=True, gc=False):
    """Asks for MsgFlag, read position, name card and fields of any members (AB-08)."""

    rows: A[list[MemberPlace], StructList(MemberPlace, ROWS_MAX, 1), "1 to 100 of them."]


@frame(0x8F96, "ADMIN_MEMBERS_GET_OK", "server", "reply", admin=True)
class AdminMembersGetOk(Frame, frozen=True, gc=False):
    """The settings of the first of them, as many as fit the frame."""

    rows: A[list[MemberSettings], StructList(MemberSettings, ROWS_MAX), "In the order of the request."]
