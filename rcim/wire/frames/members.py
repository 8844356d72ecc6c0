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
SPARSE = "A page may hold fewer rows than asked for, or none, and still have a `next`."


@row("Application")
class Application(Struct, frozen=True, gc=False):
    """An application that waits for a decision."""

    user_id: A[str, USER, "The applicant."]
    name_card: A[str, NAME_CARD, "The name card wanted."]
    text: A[str, str16(300), "What the applicant says."]
    time_ms: A[int, U64, "When."]


@row("Until")
class Until(Struct, frozen=True, gc=False):
    """A user and a time."""

    user_id: A[str, USER, "The user."]
    until_ms: A[int, U64, "Until when, milliseconds since 1970; 2^64 - 1: without an end."]


@frame(
    0x0210,
    "GROUP_INVITE",
    "client",
    "request",
    reply="GROUP_INVITE_OK",
    rules=(
        "Who may: GT-07. The invited hear the group from now on.",
        "By the app's setting, or by their own (INVITE_CONSENT_SET), users are asked first, but by app administrators: "
        "then the result is WAITING, and the user gets GROUP_INVITED. An invitation takes the place of an earlier one "
        "to the same group.",
        "A user who is in the most groups allowed, or has the most invitations allowed (limits.md), is not added: FULL. "
        "A user who has the inviting user on their black list is not added either: FAILED (SC-07). App administrators "
        "add users in spite of a black list, but not beyond these bounds.",
        "If not all of them fit under the cap, none is added (GROUP_FULL).",
        "At most 300 users at once (limits.md).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "GROUP_FULL", "BAD_PARAMETER"),
)
class GroupInvite(Frame, frozen=True, gc=False):
    """Brings users into a group (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: at least one; doubles count once."]


@frame(0x8210, "GROUP_INVITE_OK", "server", "reply")
class GroupInviteOk(Frame, frozen=True, gc=False):
    """What became of each."""

    results: A[list[AddedEntry], StructList(AddedEntry, USERS_MAX), "In the order asked for."]


@frame(
    0x0211,
    "GROUP_KICK",
    "client",
    "request",
    reply="GROUP_KICK_OK",
    rules=(
        "Who may: GT-10; and whom: group-types.md. All are removed or none.",
        "The owner can't be kicked (NOT_PERMITTED), nor oneself (BAD_PARAMETER); others than members are NO_SUCH_MEMBER.",
        "The kicked get GROUP_GONE. A guest that is in the group is kicked by its id, unannounced.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "NO_SUCH_MEMBER"),
)
class GroupKick(Frame, frozen=True, gc=False):
    """Removes members (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: 1 to 100; doubles count once."]
    text: A[str, str16(300), "Why; the kicked are told. May be empty."]


@frame(0x8211, "GROUP_KICK_OK", "server", "reply")
class GroupKickOk(Frame, frozen=True, gc=False):
    """They are members no longer."""


@frame(
    0x0212,
    "GROUP_APPLICATIONS",
    "client",
    "request",
    reply="GROUP_APPLICATIONS_OK",
    rules=("The owner, admins and app administrators may ask.", SPARSE),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupApplications(Frame, frozen=True, gc=False):
    """Asks for a page of the applications that wait (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]


@frame(0x8212, "GROUP_APPLICATIONS_OK", "server", "reply")
class GroupApplicationsOk(Frame, frozen=True, gc=False):
    """A page of applications, by user id."""

    applications: A[list[Application], StructList(Application, 1000), "The applications."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x0213,
    "GROUP_APPLICATION_DECIDE",
    "client",
    "request",
    reply="GROUP_APPLICATION_DECIDE_OK",
    rules=(
        "The owner, admins and app administrators may.",
        "What has been decided, and what was never asked for, is ALREADY_HANDLED.",
        "An approval that finds the group full is GROUP_FULL, and the application waits on.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "ALREADY_HANDLED", "GROUP_FULL"),
)
class GroupApplicationDecide(Frame, frozen=True, gc=False):
    """Approves or refuses an application (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The applicant."]
    approve: A[bool, Bool(), "True makes the applicant a member."]
    text: A[str, str16(300), "What the applicant is told; may be empty."]


@frame(0x8213, "GROUP_APPLICATION_DECIDE_OK", "server", "reply")
class GroupApplicationDecideOk(Frame, frozen=True, gc=False):
    """It is decided, and the applicant has been told if online."""


@frame(
    0x0214,
    "GROUP_MEMBER_GET",
    "client",
    "request",
    reply="GROUP_MEMBER_GET_OK",
    rules=(
        "Members may ask where the type shows its list (GT-03), and everyone for themselves; app administrators always. "
        "Users who are no members are left out.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class GroupMemberGet(Frame, frozen=True, gc=False):
    """Asks for some members (GR-04)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: 1 to 100."]


@frame(0x8214, "GROUP_MEMBER_GET_OK", "server", "reply")
class GroupMemberGetOk(Frame, frozen=True, gc=False):
    """Those of them who are members."""

    members: A[list[MemberEntry], StructList(MemberEntry, 1000), "The members, in the order asked for."]


@frame(
    0x0215,
    "GROUP_MEMBER_SET",
    "client",
    "request",
    reply="GROUP_MEMBER_SET_OK",
    rules=(
        "What is absent stays as it is. All of it is done or nothing.",
        "`name_card`: one's own; of those with a lower role by admins and the owner. `msg_flag`: one's own. "
        "`role`: by the owner, where the type lets the owner appoint admins (GT-09), and by app administrators; "
        "MEMBER or ADMIN, the owner by GROUP_OWNER_SET. `fields`: by the rule of each field (GR-06).",
        "App administrators may all of it, except where the type has no admins or no member fields.",
        "After `msg_flag` DISCARD no DELIVER, GROUP_CHANGES or NOTICE to all of the group comes any more "
        "(RX-01), one's own "
        "messages neither. A NOTICE that names the user, JOIN_REQUESTED, JOIN_DECIDED and GROUP_GONE still come.",
        "A name card, a field or a MsgFlag changes without a notice; all but the MsgFlag raise InfoSeq.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "BAD_PARAMETER"),
)
class GroupMemberSet(Frame, frozen=True, gc=False):
    """Changes what a group keeps of a member (GR-02, GR-04, GR-06, RX-01)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The member; may be oneself."]
    name_card: A[str | None, Ext(1, str8(255, one_line=True)), "NameCard, up to 50 bytes."] = None
    msg_flag: A[MsgFlag | None, Ext(2, Enum(MsgFlag)), "MsgFlag."] = None
    role: A[Role | None, Ext(3, Enum(Role)), "Role."] = None
    fields: A[
        Sequence[CustomField], Ext(4, StructList(CustomField, 5)), "Custom fields to set; an empty value removes."
    ] = ()


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
        "Who may: GT-17; and whom: group-types.md. All are muted or none.",
        "It holds through leaving and joining again (SC-02), so users who are no members may be named too. It ends for "
        "users who become the owner or an admin; app administrators lift any.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
)
class GroupMute(Frame, frozen=True, gc=False):
    """Keeps users from sending for a time, or lets them again (SC-02)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: 1 to 500."]
    seconds: A[int, U32, "MuteTime: 0 lets them again, 4294967295 is without an end."]


@frame(0x8216, "GROUP_MUTE_OK", "server", "reply")
class GroupMuteOk(Frame, frozen=True, gc=False):
    """They are muted, or no longer."""


@frame(
    0x0217,
    "GROUP_MUTED",
    "client",
    "request",
    reply="GROUP_MUTED_OK",
    rules=("Who may mute may ask.", SPARSE),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupMuted(Frame, frozen=True, gc=False):
    """Asks for a page of those who are muted now (SC-02)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]


@frame(0x8217, "GROUP_MUTED_OK", "server", "reply")
class GroupMutedOk(Frame, frozen=True, gc=False):
    """A page of the muted, by user id."""

    muted: A[list[Until], StructList(Until, 1000), "The muted."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]


@frame(
    0x0218,
    "GROUP_MUTE_ALL",
    "client",
    "request",
    reply="GROUP_MUTE_ALL_OK",
    rules=("Who may: GT-17. Admins, the owner and `speakers` may send all the same. It raises InfoSeq.",),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER"),
)
class GroupMuteAll(Frame, frozen=True, gc=False):
    """Mutes a whole group, or ends that (SC-03)."""

    group_id: A[str, GROUP, "The group."]
    on: A[bool, Bool(), "True: only those named, admins and the owner may send."]
    speakers: A[list[str], ANY, "Who may still speak: up to 100; must be empty when it ends."]


@frame(0x8218, "GROUP_MUTE_ALL_OK", "server", "reply")
class GroupMuteAllOk(Frame, frozen=True, gc=False):
    """It is so."""


@frame(
    0x0219,
    "GROUP_BLOCK",
    "client",
    "request",
    reply="GROUP_BLOCK_OK",
    rules=(
        "Who may: the type's `block` policy (group-types.md); and whom: the same page. All or none.",
        "A member is removed now, gets GROUP_GONE, and is refused at joining until the time is over.",
        "A guest is blocked by its id, unannounced, for as long as it is connected; one that is gone is NO_SUCH_MEMBER.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "BAD_PARAMETER", "NO_SUCH_MEMBER", "TOO_MANY_ENTRIES"),
)
class GroupBlock(Frame, frozen=True, gc=False):
    """Keeps users out of a group for a time, or lets them in again (GR-11)."""

    group_id: A[str, GROUP, "The group."]
    users: A[list[str], SOME, "Whom: 1 to 100."]
    seconds: A[int, U32, "For how long: 0 lets them in again, 4294967295 is without an end."]
    text: A[str, str16(300), "Why; those removed are told. May be empty."]


@frame(0x8219, "GROUP_BLOCK_OK", "server", "reply")
class GroupBlockOk(Frame, frozen=True, gc=False):
    """They are kept out, or no longer."""


@frame(
    0x021A,
    "GROUP_BLOCKED",
    "client",
    "request",
    reply="GROUP_BLOCKED_OK",
    rules=("Who may block may ask.", SPARSE),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupBlocked(Frame, frozen=True, gc=False):
    """Asks for a page of those who are blocked now (GR-11)."""

    group_id: A[str, GROUP, "The group."]
    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]


@frame(0x821A, "GROUP_BLOCKED_OK", "server", "reply")
class GroupBlockedOk(Frame, frozen=True, gc=False):
    """A page of the blocked, by user id."""

    blocked: A[list[Until], StructList(Until, 1000), "The blocked."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]
