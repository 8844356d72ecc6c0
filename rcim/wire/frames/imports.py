"""Frames that import groups from another service (GR-08)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.wire.frames.groups import ATTRIBUTES_RULE, PROFILE_RULE, AddedEntry
from rcim.wire.frames.kinds import (
    ATTRIBUTES,
    BODY,
    CLIENT_MSG_ID,
    FACE_URL,
    GROUP,
    USER,
    USER_OR_NONE,
    USERS_MAX,
    CustomField,
)
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Bool, Enum, StructList, str8


@row("ImportedMember")
class ImportedMember(Struct, frozen=True, gc=False):
    """A member from another service."""

    user_id: A[str, USER, "Member_Account."]
    role: A[Role, Enum(Role), "Admin or Member; ADMIN_GROUP_IMPORT names the owner."]
    join_time_ms: A[int, U64, "JoinTime, not in the future; 0: now."]
    unread: A[int, U32, "UnreadMsgNum: how many of the newest messages are unread. Counted at ADMIN_IMPORT_FINISH."]


@row("ImportedMessage")
class ImportedMessage(Struct, frozen=True, gc=False):
    """A message from another service."""

    sender: A[str, USER, "From_Account."]
    time_ms: A[
        int, U64, "SendTime: not before the group was created, not before the previous message, not in the future."
    ]
    priority: A[Priority, Enum(Priority), "Its priority."]
    client_msg_id: A[str, CLIENT_MSG_ID, "Its id in the app."]
    body: A[bytes, BODY, "Its elements."]


@frame(
    0x0F05,
    "ADMIN_GROUP_IMPORT",
    "client",
    "request",
    reply="ADMIN_GROUP_IMPORT_OK",
    rules=(
        "Until ADMIN_IMPORT_FINISH the group is closed: everyone but app administrators gets NO_SUCH_GROUP. With "
        "`opened` it is open from the beginning, and members can be imported at any time, messages until the first one "
        "is sent in another way.",
        "Only types that can be imported (GT-23).",
        PROFILE_RULE,
        ATTRIBUTES_RULE,
    ),
    errors=(
        "ADMIN_REQUIRED",
        "BAD_GROUP_ID",
        "GROUP_ID_TAKEN",
        "GROUP_ID_TAKEN_BY_YOU",
        "BAD_PARAMETER",
        "NOT_PERMITTED",
        "BAD_ATTRIBUTES",
        "ATTRIBUTES_TOO_LARGE",
    ),
    admin=True,
)
class AdminGroupImport(Frame, frozen=True, gc=False):
    """Begins the import of a group from another service (GR-08)."""

    group_id: A[str, str8(160, one_line=True), "As in GROUP_CREATE; empty: the server makes one."]
    type_: A[str, str8(32, 1), "Type."]
    owner: A[str, USER_OR_NONE, "Owner_Account, who becomes a member; empty if the type has no owners."]
    name: A[str, str8(30, 1, one_line=True), "Name."]
    introduction: A[str, str8(120), "Introduction."]
    notification: A[str, str8(150), "Notification."]
    face_url: A[str, FACE_URL, "FaceUrl."]
    apply_join_option: A[ApplyJoinOption, Enum(ApplyJoinOption), "BY_TYPE: the value of the type."]
    create_time_ms: A[int, U64, "CreateTime, not in the future; 0: now."]
    max_member_num: A[int, Ext(1, U32), "MaxMemberNum; absent: the type's cap."] = 0
    fields: A[Sequence[CustomField], Ext(2, StructList(CustomField, 20)), "Custom fields."] = ()
    attributes: A[bytes, Ext(30, ATTRIBUTES), "Attributes: a JSON object of up to 8 KiB (GR-13)."] = b""
    creator: A[str, Ext(31, USER_OR_NONE), "Creator: who made it; absent: the owner (GR-13)."] = ""
    opened: A[bool, Ext(40, Bool()), "True: the group is open to its members while it is imported."] = False


@frame(0x8F05, "ADMIN_GROUP_IMPORT_OK", "server", "reply", admin=True)
class AdminGroupImportOk(Frame, frozen=True, gc=False):
    """The group exists, and is closed."""

    group_id: A[str, GROUP, "Its id."]


@frame(
    0x0F06,
    "ADMIN_MEMBERS_IMPORT",
    "client",
    "request",
    reply="ADMIN_MEMBERS_IMPORT_OK",
    rules=(
        "Either all of them are imported or none. Nobody is notified. The limit on groups of a user does not "
        "apply, the cap of the group does.",
        "Only while the group is being imported; else NOT_PERMITTED.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "NOT_PERMITTED", "GROUP_FULL", "BAD_PARAMETER"),
    admin=True,
)
class AdminMembersImport(Frame, frozen=True, gc=False):
    """Imports members (GR-08)."""

    group_id: A[str, GROUP, "The group."]
    members: A[list[ImportedMember], StructList(ImportedMember, USERS_MAX, 1), "1 to 300 of them."]


@frame(0x8F06, "ADMIN_MEMBERS_IMPORT_OK", "server", "reply", admin=True)
class AdminMembersImportOk(Frame, frozen=True, gc=False):
    """The result for each."""

    results: A[
        list[AddedEntry],
        StructList(AddedEntry, USERS_MAX),
        "ADDED or ALREADY, or FAILED for a blocked user (GR-11), in the order of the request.",
    ]


@frame(
    0x0F07,
    "ADMIN_MESSAGES_IMPORT",
    "client",
    "request",
    reply="ADMIN_MESSAGES_IMPORT_OK",
    rules=(
        "In the order of their times; either all of them are imported or none. They get SEQs as messages do; "
        "nobody is notified.",
        "A time before that of the previous message, before the group was created, or in the future is BAD_PARAMETER.",
        "Only while the group is being imported; else NOT_PERMITTED.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "BODY_TOO_LARGE", "BAD_ELEMENT"),
    admin=True,
)
class AdminMessagesImport(Frame, frozen=True, gc=False):
    """Imports messages (GR-08)."""

    group_id: A[str, GROUP, "The group."]
    messages: A[list[ImportedMessage], StructList(ImportedMessage, 1000, 1), "1 to 100 messages that fit in a frame."]


@frame(0x8F07, "ADMIN_MESSAGES_IMPORT_OK", "server", "reply", admin=True)
class AdminMessagesImportOk(Frame, frozen=True, gc=False):
    """They are kept."""

    first_seq: A[int, U64, "The SEQ of the first."]
    last_seq: A[int, U64, "The SEQ of the last."]


@frame(
    0x0F08,
    "ADMIN_IMPORT_FINISH",
    "client",
    "request",
    reply="ADMIN_IMPORT_FINISH_OK",
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "ALREADY_HANDLED"),
    admin=True,
)
class AdminImportFinish(Frame, frozen=True, gc=False):
    """Opens an imported group to its members (GR-08)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8F08, "ADMIN_IMPORT_FINISH_OK", "server", "reply", admin=True)
class AdminImportFinishOk(Frame, frozen=True, gc=False):
    """It is open."""
