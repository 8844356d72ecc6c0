"""What the server tells members and applicants by itself: changes, applications, notices, the end of a group."""

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
        "Every connection of every user concerned gets it; the one that asked gets it before its reply.",
    ),
)
class GroupGone(Frame, frozen=True, gc=False):
    """The group is no longer there for this user."""

    group_id: A[str, GROUP, "The group."]
    reason: A[
        GoneReason,
        Enum(GoneReason),
        "Dissolved; left, by the user on this or another device; kicked, by an admin or a block; dropped for being "
        "offline (GT-11); removed, by the app's back end.",
    ]
    operator: A[str, Ext(1, USER_OR_NONE), "Who kicked."] = ""
    text: A[str, Ext(2, str16(300)), "What was said about it."] = ""


@row("GroupChange")
class GroupChange(Struct, frozen=True, gc=False):
    """Something that has happened in a group, to one user or more (GT-15, GR-07)."""

    kind: A[ChangeKind, Enum(ChangeKind), "What."]
    operator: A[str, USER_OR_NONE, "Who did it; empty: the server, or where clients get no member list."]
    users: A[
        list[str],
        StrList(USER, USERS_MAX),
        "To whom: the first of them, at most 100; none for PROFILE_CHANGED, and where clients get no member list.",
    ]
    count: A[int, U32, "To how many in all."]
    member_num: A[int, U32, "MemberNum after it."]
    info_seq: A[int, U64, "InfoSeq after it."]
    time_ms: A[int, U64, "When; of the last one, if they are many."]
    what: A[
        Sequence[str],
        Ext(1, StrList(str8(32, 1), 32)),
        "For PROFILE_CHANGED: name, introduction, notification, face_url, apply_join_option, max_member_num, "
        "mute_all, or `fields.` and a key.",
    ] = ()


@frame(
    0x4005,
    "GROUP_CHANGES",
    "server",
    "push",
    rules=(
        "Sent to everyone who hears the group (online, not by DISCARD; guests and the joiner too) where the type's "
        "notice is weak (GT-15): no SEQ, not stored. Where it "
        "is strong, the same comes as a message with a GroupTip element; where it is none, nothing comes.",
        "In a large room changes are joined together: one frame stands for up to a second of them, names up to "
        "100 users of each kind and says how many there were.",
        "Where clients get no member list (GT-03) nobody is named, neither in `users` nor as `operator`: `count` says "
        "how many there were.",
    ),
)
class GroupChanges(Frame, frozen=True, gc=False):
    """What has happened in a group: who came and went, what was changed."""

    group_id: A[str, GROUP, "The group."]
    changes: A[list[GroupChange], StructList(GroupChange, 1000), "In the order in which they happened."]


@frame(
    0x4006,
    "JOIN_REQUESTED",
    "server",
    "push",
    rules=(
        "It comes once for each application, to the owner and admins who are online; the others find by SYNC that it "
        "waits, and by GROUP_APPLICATIONS who it is. After `applications_kept_days` days (limits.md) it waits no longer.",
    ),
)
class JoinRequested(Frame, frozen=True, gc=False):
    """Somebody applies to join a group (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The applicant."]
    text: A[str, str16(300), "What the applicant says."]
    time_ms: A[int, U64, "When."]


@frame(
    0x4007,
    "JOIN_DECIDED",
    "server",
    "push",
    rules=(
        "It comes to the applicant, if online, and to the owner and admins, so that nobody decides again. An applicant "
        "who is not finds it by APPLICATIONS_OWN.",
    ),
)
class JoinDecided(Frame, frozen=True, gc=False):
    """An application was approved or refused (GR-05)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The applicant."]
    approved: A[bool, Bool(), "True: the applicant is a member."]
    operator: A[str, USER, "Who decided."]
    text: A[str, str16(300), "What was said about it."]
    newest_seq: A[int, Ext(1, U64), "If approved: the newest SEQ at the moment of joining."] = 0


@frame(
    0x4030,
    "GROUP_ENTERED",
    "server",
    "push",
    rules=(
        "It comes to all connections of everybody who is in a group from then on: by making it, joining, an invitation, "
        "an application that is approved, an import that is finished, or the app's back end; whatever the type's notice "
        "is (GT-15). Where a group is hidden until its owner's first message (GT-16), it comes with that message.",
        "The connection that asked gets it before its reply. Who is not online finds the group by SYNC, or, where its "
        "type is not listed there (GT-27), by GROUPS_JOINED.",
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
    operator: A[str, USER_OR_NONE, "Who has done it: the user itself, or another; empty: the server or its app."]
    time_ms: A[int, U64, "When."]


@frame(
    0x4031,
    "MUTE_CHANGED",
    "server",
    "push",
    rules=(
        "It comes to all connections of who is muted in a group or in all chat rooms (SC-02, SC-04), muted until another "
        "time, or no longer muted by somebody's word. That a mute is over by itself is not told: `until_ms` says it.",
        "In a group it comes to members; who joins while muted gets it after GROUP_ENTERED.",
        "With `everyone` the whole group is muted, or no longer, or its speakers are others (SC-03): it comes to all who "
        "hear the group, as GROUP_CHANGES does, whatever the type's notice is. Admins, the owner and the speakers "
        "(GROUP_INFO) may send all the same, and who is muted by name still may not when it ends.",
    ),
)
class MuteChanged(Frame, frozen=True, gc=False):
    """The user may not send, or may again (SC-09)."""

    group_id: A[str, str8(160), "Where; empty: in all chat rooms (SC-04)."]
    until_ms: A[int, U64, "Until when, milliseconds since 1970; 2^64 - 1: without an end; 0: no longer muted."]
    operator: A[str, USER_OR_NONE, "Who has done it; empty: it was so when the user joined."]
    everyone: A[bool, Ext(1, Bool()), "True: the whole group, and not the user alone."] = False


@frame(
    0x4008,
    "NOTICE",
    "server",
    "push",
    rules=("It has no SEQ, is not stored, and comes only to those online (MS-05).",),
)
class Notice(Frame, frozen=True, gc=False):
    """A system notice of the app to members of a group."""

    group_id: A[str, GROUP, "The group."]
    time_ms: A[int, U64, "The server's time."]
    body: A[bytes, BODY, "Its elements."]
