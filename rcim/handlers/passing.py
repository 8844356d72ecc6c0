"""What messages pass through, for app administrators: frequency control (FC-08)."""

from __future__ import annotations

from rcim.actor import commands, outcomes
from rcim.actor.app import APP_KEY
from rcim.base.terms import Priority
from rcim.handlers.desk import Caller, Desk, ToActor
from rcim.handlers.groups import group_key
from rcim.wire import frames


def flow(frame: frames.AdminFlow, caller: Caller, desk: Desk) -> ToActor:
    """ADMIN_FLOW."""
    key = group_key(frame.group_id) if frame.group_id else APP_KEY
    return ToActor(key, commands.ReadFlow(caller.user_id, True))


def flow_ok(result: outcomes.Flow, desk: Desk) -> frames.AdminFlowOk:
    """FC-08."""
    rows = [
        frames.FlowEntry(
            row.name, Priority(row.priority), row.offered, row.passed, row.held_by_total, row.held_by_priority
        )
        for row in result.rows
    ]
    return frames.AdminFlowOk(rows)
