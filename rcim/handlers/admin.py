"""Administration by frames (AB-01): only for app administrators (ID-08)."""

from __future__ import annotations

from rcim.actor import outcomes
from rcim.handlers.desk import Caller, Desk, ToStore
from rcim.handlers.messages import page_limit
from rcim.store import answers
from rcim.wire import frames


def groups(frame: frames.AdminGroups, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_GROUPS."""
    most = desk.limits.list_page_max
    return ToStore(outcomes.AllGroupsQuery(frame.cursor, page_limit(frame.limit, most, most)))


def connections(frame: frames.AdminConnections, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_CONNECTIONS."""
    most = desk.limits.list_page_max
    return ToStore(outcomes.ConnectionsQuery(frame.after_id, page_limit(frame.limit, most, most), frame.user_id))


def connections_ok(result: answers.ConnectionsPage, desk: Desk) -> frames.AdminConnectionsOk:
    """A page of connections."""
    rows = [
        frames.ConnectionEntry(
            row.connection_id,
            row.user_id,
            row.platform,
            row.device_tag,
            row.address,
            row.age_ms,
            row.queued_bytes,
            row.agent,
        )
        for row in result.rows
    ]
    return frames.AdminConnectionsOk(rows, result.next)


def stats(frame: frames.AdminStats, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_STATS."""
    return ToStore(outcomes.CountersQuery())


def stats_ok(result: answers.Counted, desk: Desk) -> frames.AdminStatsOk:
    """The counters."""
    return frames.AdminStatsOk([frames.Stat(name, value) for name, value in sorted(result.values.items())])
