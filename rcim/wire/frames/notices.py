"""Pushes to members and applicants: changes, applications, notices, the end of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import ChangeKind, GoneReason
from rcim.wire.frames.kinds import BODY, FACE_URL, GROUP, USER, USER_OR_NONE, USERS_MAX
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U32, U64, Bool, Enum, StrList, StructList, str8, str16


@frame(
    0x4004,
    "GROUP_GONE",
    "server",
    "push",
    rules=(
        "No message of the group comes after it.",
        "Every connection of every affected user gets it; the requesting connection gets it before its reply.",
    ),
)
class GroupGone(Frame, frozen=True, gc=False):
    """The group no longer exists for this user."""

    group_id: A[str, GROUP, "The group."]
    reason: A[
        GoneReason,
        Enum(GoneReason),
        "Dissolved; left, by the user on this or another device; kicked, by an admin or a block; dropped for being "
        "offline (GT-11); removed, by the app's back end; ended, as its time was over (SY-02).",
    ]
    operator: A[str, Ext(1, USER_OR_NONE), "The user who kicked."] = ""
    text: A[str, Ext(2, str16(300)), "The reason given; may be empty."] = ""


@row("GroupChange")
class GroupChange(Struct, frozen=True, gc=False):
    """Something that has happened in a group, to one user or more (GT-15, GR-07)."""

    kind: A[ChangeKind, Enum(ChangeKind), "What."]
    operator: A[str, USER_OR_NONE, "The user who did it; empty: the server, or where clients get no member list."]
    users: A[
        list[str],
        StrList(USER, USERS_MAX),
        "The affected users: the first ones, at most 100; empty for PROFILE_CHANGED, and where clients get no "
        "member list.",
    ]
    count: A[int, U32, "The number of affected users in all."]
    member_num: A[int, U32, "MemberNum after it."]
    info_seq: A[int, U64, "InfoSeq after it."]
    time_ms: A[int, U64, "The time; of the last change, if there are several."]
    what: A[
        Sequence[str],
        Ext(1, StrList(str8(32, 1), 32)),
        "For PROFILE_CHANGED: name, introduction, notification, face_url, attributes, apply_join_option, "
        "max_member_num, mute_all, or `fields.` and a key.",
    ] = ()


@frame(
    0x4005,
    "GROUP_CHANGES",
    "server",
    "push",
    rules=(
        "Where the type's notice is weak (GT-15), it goes to everyone who receives the group's messages (online "
        "and without DISCARD; guests and the joining user too): no SEQ, not stored. Where the notice is strong, "
        "the same comes as a message with a GroupTip element; where it is none, nothing comes.",
        "In a large room changes are merged: one frame covers up to a second of them, names up to 100 users of "
        "each kind, and says how many there were.",
        "Where clients get no member list (GT-03) nobody is named, neither in `users` nor as `operator`: `count` says "
        "how many there were.",
    ),
)
class GroupChanges(Frame, frozen=True, gc=False):
    """Changes in a group: members joined or left, settings changed."""

    group_id: A[str, GROUP, "The group."]
    changes: A[list[GroupChange], StructList(GroupChange, 1000), "In the order in which they happened."]


@frame(
    0x4006,
    "JOIN_REQUESTED",
    "server",
    "push",
    rules=(
        "It comes once for each application, to the owner and admins who are online; for the others, SYNC shows "
        "that one is waiting, and GROUP_APPLICATIONS shows the applicant. After `applications_kept_days` days "
        "(limits.md) it no longer waits.",
    ),
)
class JoinRequested(Frame, frozen=True, gc=False):
    """A user applies to join a group (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The applicant."]
    text: A[str, str16(300), "The applicant's text."]
    time_ms: A[int, U64, "When."]


@frame(
    0x4007,
    "JOIN_DECIDED",
    "server",
    "push",
    rules=(
        "It comes to the applicant, if online, and to the owner and admins, so that nobody decides again. An "
        "applicant who is offline finds it by APPLICATIONS_OWN.",
    ),
)
class JoinDecided(Frame, frozen=True, gc=False):
    """An application was approved or refused (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The applicant."]
    approved: A[bool, Bool(), "True: the applicant is a member."]
    operator: A[str, USER, "The user who decided."]
    text: A[str, str16(300), "The text of the decision; may be empty."]
    newest_seq: A[int, Ext(1, U64), "If approved: the newest SEQ at the moment of joining."] = 0


@frame(
    0x4030,
    "GROUP_ENTERED",
    "server",
    "push",
    rules=(
        "It comes to all connections of every user who enters a group: by creating it, joining, an invitation, an "
        "approved application, a finished import, or the app's back end, whatever the type's notice is (GT-15). "
        "Where a group is hidden until its owner's first message (GT-16), it comes with that message.",
        "The requesting connection gets it before its reply. Users who are not online find the group by SYNC, or, "
        "where its type is not listed there (GT-27), by GROUPS_JOINED.",
        "A guest does not get it.",
    ),
)
class GroupEntered(Frame, frozen=True, gc=False):
    """The user is in a group from now on (GR-07)."""

    group_id: A[str, GROUP, "The group."]
    type_: A[str, str8(32), "The name of its group type."]
    name: A[str, str8(30), "Its name."]
    face_url: A[str, FACE_URL, "Its face URL; may be empty."]
    newest_seq: A[int, U64, "The newest SEQ at that moment: what comes after it is delivered."]
    operator: A[
        str, USER_OR_NONE, "The user who did it: the user themselves or another; empty: the server or its app."
    ]
    time_ms: A[int, U64, "When."]


@frame(
    0x4031,
    "MUTE_CHANGED",
    "server",
    "push",
    rules=(
        "It comes to all connections of a user who is muted in a group or in all chat rooms (SC-02, SC-04), whose "
        "mute gets another end, or whose mute is lifted. When a mute ends by itself, nothing is sent: `until_ms` "
        "gives the time.",
        "In a group it comes to members; a user who joins while muted gets it after GROUP_ENTERED.",
        "With `everyone` the whole group is muted or no longer muted, or its speakers have changed (SC-03): it "
        "goes to everyone who receives the group's messages, as GROUP_CHANGES does, whatever the type's notice "
        "is. Admins, the owner and the speakers (GROUP_INFO) may still send. Users who are muted by name stay "
        "muted when it ends.",
    ),
)
class MuteChanged(Frame, frozen=True, gc=False):
    """The user is muted, or no longer muted (SC-09)."""

    group_id: A[str, str8(160), "The group; empty: all chat rooms (SC-04)."]
    until_ms: A[int, U64, "The end of the mute, in milliseconds since 1970; 2^64 - 1: no end; 0: no longer muted."]
    operator: A[str, USER_OR_NONE, "The user who did it; empty: the mute existed when the user joined."]
    everyone: A[bool, Ext(1, Bool()), "True: the whole group, not only the user."] = False


@frame(
    0x4008,
    "NOTICE",
    "server",
    "push",
    rules=("It has no SEQ, is not stored, and goes only to users who are online (MS-05).",),
)
class Notice(Frame, frozen=True, gc=False):
    """A system notice of the app to members of a group."""

    group_id: A[str, GROUP, "The group."]
    time_ms: A[int, U64, "The server's time."]
    body: A[bytes, BODY, "Its elements."]
