"""Frames about members: invite, kick, roles, applications, mutes, blocks, the user's own settings in a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import MsgFlag, Role
from rcim.wire.frames.groups import AddedEntry, MemberEntry
from rcim.wire.frames.kinds import GROUP, NAME_CARD, PAGE_CURSOR, USER, USERS_MAX, CustomField
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, Enum, StrList, StructList, str8, str16

SOME, ANY = StrList(USER, USERS_MAX, 1), StrList(USER, USERS_MAX)
SPARSE = "A page may have fewer rows than asked for, or none, and still have a `next`."


@row("Application")
class Application(Struct, frozen=True, gc=False):
    """An application that waits for a decision."""

    user_id: A[str, USER, "The applicant."]
    name_card: A[str, NAME_CARD, "The name card wanted."]
    text: A[str, str16(300), "The applicant's text."]
    time_ms: A[int, U64, "When."]


@row("Until")
class Until(Struct, frozen=True, gc=False):
    """A user and a time."""

    user_id: A[str, USER, "The user."]
    until_ms: A[int, U64, "The end, in milliseconds since 1970; 2^64 - 1: no end."]


@frame(
    0x0210,
    "GROUP_INVITE",
    "client",
    "request",
    reply="GROUP_INVITE_OK",
    rules=(
        "GT-07 says which users may invite. The invited users receive the group's messages from now on.",
        "If the app's setting or their own (INVITE_CONSENT_SET) says so, users are asked first, except when an "
        "app administrator adds them: the result is then WAITING, and the user gets GROUP_INVITED. An invitation "
        "replaces an earlier one to the same group.",
        "A user who is in as many groups as allowed, or has as many invitations as allowed (limits.md), is not "
        "added: FULL. A user who has the inviting user on their black list is not added either: FAILED (SC-07). "
        "App administrators can add users in spite of a black list, but not beyond these bounds.",
        "If the cap leaves no room for all of them, none is added (GROUP_FULL).",
        "At most 300 users at once (limits.md).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "GROUP_FULL", "BAD_PARAMETER"),
)
class GroupInvite(Frame, frozen=True, gc=False):
    """Brings users into a group (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "The users: at least one; duplicates count once."]
    silent: A[bool, Ext(40, Bool()), "For app administrators: true: the others get no notice of it (GT-15)."] = False


@frame(0x8210, "GROUP_INVITE_OK", "server", "reply")
class GroupInviteOk(Frame, frozen=True, gc=False):
    """The result for each."""

    results: A[list[AddedEntry], StructList(AddedEntry, USERS_MAX), "In the order of the request."]


