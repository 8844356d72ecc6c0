"""System conversations: who has written to one, what became of a message to named users (SY-01)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def writers_ok(result: results.SystemWriters) -> frames.AdminSystemWritersOk:
    """A page of users who have written to a system conversation."""
    rows = [frames.SystemWriter(row.user_id, row.newest_seq, row.written_ms) for row in result.rows]
    return frames.AdminSystemWritersOk(rows, result.next)


def sent_ok(result: results.SystemSent) -> frames.AdminSystemSendOk:
    """What became of the message to each user."""
    rows = [
        frames.SystemSending(
            user_id=row.user_id, code=row.code, seq=row.seq, time_ms=row.time_ms, message_id=row.message_id
        )
        for row in result.rows
    ]
    return frames.AdminSystemSendOk(rows)
