"""Frames of app administrators about what messages pass through: frequency control (FC-08)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import Priority
from rcim.wire.frames.kinds import GROUP
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U64, Enum, StructList, str8


@row("FlowEntry")
class FlowEntry(Struct, frozen=True, gc=False):
    """Messages of one priority in a group, or in all groups of a type (FC-08)."""

    name: A[str, GROUP, "The group's id, or the type's name."]
    priority: A[Priority, Enum(Priority), "The priority."]
    offered: A[int, U64, "So many were to pass."]
    passed: A[int, U64, "So many did."]
    held_by_total: A[int, U64, "So many were held back by the limit of the group (FC-02)."]
    held_by_priority: A[int, U64, "So many were held back by the limit of their priority (FC-04)."]


@frame(
    0x0F20,
    "ADMIN_FLOW",
    "client",
    "request",
    reply="ADMIN_FLOW_OK",
    rules=(
        "Of a group it counts since the group is in memory, of types since the server's start.",
        "What was offered and is neither passed nor held back waits.",
    ),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP"),
    admin=True,
)
class AdminFlow(Frame, frozen=True, gc=False):
    """Asks what frequency control does, in one group or in all (FC-08)."""

    group_id: A[str, str8(160), "The group; empty: all types of groups."]


@frame(0x8F20, "ADMIN_FLOW_OK", "server", "reply", admin=True)
class AdminFlowOk(Frame, frozen=True, gc=False):
    """Figures of frequency control."""

    rows: A[list[FlowEntry], StructList(FlowEntry, 1000), "By name and priority."]