@frame(
    0x0211,
    "GROUP_KICK",
    "client",
    "request",
    reply="GROUP_KICK_OK",
    rules=(
        "GT-10 and group-types.md say which users may kick, and whom. Either all are removed or none.",
        "The owner can't be kicked (NOT_PERMITTED), nor the requesting user (BAD_PARAMETER); users who are not "
        "members are NO_SUCH_MEMBER.",
        "Kicked users get GROUP_GONE. A guest in the group is kicked by id, without an announcement.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "NO_SUCH_MEMBER"),
)
class GroupKick(Frame, frozen=True, gc=False):
    """Removes members (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "The users: 1 to 100; duplicates count once."]
    text: A[str, str16(300), "The reason, which the kicked users are given; may be empty."]
    silent: A[bool, Ext(40, Bool()), "For app administrators: true: the others get no notice of it (GT-15)."] = False


@frame(0x8211, "GROUP_KICK_OK", "server", "reply")
class GroupKickOk(Frame, frozen=True, gc=False):
    """They are no longer members."""


@frame(
    0x0212,
    "GROUP_APPLICATIONS",
    "client",
    "request",
    reply="GROUP_APPLICATIONS_OK",
    rules=("For the owner, admins and app administrators.", SPARSE),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupApplications(Frame, frozen=True, gc=False):
    """Asks for a page of the waiting applications (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8212, "GROUP_APPLICATIONS_OK", "server", "reply")
class GroupApplicationsOk(Frame, frozen=True, gc=False):
    """A page of applications, by user id."""

    applications: A[list[Application], StructList(Application, 1000), "The applications."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0213,
    "GROUP_APPLICATION_DECIDE",
    "client",
    "request",
    reply="GROUP_APPLICATION_DECIDE_OK",
    rules=(
        "For the owner, admins and app administrators.",
        "An application that is already decided, or was never made, is ALREADY_HANDLED.",
        "If the group is full, an approval is GROUP_FULL and the application still waits.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "ALREADY_HANDLED", "GROUP_FULL"),
)
class GroupApplicationDecide(Frame, frozen=True, gc=False):
    """Approves or refuses an application (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The applicant."]
    approve: A[bool, Bool(), "True makes the applicant a member."]
    text: A[str, str16(300), "A text for the applicant; may be empty."]


@frame(0x8213, "GROUP_APPLICATION_DECIDE_OK", "server", "reply")
class GroupApplicationDecideOk(Frame, frozen=True, gc=False):
    """It is decided, and the applicant has been notified if online."""


@frame(
    0x0214,
    "GROUP_MEMBER_GET",
    "client",
    "request",
    reply="GROUP_MEMBER_GET_OK",
    rules=(
        "Members may ask where the type shows its list (GT-03), everyone about themselves, and app administrators "
        "always. Users who are not members are left out.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class GroupMemberGet(Frame, frozen=True, gc=False):
    """Asks for some members (GR-04)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: 1 to 100."]


@frame(0x8214, "GROUP_MEMBER_GET_OK", "server", "reply")
class GroupMemberGetOk(Frame, frozen=True, gc=False):
    """The members among them."""

    members: A[list[MemberEntry], StructList(MemberEntry, 1000), "The members, in the order of the request."]


@frame(
    0x0215,
    "GROUP_MEMBER_SET",
    "client",
    "request",
    reply="GROUP_MEMBER_SET_OK",
    rules=(
        "Absent fields stay as they are. Either all of it is done or nothing.",
        "`name_card` can be changed by the member, and by admins and the owner for members with a lower role. "
        "`msg_flag` can be changed by the member. `role` can be changed by the owner, where the type lets the "
        "owner appoint admins (GT-09), and by app administrators, to MEMBER or ADMIN; GROUP_OWNER_SET sets the "
        "owner. `fields` follow the rule of each field (GR-06).",
        "App administrators may change all of it, except where the type has no admins or no member fields.",
        "With `msg_flag` DISCARD, the user gets no DELIVER or GROUP_CHANGES of the group and no NOTICE to the "
        "whole group (RX-01), not even for their own messages. A NOTICE that names the user, JOIN_REQUESTED, "
        "JOIN_DECIDED and GROUP_GONE still come.",
        "A change of name card, field or MsgFlag causes no notice; all but the MsgFlag raise InfoSeq.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "BAD_PARAMETER"),
)
class GroupMemberSet(Frame, frozen=True, gc=False):
    """Changes the group's data about a member (GR-02, GR-04, GR-06, RX-01)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The member; may be the requesting user."]
    name_card: A[str | None, Ext(1, str8(255, one_line=True)), "NameCard, up to 50 bytes."] = None
    msg_flag: A[MsgFlag | None, Ext(2, Enum(MsgFlag)), "MsgFlag."] = None
    role: A[Role | None, Ext(3, Enum(Role)), "Role."] = None
    fields: A[
        Sequence[CustomField],
        Ext(4, StructList(CustomField, 5)),
        "Custom fields to set; an empty value removes a field.",
    ] = ()
    unread: A[
        int | None, Ext(40, U32), "For app administrators: how many of the newest messages are unread from now on."
    ] = None
    mute_s: A[
        int | None, Ext(41, U32), "For app administrators: for how many seconds the member is muted, as GROUP_MUTE."
    ] = None


@frame(0x8215, "GROUP_MEMBER_SET_OK", "server", "reply")
class GroupMemberSetOk(Frame, frozen=True, gc=False):
    """It is changed."""


@frame(
    0x0216,
    "GROUP_MUTE",
    "client",
    "request",
    reply="GROUP_MUTE_OK",
    rules=(
        "GT-17 and group-types.md say which users may mute, and whom. Either all are muted or none.",
        "A mute survives leaving and joining again (SC-02), so users who are not members can be muted too. It "
        "ends for users who become the owner or an admin; app administrators can lift any mute.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
)
class GroupMute(Frame, frozen=True, gc=False):
    """Mutes users for a time, or ends that (SC-02)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "The users: 1 to 500."]
    seconds: A[int, U32, "MuteTime: 0 ends the mute, 4294967295 is without an end."]


@frame(0x8216, "GROUP_MUTE_OK", "server", "reply")
class GroupMuteOk(Frame, frozen=True, gc=False):
    """They are muted, or no longer muted."""


@frame(
    0x0217,
    "GROUP_MUTED",
    "client",
    "request",
    reply="GROUP_MUTED_OK",
    rules=("For users who may mute.", SPARSE),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupMuted(Frame, frozen=True, gc=False):
    """Asks for a page of the users who are muted now (SC-02)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8217, "GROUP_MUTED_OK", "server", "reply")
class GroupMutedOk(Frame, frozen=True, gc=False):
    """A page of the muted users, by user id."""

    muted: A[list[Until], StructList(Until, 1000), "The muted."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0218,
    "GROUP_MUTE_ALL",
    "client",
    "request",
    reply="GROUP_MUTE_ALL_OK",
    rules=(
        "GT-17 says which users may do this. Admins, the owner and `speakers` may still send. It raises InfoSeq.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class GroupMuteAll(Frame, frozen=True, gc=False):
    """Mutes a whole group, or ends that (SC-03)."""

    group_id: A[str, GROUP, "The group."]
    on: A[bool, Bool(), "True: only `speakers`, admins and the owner may send."]
    speakers: A[list[str], ANY, "Members who may still send: up to 100; must be empty when the mute ends."]


@frame(0x8218, "GROUP_MUTE_ALL_OK", "server", "reply")
class GroupMuteAllOk(Frame, frozen=True, gc=False):
    """The mute is set or lifted."""


@frame(
    0x0219,
    "GROUP_BLOCK",
    "client",
    "request",
    reply="GROUP_BLOCK_OK",
    rules=(
        "The type's `block` policy (group-types.md) says which users may block, and whom. Either all are blocked "
        "or none.",
        "A member is removed now, gets GROUP_GONE, and can't join until the time is over.",
        "A guest is blocked by id, without an announcement, while they are connected; a guest who is gone is "
        "NO_SUCH_MEMBER.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "NO_SUCH_MEMBER", "TOO_MANY_ENTRIES"),
)
class GroupBlock(Frame, frozen=True, gc=False):
    """Blocks users from a group for a time, or ends that (GR-11)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: 1 to 100."]
    seconds: A[int, U32, "The duration: 0 ends the block, 4294967295 is without an end."]
    text: A[str, str16(300), "The reason, which removed users are given; may be empty."]


@frame(0x8219, "GROUP_BLOCK_OK", "server", "reply")
class GroupBlockOk(Frame, frozen=True, gc=False):
    """They are blocked, or no longer blocked."""


@frame(
    0x021A,
    "GROUP_BLOCKED",
    "client",
    "request",
    reply="GROUP_BLOCKED_OK",
    rules=("For users who may block.", SPARSE),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupBlocked(Frame, frozen=True, gc=False):
    """Asks for a page of the users who are blocked now (GR-11)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x821A, "GROUP_BLOCKED_OK", "server", "reply")
class GroupBlockedOk(Frame, frozen=True, gc=False):
    """A page of the blocked users, by user id."""

    blocked: A[list[Until], StructList(Until, 1000), "The blocked."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]
