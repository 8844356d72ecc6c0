"""The message log: its files, and parts of them (AB-03)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def list_ok(result: results.LogFilesPage) -> frames.MessageLogListOk:
    """A page of files."""
    rows = [frames.LogFile(row.hour, row.kind, row.size, row.messages, row.sha256) for row in result.rows]
    return frames.MessageLogListOk(rows, result.more)


def get_ok(result: results.LogChunk) -> frames.MessageLogGetOk:
    """A part of a file."""
    file = result.file
    return frames.MessageLogGetOk(file.size, file.messages, file.sha256, result.data)


def expire_ok(result: results.LogExpired) -> frames.MessageLogExpireOk:
    """How many files were removed."""
    return frames.MessageLogExpireOk(result.count)
