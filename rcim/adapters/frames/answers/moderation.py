"""What messages pass through, for app administrators: frequency control (FC-07, FC-08), words (SC-05)."""

from __future__ import annotations

from rcim.base.terms import Priority
from rcim.service import results
from rcim.wire import frames


def flow_ok(result: results.Flow) -> frames.AdminFlowOk:
    """Figures of frequency control (FC-08)."""
    rows = [
        frames.FlowEntry(
            name=row.name,
            priority=Priority(row.priority),
            offered=row.offered,
            passed=row.passed,
            held_by_total=row.held_by_total,
            held_by_priority=row.held_by_priority,
        )
        for row in result.rows
    ]
    return frames.AdminFlowOk(rows)


def list_changed_ok(result: results.ListAltered) -> frames.AdminListChangeOk:
    """Which removed entries come back when the settings are read again (SC-05, SC-08, FC-07)."""
    return frames.AdminListChangeOk(result.back_later or ())


def listed_ok(result: results.Listed) -> frames.AdminListOk:
    """A page of one of the app's lists (SC-05, FC-07)."""
    return frames.AdminListOk(result.entries, result.next)


def traced_ok(found: results.TracedMessage) -> frames.AdminTraceOk:
    """What became of a message."""
    result = found.traced
    return frames.AdminTraceOk(
        stage=result.stage,
        time_ms=result.time_ms,
        code=result.code,
        text=result.text[:100],
        seq=result.seq,
        state=result.state,
        members=result.members,
        silent=result.silent,
        online=found.online_num,
        to=list(result.to),
    )
