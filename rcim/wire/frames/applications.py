"""Frames about a user's own applications to join groups, and their decisions (GR-12)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import ApplicationState
from rcim.wire.frames.kinds import GROUP, PAGE_CURSOR, USER_OR_NONE
from rcim.wire.schema import Ext, Frame, Struct, frame, row
from rcim.wire.types import U16, U64, Enum, StructList, str16


@row("OwnApplication")
class OwnApplication(Struct, frozen=True, gc=False):
    """An application of the user, and its decision."""

    group_id: A[str, GROUP, "The group."]
    state: A[ApplicationState, Enum(ApplicationState), "Whether it is waiting, approved or refused."]
    time_ms: A[int, U64, "When the user applied."]
    text: A[str, str16(300), "The user's text."]
    decided_ms: A[int, U64, "When it was decided; 0: it is waiting."]
    operator: A[str, USER_OR_NONE, "The user who decided."]
    answer: A[str, str16(300), "The text of the decision; may be empty."]


@frame(
    0x0240,
    "APPLICATIONS_OWN",
    "client",
    "request",
    reply="APPLICATIONS_OWN_OK",
    rules=(
        "Users who are online get JOIN_DECIDED; other users find the decision here: ask after login.",
        "An application waits for `applications_kept_days` days, and its decision is kept for as long "
        "(limits.md). An application that became void without a decision is not listed: the user was added in "
        "another way or blocked, or the group is gone. A new application to the same group replaces it.",
        "A page may have fewer rows than asked for, or none, and still have a `next`.",
    ),
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class ApplicationsOwn(Frame, frozen=True, gc=False):
    """Asks for the user's own applications to join groups, and their decisions (GR-12)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]
    user_id: A[str, Ext(1, USER_OR_NONE), "The user, if not the requesting one: only for app administrators."] = ""


@frame(0x8240, "APPLICATIONS_OWN_OK", "server", "reply")
class ApplicationsOwnOk(Frame, frozen=True, gc=False):
    """A page of applications, by group."""

    applications: A[list[OwnApplication], StructList(OwnApplication, 1000), "The applications."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]
