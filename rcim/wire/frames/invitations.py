"""Frames about invitations: users who are asked before others add them to a group (GT-07)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import InviteConsent
from rcim.wire.frames.kinds import GROUP, PAGE_CURSOR, USER, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U64, Bool, Enum, StructList, str8


@frame(
    0x4020,
    "GROUP_INVITED",
    "server",
    "push",
    rules=(
        "It is sent where users are asked before others add them (GROUP_INVITE), to all connections of the user. "
        "Users who are not online find the invitation by GROUP_INVITATIONS.",
        "GROUP_INVITATION_ANSWER answers it. Until they accept, users see nothing else of the group.",
    ),
)
class GroupInvited(Frame, frozen=True, gc=False):
    """Another user wants to add the user to a group (GT-07)."""

    group_id: A[str, GROUP, "The group."]
    name: A[str, str8(30, 1), "Its name."]
    by: A[str, USER, "The user who invites."]
    time_ms: A[int, U64, "When."]


@row("Invitation")
class Invitation(Struct, frozen=True, gc=False):
    """An invitation that waits for the user's answer."""

    group_id: A[str, GROUP, "The group."]
    name: A[str, str8(30, 1), "Its name when the user was invited."]
    by: A[str, USER, "The user who invites."]
    time_ms: A[int, U64, "When."]


@frame(
    0x0230,
    "GROUP_INVITATIONS",
    "client",
    "request",
    reply="GROUP_INVITATIONS_OK",
    rules=(
        "Invitations that are accepted, refused or void are not listed, nor those to a group that the user is "
        "already in.",
    ),
    errors=("NOT_PERMITTED",),
)
class GroupInvitations(Frame, frozen=True, gc=False):
    """Lists the invitations that wait for the user's answer (GT-07)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0: as many as allowed (limits.md)."]


@frame(0x8230, "GROUP_INVITATIONS_OK", "server", "reply")
class GroupInvitationsOk(Frame, frozen=True, gc=False):
    """A page of invitations, by group."""

    invitations: A[list[Invitation], StructList(Invitation, 1000), "The invitations."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0231,
    "GROUP_INVITATION_ANSWER",
    "client",
    "request",
    reply="GROUP_INVITATION_ANSWER_OK",
    rules=(
        "A user who accepts is a member when the reply comes, as if the inviting user had added them. If the "
        "inviting user is no longer a member, the answer is NOT_PERMITTED and the invitation is void. It is also "
        "void if the group is gone (NO_SUCH_GROUP).",
        "After GROUP_FULL, BLOCKED and TOO_MANY_GROUPS the invitation still waits.",
        "A user who refuses is asked again only after another invitation; the inviting user is not notified of "
        "the refusal. All connections of the user get OWN_CHANGED.",
    ),
    errors=(
        "ALREADY_HANDLED",
        "NO_SUCH_GROUP",
        "NOT_PERMITTED",
        "ALREADY_MEMBER",
        "GROUP_FULL",
        "BLOCKED",
        "TOO_MANY_GROUPS",
    ),
)
class GroupInvitationAnswer(Frame, frozen=True, gc=False):
    """Accepts or refuses an invitation (GT-07)."""

    group_id: A[str, GROUP, "The group."]
    accept: A[bool, Bool(), "True: come in."]


@frame(0x8231, "GROUP_INVITATION_ANSWER_OK", "server", "reply")
class GroupInvitationAnswerOk(Frame, frozen=True, gc=False):
    """The invitation no longer waits."""

    newest_seq: A[int, U64, "If accepted: the newest SEQ at the moment of joining; else 0."]


@frame(
    0x0330,
    "INVITE_CONSENT_SET",
    "client",
    "request",
    reply="INVITE_CONSENT_SET_OK",
    rules=(
        "The user's setting overrides the app's setting. App administrators add users without asking (GROUP_INVITE).",
        "If it changes, all devices of the user get OWN_CHANGED before the reply.",
    ),
    errors=("BAD_PARAMETER", "NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class InviteConsentSet(Frame, frozen=True, gc=False):
    """Sets whether the user is asked before others add them to a group (GT-07)."""

    consent: A[
        InviteConsent,
        Enum(InviteConsent),
        "AS_APP: as the app's setting says; ASK: ask first; ADD: add without asking.",
    ]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8330, "INVITE_CONSENT_SET_OK", "server", "reply")
class InviteConsentSetOk(Frame, frozen=True, gc=False):
    """It holds."""


@frame(
    0x0331,
    "INVITE_CONSENT",
    "client",
    "request",
    reply="INVITE_CONSENT_OK",
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class InviteConsentGet(Frame, frozen=True, gc=False):
    """Asks for that setting of a user (GT-07)."""

    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8331, "INVITE_CONSENT_OK", "server", "reply")
class InviteConsentOk(Frame, frozen=True, gc=False):
    """The user's setting."""

    consent: A[InviteConsent, Enum(InviteConsent), "AS_APP: nothing."]
