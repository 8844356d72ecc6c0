"""Administration by frames (AB-01): only for app administrators (ID-08)."""

from __future__ import annotations

from rcim.actor import outcomes
from rcim.handlers.desk import Caller, Desk, ToStore
from rcim.handlers.messages import page_limit
from rcim.wire import frames


def groups(frame: frames.AdminGroups, caller: Caller, desk: Desk) -> ToStore:
    """ADMIN_GROUPS."""
    most = desk.limits.list_page_max
    return ToStore(outcomes.AllGroupsQuery(frame.cursor, page_limit(frame.limit, most, most)))


def connections(frame: frames.AdminConnections, caller: Caller, desk: Desk) -> frames.AdminConnectionsOk:
    """ADMIN_CONNECTIONS."""
    most = desk.limits.list_page_max
    limit = page_limit(frame.limit, most, most)
    found = list(desk.connections(frame.after_id, limit + 1, frame.user_id))
    next_id = found[limit - 1].connection_id if len(found) > limit else 0
    return frames.AdminConnectionsOk(found[:limit], next_id)


def stats(frame: frames.AdminStats, caller: Caller, desk: Desk) -> frames.AdminStatsOk:
    """ADMIN_STATS."""
    return frames.AdminStatsOk(list(desk.stats()))
