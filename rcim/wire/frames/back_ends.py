"""Frames that say what only the app's back end may say: of a message, and of a new group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import HeldBack
from rcim.wire.frames.groups import AddedEntry, GroupCreate
from rcim.wire.frames.kinds import GROUP, USER, USERS_MAX
from rcim.wire.frames.messages import Send
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U64, Bool, Bytes, Enum, StrList, StructList, str8


@row("MemberField")
class MemberField(Struct, frozen=True, gc=False):
    """A custom field of a new member (GR-06)."""

    user_id: A[str, USER, "The member."]
    key: A[str, str8(16, 1), "The field."]
    value: A[bytes, Bytes("u16", 64), "Its value."]


@frame(
    0x0F7A,
    "ADMIN_SEND",
    "client",
    "request",
    reply="ADMIN_SEND_OK",
    rules=("As SEND, whose rules and errors apply.",),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "BODY_TOO_LARGE", "BAD_ELEMENT", "BAD_PARAMETER", "NO_SUCH_MEMBER"),
    admin=True,
)
class AdminSend(Send, frozen=True, gc=False):
    """Sends a message, and says how it counts and which callbacks are made (MS-09, CB-03)."""

    uncounted: A[bool, Ext(60, Bool()), "True: it does not count as unread (MS-09)."] = False
    unasked: A[bool, Ext(61, Bool()), "True: no callback before it is sent (CB-03)."] = False
    untold: A[bool, Ext(62, Bool()), "True: no callback after it was sent (CB-04)."] = False


@frame(0x8F7A, "ADMIN_SEND_OK", "server", "reply")
class AdminSendOk(Frame, frozen=True, gc=False):
    """As SEND_OK."""

    seq: A[int, U64, "The message's SEQ; 0: it got none."]
    time_ms: A[int, U64, "The server's time of the message."]
    message_id: A[int, U64, "The message's id, unique in the app; 0: it has no SEQ."]
    duplicate: A[bool, Bool(), "True if this `client_msg_id` had been accepted before."]
    held_back: A[HeldBack, Ext(1, Enum(HeldBack)), "As in SEND_OK."] = HeldBack.NO


@frame(
    0x0F7B,
    "ADMIN_GROUP_CREATE",
    "client",
    "request",
    reply="ADMIN_GROUP_CREATE_OK",
    rules=(
        "As GROUP_CREATE, whose rules and errors apply.",
        "`admins` and the users of `member_fields` have to stand in `members`; a type without admins takes no `admins`.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_GROUP_ID", "GROUP_ID_TAKEN", "GROUP_ID_TAKEN_BY_YOU", "BAD_PARAMETER"),
    admin=True,
)
class AdminGroupCreate(GroupCreate, frozen=True, gc=False):
    """Makes a group, and says which members are admins, and their custom fields (GR-01, GR-02, GR-06)."""

    admins: A[Sequence[str], Ext(60, StrList(USER, USERS_MAX)), "Those of `members` who are admins."] = ()
    member_fields: A[
        Sequence[MemberField], Ext(61, StructList(MemberField, USERS_MAX)), "Custom fields of some of `members`."
    ] = ()


@frame(0x8F7B, "ADMIN_GROUP_CREATE_OK", "server", "reply")
class AdminGroupCreateOk(Frame, frozen=True, gc=False):
    """As GROUP_CREATE_OK."""

    group_id: A[str, GROUP, "Its id."]
    left_out: A[
        Sequence[AddedEntry], Ext(1, StructList(AddedEntry, USERS_MAX)), "The users who were not added, and why."
    ] = ()
    existed: A[bool, Ext(41, Bool()), "True if the unique conversation was there already (C2-02)."] = False
