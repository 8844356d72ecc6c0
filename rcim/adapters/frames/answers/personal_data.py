"""What the server has of one person, for app administrators (AB-07)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def unread_ok(result: results.UnreadCounts) -> frames.AdminUserUnreadOk:
    """How much the user has not read (AB-07)."""
    rows = [frames.UnreadEntry(key, count) for key, count in result.counts.items()]
    return frames.AdminUserUnreadOk(result.total, result.more, rows)
