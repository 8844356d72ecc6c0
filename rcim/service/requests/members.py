"""Requests about members of groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated as A

from rcim.base.terms import MemberOrder, MsgFlag, Role
from rcim.service.bounds import U16, U32, Items, Text
from rcim.service.requests.kinds import CURSOR, GROUP, USER, USER_OR_NONE, USERS, USERS_OR_NONE, Fields, Request


class GroupJoin(Request, frozen=True, gc=False):
    """Joins a group, or applies to (GR-05)."""

    group_id: A[str, GROUP]
    name_card: A[str, Text(50)] = ""
    text: A[str, Text(300)] = ""


class GroupLeave(Request, frozen=True, gc=False):
    """Leaves a group (GR-05)."""

    group_id: A[str, GROUP]


class GroupMembers(Request, frozen=True, gc=False):
    """Asks for a page of a group's members (GR-05)."""

    group_id: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0
    role: Role | None = None
    order: MemberOrder = MemberOrder.OF_TYPE


class GroupMemberGet(Request, frozen=True, gc=False):
    """Asks for some members (GR-04)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS]


class GroupMemberSet(Request, frozen=True, gc=False):
    """Changes what a group keeps of a member (GR-02, GR-04, GR-06, RX-01)."""

    group_id: A[str, GROUP]
    user_id: A[str, USER]
    name_card: A[str | None, Text(255)] = None
    msg_flag: MsgFlag | None = None
    role: Role | None = None
    fields: A[Fields, Items(5)] = ()
    unread: A[int | None, U32] = None
    mute_s: A[int | None, U32] = None


class GroupInvite(Request, frozen=True, gc=False):
    """Brings users into a group (GR-05)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS]
    silent: bool = False


class GroupInvitations(Request, frozen=True, gc=False):
    """Lists the invitations that wait for the user's answer (GT-07)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class GroupInvitationAnswer(Request, frozen=True, gc=False):
    """Accepts or refuses an invitation (GT-07)."""

    group_id: A[str, GROUP]
    accept: bool


class ApplicationsOwn(Request, frozen=True, gc=False):
    """Asks what has become of the user's applications to join groups (GR-12)."""

    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0
    user_id: A[str, USER_OR_NONE] = ""


class GroupKick(Request, frozen=True, gc=False):
    """Removes members (GR-05)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS]
    text: A[str, Text(300)] = ""
    silent: bool = False


class GroupBlock(Request, frozen=True, gc=False):
    """Keeps users out of a group for a time, or lets them in again (GR-11)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS]
    seconds: A[int, U32]
    text: A[str, Text(300)] = ""


class GroupBlocked(Request, frozen=True, gc=False):
    """Asks for a page of those who are blocked now (GR-11)."""

    group_id: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class GroupMute(Request, frozen=True, gc=False):
    """Keeps users from sending for a time, or lets them again (SC-02)."""

    group_id: A[str, GROUP]
    users: A[Sequence[str], USERS]
    seconds: A[int, U32]


class GroupMuted(Request, frozen=True, gc=False):
    """Asks for a page of those who are muted now (SC-02)."""

    group_id: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class GroupMuteAll(Request, frozen=True, gc=False):
    """Mutes a whole group, or ends that (SC-03)."""

    group_id: A[str, GROUP]
    on: bool
    speakers: A[Sequence[str], USERS_OR_NONE] = ()


class GroupApplications(Request, frozen=True, gc=False):
    """Asks for a page of the applications that wait (GR-05)."""

    group_id: A[str, GROUP]
    cursor: A[str, CURSOR] = ""
    limit: A[int, U16] = 0


class GroupApplicationDecide(Request, frozen=True, gc=False):
    """Approves or refuses an application (GR-05)."""

    group_id: A[str, GROUP]
    user_id: A[str, USER]
    approve: bool
    text: A[str, Text(300)] = ""
