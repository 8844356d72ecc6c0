"""What the server has of one person, for app administrators (AB-06, AB-07)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def unread_ok(result: results.UnreadCounts) -> frames.AdminUserUnreadOk:
    """How much the user has not read (AB-07)."""
    rows = [frames.UnreadEntry(key, count) for key, count in result.counts.items()]
    return frames.AdminUserUnreadOk(result.total, result.more, rows)


def export_ok(result: results.ExportPage) -> frames.AdminUserExportOk:
    """A part of all that is kept of a person (AB-06)."""
    return frames.AdminUserExportOk(result.data, result.next)


def erase_ok(result: results.ErasedSome) -> frames.AdminUserEraseOk:
    """A step of erasing a person's data (AB-06)."""
    return frames.AdminUserEraseOk(result.messages, result.retry_after_ms, result.after)
