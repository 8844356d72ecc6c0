"""The settings of the server, for app administrators (OP-03)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def reload_ok(result: results.Reloaded) -> frames.AdminReloadOk:
    """What a reload has changed."""
    rows = [frames.SettingChange(row.name, row.before, row.after, row.needs_restart) for row in result.rows]
    return frames.AdminReloadOk(rows, result.more)
