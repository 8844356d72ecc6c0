"""Frames of groups: life, profile, lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import AddResult, ApplyJoinOption, JoinStatus, MemberOrder, MsgFlag, PushLevel, Role
from rcim.wire.frames.kinds import (
    ATTRIBUTES,
    FACE_URL,
    GROUP,
    NAME_CARD,
    PAGE_CURSOR,
    USER,
    USER_OR_NONE,
    USERS_MAX,
    AttributeChange,
    CustomField,
)
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, Enum, StrList, StructList, str8, str16


@row("MemberEntry")
class MemberEntry(Struct, frozen=True, gc=False):
    """A member in a list (GR-04)."""

    user_id: A[str, USER, "Member_Account."]
    role: A[Role, Enum(Role), "Role."]
    join_time_ms: A[int, U64, "JoinTime."]
    name_card: A[str, NAME_CARD, "NameCard."]
    msg_flag: A[MsgFlag | None, Ext(1, Enum(MsgFlag)), "MsgFlag (RX-01)."] = None
    read_seq: A[
        int,
        Ext(2, U64),
        "MsgSeq: read up to here; in a list, messages of the last 10 minutes may not count yet (RX-11).",
    ] = 0
    last_send_time_ms: A[
        int, Ext(3, U64), "LastSendMsgTime; absent: never. In a list it may be up to 10 minutes too early."
    ] = 0
    muted_until_ms: A[int, Ext(4, U64), "ShutUpUntil; absent: not muted."] = 0
    fields: A[
        Sequence[CustomField],
        Ext(5, StructList(CustomField, 5)),
        "Custom fields of the member that the requesting user may read (GR-06).",
    ] = ()
    push_level: A[
        PushLevel | None,
        Ext(25, Enum(PushLevel)),
        "Of which messages the member gets a push, by all four settings (UG-03); never AS_ABOVE. Only in "
        "GROUP_MEMBER_GET_OK, and in lists by JoinTime.",
    ] = None


@row("AddedEntry")
class AddedEntry(Struct, frozen=True, gc=False):
    """The result for one user."""

    user_id: A[str, USER, "The user."]
    result: A[
        AddResult,
        Enum(AddResult),
        "FAILED: the user is blocked in this group or may not be added by the requesting user, or the server "
        "failed; ALREADY: nothing to change; WAITING: the user is asked first; FULL: the user is in as many "
        "groups as allowed.",
    ]


PROFILE_RULE = (
    "Bounds are in UTF-8 bytes; a longer text is BAD_PARAMETER and never cut (GR-03). Name, face URL, name card "
    "and nickname must have no control characters; introduction and notification may have them."
)

ATTRIBUTES_RULE = (
    "Attributes are one JSON object of the app's (GR-13). The server keeps it without spaces and with its keys in "
    "order: up to 8,192 bytes, nested up to 10 deep (attributes.md). A dotted key makes the objects on its way; "
    "ATTRIBUTE_PATH if one of them is no object. A key with a dot in it can only be set with the whole object."
)


@frame(
    0x0201,
    "GROUP_CREATE",
    "client",
    "request",
    reply="GROUP_CREATE_OK",
    rules=(
        "The creator becomes the owner. When the reply comes, the group exists with the named members. The reply "
        "names those who could not be added, for the same reasons as in GROUP_INVITE.",
        "If the future owner is in as many groups as allowed, the answer is TOO_MANY_GROUPS.",
        "group-types.md lists the types and what each allows.",
        "In a type that needs a first message (GT-16), the other members see nothing of the group until its owner "
        "has sent one.",
        "An app administrator may name another `owner`, but none for a type without owners.",
        PROFILE_RULE,
        ATTRIBUTES_RULE,
        "The id says the kind (GT-25): that of an ultra group begins with `@TGS#_`, that of a system conversation with "
        "`@SYS#`. Without a `group_id` the server makes one: it begins with `@TGS#_`, `@SYS#`, `_tmp:` (temporary), or "
        "`@TGS#` (all others).",
    ),
    errors=(
        "BAD_GROUP_ID",
        "GROUP_ID_TAKEN",
        "GROUP_ID_TAKEN_BY_YOU",
        "BAD_PARAMETER",
        "GROUP_FULL",
        "NOT_PERMITTED",
        "TOO_MANY_OF_TYPE",
        "TOO_MANY_GROUPS",
        "BAD_ATTRIBUTES",
        "ATTRIBUTES_TOO_LARGE",
    ),
)
class GroupCreate(Frame, frozen=True, gc=False):
    """Makes a group (GR-01)."""

    group_id: A[
        str,
        str8(160, one_line=True),
        "The wanted id: 1 to 48 bytes of 0x20 to 0x7E, without `@TOPIC#_`. In the type UltraGroup it begins with "
        "`@TGS#_`, in System with `@SYS#`, and else with neither `@TGS#`, `@SYS#` nor `_tmp:`. Empty: the server "
        "makes one; Temporary and `unique` take no other.",
    ]
    type_: A[
        str,
        str8(32, 1),
        "Type: Private, Public, ChatRoom, AVChatRoom, BChatRoom, UltraGroup, System, Temporary, or one of the app's own.",
    ]
    name: A[str, str8(30, 1, one_line=True), "Name."]
    introduction: A[str, str8(120), "Introduction."]
    notification: A[str, str8(150), "Notification."]
    face_url: A[str, FACE_URL, "FaceUrl."]
    apply_join_option: A[ApplyJoinOption, Enum(ApplyJoinOption), "BY_TYPE: the value of the type (GT-06)."]
    members: A[
        list[str],
        StrList(USER, 500),
        "The first members, besides the creator: at most 100 (limits.md). Duplicates count once; users need not "
        "have logged in before. NOT_PERMITTED where the type takes none at creation (GT-07): AVChatRoom, "
        "BChatRoom, System.",
    ]
    owner: A[
        str,
        Ext(1, USER_OR_NONE),
        "For app administrators: the user who becomes the owner; absent: the requesting user.",
    ] = ""
    max_member_num: A[int, Ext(2, U32), "MaxMemberNum; absent: the cap of the type (GT-12)."] = 0
    fields: A[Sequence[CustomField], Ext(3, StructList(CustomField, 20)), "Custom fields of the group (GR-06)."] = ()
    attributes: A[bytes, Ext(30, ATTRIBUTES), "Attributes: a JSON object of up to 8 KiB (GR-13)."] = b""
    ttl_s: A[
        int | None,
        Ext(40, U32),
        "Seconds until a temporary conversation ends, 1 to those of its type; absent: those of its type. "
        "BAD_PARAMETER for other types (SY-02).",
    ] = None
    unique: A[
        bool,
        Ext(41, Bool()),
        "True: the conversation of exactly these users, creator included, at least two; if it is there, the reply "
        "says which it is (C2-02). `group_id` must be empty.",
    ] = False


@frame(0x8201, "GROUP_CREATE_OK", "server", "reply")
class GroupCreateOk(Frame, frozen=True, gc=False):
    """The group exists."""

    group_id: A[str, GROUP, "Its id."]
    left_out: A[
        Sequence[AddedEntry],
        Ext(1, StructList(AddedEntry, 500)),
        "The users in `members` who were not added, and why.",
    ] = ()
    existed: A[bool, Ext(41, Bool()), "True if the unique conversation was there already (C2-02)."] = False


@frame(
    0x0203,
    "GROUP_JOIN",
    "client",
    "request",
    reply="GROUP_JOIN_OK",
    rules=(
        "All connections of the user get the group's messages with a SEQ above `newest_seq` by DELIVER, which may "
        "come before this reply.",
        "With FREE_ACCESS the user is a member when the reply comes. With NEED_PERMISSION the reply says WAITING; "
        "users who may decide get JOIN_REQUESTED, and the applicant gets JOIN_DECIDED after the decision. "
        "Applying again before that replaces the text. With DISABLE_APPLY, and where the type takes no "
        "applications (GT-05), the answer is NOT_PERMITTED.",
        "A blocked user (GROUP_BLOCK) gets BLOCKED, with the time until the block ends.",
        "A guest who joins receives the group's messages while they are connected and the group admits guests; "
        "they are no member, are not counted as one, and are not announced.",
        PROFILE_RULE,
    ),
    errors=(
        "NO_SUCH_GROUP",
        "ALREADY_MEMBER",
        "GROUP_FULL",
        "NOT_PERMITTED",
        "BLOCKED",
        "TOO_MANY_GROUPS",
        "TOO_MANY_ENTRIES",
    ),
)
class GroupJoin(Frame, frozen=True, gc=False):
    """Joins a group, or applies to join it (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    name_card: A[str, NAME_CARD, "The user's name card in the group; may be empty."]
    text: A[str, Ext(1, str16(300)), "The applicant's text for the deciding user; up to 300 bytes."] = ""


@frame(0x8203, "GROUP_JOIN_OK", "server", "reply")
class GroupJoinOk(Frame, frozen=True, gc=False):
    """The user is a member, or waits for a decision."""

    newest_seq: A[int, U64, "The newest SEQ at the moment of joining; 0 if there is no message."]
    member_num: A[int, U32, "MemberNum, with the new member; if the user waits, without them."]
    status: A[JoinStatus, Ext(1, Enum(JoinStatus)), "JOINED, or WAITING for a decision."] = JoinStatus.JOINED


@frame(
    0x0204,
    "GROUP_LEAVE",
    "client",
    "request",
    reply="GROUP_LEAVE_OK",
    rules=(
        "No DELIVER of the group follows the reply.",
        "Where the type lets its owner leave (GT-08), the group goes on without an owner.",
        "When the last member leaves, the group is removed, except where the type keeps it (GT-24).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "OWNER_MAY_NOT_LEAVE"),
)
class GroupLeave(Frame, frozen=True, gc=False):
    """Leaves a group (GR-05)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8204, "GROUP_LEAVE_OK", "server", "reply")
class GroupLeaveOk(Frame, frozen=True, gc=False):
    """The user is no longer a member."""


@frame(
    0x0205,
    "GROUP_INFO",
    "client",
    "request",
    reply="GROUP_INFO_OK",
    rules=(
        "For members and app administrators, and for anyone where the type can be searched (GT-01); guests only "
        "while they are in the group.",
        "Where the type has custom fields that `anyone` may read (GR-06), other users get those, the id and the "
        "type; all other fields are empty or 0.",
        "InfoSeq announces what GROUP_SET changes: ask again when it has grown.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupInfo(Frame, frozen=True, gc=False):
    """Asks for a group's profile (GR-03)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8205, "GROUP_INFO_OK", "server", "reply")
class GroupInfoOk(Frame, frozen=True, gc=False):
    """A group's profile."""

    group_id: A[str, GROUP, "GroupId."]
    type_: A[str, str8(32), "Type."]
    name: A[str, str8(30, one_line=True), "Name."]
    introduction: A[str, str8(120), "Introduction."]
    notification: A[str, str8(150), "Notification."]
    face_url: A[str, FACE_URL, "FaceUrl."]
    owner: A[str, USER_OR_NONE, "Owner_Account; empty if there is none."]
    create_time_ms: A[int, U64, "CreateTime."]
    info_seq: A[int, U64, "InfoSeq: grows with every change of profile or members."]
    last_info_time_ms: A[int, U64, "LastInfoTime."]
    last_msg_time_ms: A[int, U64, "LastMsgTime; 0 if there is no message."]
    next_msg_seq: A[int, U64, "NextMsgSeq: the SEQ that the next message gets."]
    member_num: A[int, U32, "MemberNum."]
    max_member_num: A[int, U32, "MaxMemberNum; 0: no cap."]
    online_num: A[int, U32, "Members and guests who are online now."]
    apply_join_option: A[
        ApplyJoinOption, Enum(ApplyJoinOption), "ApplyJoinOption; DISABLE_APPLY where the type takes no applications."
    ]
    mute_all: A[bool, Ext(1, Bool()), "ShutUpAllMember: only admins, the owner and `speakers` may send (SC-03)."] = (
        False
    )
    speakers: A[Sequence[str], Ext(2, StrList(USER, USERS_MAX)), "Members who may send although all are muted."] = ()
    fields: A[
        Sequence[CustomField],
        Ext(3, StructList(CustomField, 20)),
        "Custom fields of the group that the requesting user may read (GR-06).",
    ] = ()
    creator: A[
        str, Ext(30, USER_OR_NONE), "Creator: who made it; absent for what was made before this was kept (GR-13)."
    ] = ""
    attributes: A[bytes, Ext(31, ATTRIBUTES), "Attributes, as JSON; absent: the empty object (GR-13)."] = b""
    ends_ms: A[int, Ext(40, U64), "When a temporary conversation ends by itself (SY-02)."] = 0
    unique: A[bool, Ext(41, Bool()), "True if it is the conversation of exactly its users (C2-02)."] = False


@frame(
    0x0206,
    "GROUP_MEMBERS",
    "client",
    "request",
    reply="GROUP_MEMBERS_OK",
    rules=(
        "Begin with an empty cursor, and continue with `next`, whose content is opaque to a client.",
        "The type says what members get (GT-03): the whole list, or the earliest 500 by JoinTime, or "
        "NOT_PERMITTED. App administrators always get the whole list.",
        "A page may have fewer rows than asked for, or none, and still have a `next`.",
        "With an `order` it is the first or the last 500 who have joined, for app administrators too, the earliest or "
        "the latest first (CR-05); a cursor belongs to its order.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class GroupMembers(Frame, frozen=True, gc=False):
    """Asks for a page of a group's members (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]
    role: A[Role | None, Ext(1, Enum(Role)), "Only members with this role; absent: all members."] = None
    order: A[
        MemberOrder,
        Ext(20, Enum(MemberOrder)),
        "EARLIEST or LATEST: in the order of joining; absent: as the type says.",
    ] = MemberOrder.OF_TYPE


@frame(0x8206, "GROUP_MEMBERS_OK", "server", "reply")
class GroupMembersOk(Frame, frozen=True, gc=False):
    """A page of members, by user id; by JoinTime where clients get only part of the list."""

    members: A[list[MemberEntry], StructList(MemberEntry, 1000), "The members."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0208,
    "GROUP_SET",
    "client",
    "request",
    reply="GROUP_SET_OK",
    rules=(
        "Absent fields stay as they are. Either all of it is done or nothing.",
        "Name, introduction, notification, face URL and attributes can be changed by admins, and by any member "
        "where the type says so (GT-02); the rest by admins, or by the owner where the type has no admins; each custom "
        "field by its own rule (GR-06).",
        "If anything changes, it raises InfoSeq and is announced (GT-15).",
        PROFILE_RULE,
        ATTRIBUTES_RULE,
    ),
    errors=(
        "NO_SUCH_GROUP",
        "NOT_PERMITTED",
        "BAD_PARAMETER",
        "BAD_ATTRIBUTES",
        "ATTRIBUTES_TOO_LARGE",
        "ATTRIBUTE_PATH",
    ),
)
class GroupSet(Frame, frozen=True, gc=False):
    """Changes a group's profile (GR-03, GR-06)."""

    group_id: A[str, GROUP, "The group."]
    name: A[str | None, Ext(1, str8(255, 1, one_line=True)), "Name, 1 to 30 bytes."] = None
    introduction: A[str | None, Ext(2, str8(255)), "Introduction, up to 120 bytes."] = None
    notification: A[str | None, Ext(3, str8(255)), "Notification, up to 150 bytes."] = None
    face_url: A[str | None, Ext(4, str8(255, one_line=True)), "FaceUrl, up to 100 bytes."] = None
    apply_join_option: A[ApplyJoinOption | None, Ext(5, Enum(ApplyJoinOption)), "ApplyJoinOption."] = None
    max_member_num: A[
        int | None,
        Ext(6, U32),
        "MaxMemberNum, not above the type's cap; a value below the number of members removes nobody.",
    ] = None
    fields: A[
        Sequence[CustomField],
        Ext(7, StructList(CustomField, 20)),
        "Custom fields to set; an empty value removes a field.",
    ] = ()
    attributes: A[
        bytes | None, Ext(31, ATTRIBUTES), "Attributes, all of them: a JSON object of up to 8 KiB (GR-13)."
    ] = None
    attribute_changes: A[
        Sequence[AttributeChange],
        Ext(32, StructList(AttributeChange, 32)),
        "Single attributes to set, one after the other, after `attributes` (GR-13).",
    ] = ()
    mute_all: A[
        bool | None, Ext(40, Bool()), "True: nobody may send but owner and admins (SC-03); false: all may again."
    ] = None


@frame(0x8208, "GROUP_SET_OK", "server", "reply")
class GroupSetOk(Frame, frozen=True, gc=False):
    """It is changed."""

    info_seq: A[int, U64, "InfoSeq after it."]
