"""What the server does now (OP-02), for app administrators."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def _conversation(row: results.HotRow) -> frames.HotEntry:
    return frames.HotEntry(
        conversation=row.conversation,
        kind=row.kind,
        type_=row.type,
        members=row.members,
        online=row.online,
        in_10s=row.in_10s,
        in_60s=row.in_60s,
        seq=row.seq,
        offered=row.offered,
        withheld=row.withheld,
        waiting=row.waiting,
        deliveries=row.deliveries,
        last_msg_time_ms=row.last_msg_time_ms,
    )


def hot_ok(result: results.HotPage) -> frames.AdminHotOk:
    """A page of conversations, by what they do."""
    return frames.AdminHotOk([_conversation(row) for row in result.rows], result.found)


def activity_ok(result: results.ConversationActivity) -> frames.AdminActivityOk:
    """What one conversation does."""
    senders = [frames.SenderEntry(row.user_id, row.messages) for row in result.senders]
    return frames.AdminActivityOk([_conversation(row) for row in result.rows], senders, result.complete)


def slow_ok(result: results.SlowPage) -> frames.AdminSlowOk:
    """Connections, by what they have not taken."""
    rows = [
        frames.SlowEntry(
            connection_id=row.connection_id,
            user_id=row.user_id,
            platform=row.platform,
            device_tag=row.device_tag,
            address=row.address,
            connected_ms=row.age_ms,
            queued_bytes=row.queued_bytes,
            slow_ms=row.slow_ms,
            resyncs=row.resyncs,
            dropped=row.dropped,
            in_flight=row.in_flight,
            agent=row.agent,
        )
        for row in result.rows
    ]
    return frames.AdminSlowOk(rows, result.found)


def processes_ok(result: results.ProcessesPage) -> frames.AdminProcessesOk:
    """What each process uses."""
    rows = [
        frames.ProcessEntry(
            name=row.name,
            pid=row.pid,
            cpu_ms=row.cpu_ms,
            memory_bytes=row.memory_bytes,
            open_files=row.open_files,
            lag_us=row.lag_us,
            connections=row.connections,
            users=row.users,
            uptime_ms=row.uptime_ms,
        )
        for row in result.rows
    ]
    return frames.AdminProcessesOk(rows)
