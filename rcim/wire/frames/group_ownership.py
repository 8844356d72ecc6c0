"""Frames for what is done with a group as a whole: ending it, giving it to another."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.kinds import GROUP, USER
from rcim.wire.schema import Frame, frame


@frame(
    0x0202,
    "GROUP_DISSOLVE",
    "client",
    "request",
    reply="GROUP_DISSOLVE_OK",
    rules=(
        "App administrators may dissolve a group, and the owner where the type says so (GT-04). Its messages and "
        "members are removed.",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED"),
)
class GroupDissolve(Frame, frozen=True, gc=False):
    """Ends a group (GR-01)."""

    group_id: A[str, GROUP, "The group."]


@frame(0x8202, "GROUP_DISSOLVE_OK", "server", "reply")
class GroupDissolveOk(Frame, frozen=True, gc=False):
    """The group is gone."""


@frame(
    0x0209,
    "GROUP_OWNER_SET",
    "client",
    "request",
    reply="GROUP_OWNER_SET_OK",
    rules=(
        "For the owner and app administrators. The previous owner becomes an ordinary member.",
        "The new owner is no longer muted (SC-02); the same holds for a new admin (group-types.md).",
    ),
    errors=("NO_SUCH_GROUP", "NOT_PERMITTED", "NO_SUCH_MEMBER", "BAD_PARAMETER"),
)
class GroupOwnerSet(Frame, frozen=True, gc=False):
    """Gives a group to another member (GR-01)."""

    group_id: A[str, GROUP, "The group."]
    user_id: A[str, USER, "The new owner, a member."]


@frame(0x8209, "GROUP_OWNER_SET_OK", "server", "reply")
class GroupOwnerSetOk(Frame, frozen=True, gc=False):
    """The group has its new owner."""
