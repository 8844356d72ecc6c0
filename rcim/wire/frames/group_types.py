"""Frames about group types (GT-20)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.kinds import (
    PAGE_CURSOR,
)
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U32, Bool, StructList, str8, str16


@row("Policy")
class Policy(Struct, frozen=True, gc=False):
    """One policy of a group type (group-types.md)."""

    name: A[str, str8(64, 1), "Its name."]
    value: A[str, str16(4000), "Its value, as text."]


@row("GroupTypeEntry")
class GroupTypeEntry(Struct, frozen=True, gc=False):
    """A group type in force."""

    name: A[str, str8(32, 1), "Its name."]
    base: A[str, str8(32), "The type that it was made from; empty for a built-in type."]
    changed: A[bool, Bool(), "True if it was made or changed at run time."]
    groups: A[int, U32, "How many groups are of it."]
    policies: A[list[Policy], StructList(Policy, 1000), "All its policies."]


@frame(
    0x0F09,
    "ADMIN_TYPES",
    "client",
    "request",
    reply="ADMIN_TYPES_OK",
    rules=("Begin with an empty cursor, and continue with `next`.",),
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminTypes(Frame, frozen=True, gc=False):
    """Asks for the group types in force (GT-20)."""

    cursor: A[str, PAGE_CURSOR, "Empty for the first page, else `next` of the previous page."]


@frame(0x8F09, "ADMIN_TYPES_OK", "server", "reply", admin=True)
class AdminTypesOk(Frame, frozen=True, gc=False):
    """A page of group types, by name."""

    types: A[list[GroupTypeEntry], StructList(GroupTypeEntry, 1000), "The types."]
    next: A[str, PAGE_CURSOR, "The cursor of the next page; empty: this is the last page."]


@frame(
    0x0F0A,
    "ADMIN_TYPE_SET",
    "client",
    "request",
    reply="ADMIN_TYPE_SET_OK",
    rules=(
        "It applies from the reply on, to all groups of the type, and is stored.",
        "Policies that are not named are as in the base (for a built-in type, as built in or set in the settings "
        "file); an earlier change at run time is replaced.",
        "Policies that contradict each other, or that the base locks, are BAD_PARAMETER (group-types.md).",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "TOO_MANY_ENTRIES"),
    admin=True,
)
class AdminTypeSet(Frame, frozen=True, gc=False):
    """Makes a group type, or changes one (GT-20)."""

    name: A[str, str8(32, 1), "Its name: 1 to 32 of A-Z, a-z, 0-9 and _."]
    base: A[str, str8(32), "The type that it is made from; empty to change an existing type."]
    policies: A[list[Policy], StructList(Policy, 1000), "The policies that differ."]


@frame(0x8F0A, "ADMIN_TYPE_SET_OK", "server", "reply", admin=True)
class AdminTypeSetOk(Frame, frozen=True, gc=False):
    """It is in force."""


@frame(
    0x0F0B,
    "ADMIN_TYPE_REMOVE",
    "client",
    "request",
    reply="ADMIN_TYPE_REMOVE_OK",
    rules=("A type made at run time must have no groups; a changed type gets its earlier policies back.",),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "NOT_PERMITTED"),
    admin=True,
)
class AdminTypeRemove(Frame, frozen=True, gc=False):
    """Undoes a change of ADMIN_TYPE_SET (GT-20)."""

    name: A[str, str8(32, 1), "The type."]


@frame(0x8F0B, "ADMIN_TYPE_REMOVE_OK", "server", "reply", admin=True)
class AdminTypeRemoveOk(Frame, frozen=True, gc=False):
    """It is taken back."""
