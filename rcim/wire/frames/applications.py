"""Frames about a user's own applications to join groups, and what has become of them (GR-12)."""

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
    state: A[ApplicationState, Enum(ApplicationState), "Whether it waits, was approved, or refused."]
    time_ms: A[int, U64, "When the user applied."]
    text: A[str, str16(300), "What the user said."]
    decided_ms: A[int, U64, "When it was decided; 0: it waits."]
    operator: A[str, USER_OR_NONE, "Who has decided."]
    answer: A[str, str16(300), "What was said about it."]


@frame(
    0x0240,
    "APPLICATIONS_OWN",
    "client",
    "request",
    reply="APPLICATIONS_OWN_OK",
    rules=(
        "Who is online is told of a decision by JOIN_DECIDED; who was not finds it here: ask after login.",
        "An application waits for `applications_kept_days` days, and its decision is known for as long (limits.md). One "
        "that is void without a decision is not among them: the user was put in otherwise, or blocked, or the group is "
        "gone. A new application to the same group takes its place.",
        "A page may hold fewer rows than asked for, or none, and still have a `next`.",
    ),
    errors=("NOT_PERMITTED", "ADMIN_REQUIRED"),
)
class ApplicationsOwn(Frame, frozen=True, gc=False):
    """Asks what has become of the user's applications to join groups (GR-12)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the page before."]
    limit: A[int, U16, "At most so many rows; 0, or more than the server allows, is 100."]
    user_id: A[str, Ext(1, USER_OR_NONE), "Whose, if not one's own: only for app administrators."] = ""


@frame(0x8240, "APPLICATIONS_OWN_OK", "server", "reply")
class ApplicationsOwnOk(Frame, frozen=True, gc=False):
    """A page of applications, by group."""

    applications: A[list[OwnApplication], StructList(OwnApplication, 1000), "The applications."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this was the last."]
