"""Administration by frames (AB-01): lists, counters, notices, imports, group types. For app administrators (ID-08)."""

from __future__ import annotations

from rcim.adapters.frames.answers.groups import entry
from rcim.adapters.frames.answers.members import added
from rcim.service import results
from rcim.wire import frames


def groups_ok(result: results.GroupsPage) -> frames.AdminGroupsOk:
    """A page of all groups."""
    return frames.AdminGroupsOk([entry(row) for row in result.groups], result.next)


def connections_ok(result: results.ConnectionsPage) -> frames.AdminConnectionsOk:
    """A page of connections."""
    rows = [
        frames.ConnectionEntry(
            connection_id=row.connection_id,
            user_id=row.user_id,
            platform=row.platform,
            device_tag=row.device_tag,
            address=row.address,
            connected_ms=row.age_ms,
            queued_bytes=row.queued_bytes,
            agent=row.agent,
        )
        for row in result.rows
    ]
    return frames.AdminConnectionsOk(rows, result.next)


def stats_ok(result: results.Counted) -> frames.AdminStatsOk:
    """The counters."""
    return frames.AdminStatsOk([frames.Stat(name, value) for name, value in sorted(result.values.items())])


def health_ok(result: results.Health) -> frames.AdminHealthOk:
    """The health checks (OP-04)."""
    rows = [
        frames.HealthCheck(
            name=row.name,
            process=row.process,
            state=row.state,
            reason=row.reason.encode()[:1024].decode(errors="ignore"),
            figures=[frames.Stat(name, value) for name, value in row.figures.items()],
        )
        for row in result.rows
    ]
    return frames.AdminHealthOk(result.ready, rows)


def group_imported_ok(result: results.Created) -> frames.AdminGroupImportOk:
    """The answer to ADMIN_GROUP_IMPORT (GR-08)."""
    return frames.AdminGroupImportOk(result.group_id)


def members_imported_ok(result: results.Added) -> frames.AdminMembersImportOk:
    """The answer to ADMIN_MEMBERS_IMPORT: what became of each member (GR-08)."""
    return frames.AdminMembersImportOk(added(result))


def messages_imported_ok(result: results.Imported) -> frames.AdminMessagesImportOk:
    """The answer to ADMIN_MESSAGES_IMPORT (GR-08)."""
    return frames.AdminMessagesImportOk(result.first_seq, result.last_seq)


def pair_imported_ok(result: results.Imported) -> frames.AdminPairImportOk:
    """The answer to ADMIN_PAIR_IMPORT (GR-08)."""
    return frames.AdminPairImportOk(result.last_seq)


def types_ok(result: results.Types) -> frames.AdminTypesOk:
    """A page of group types (GT-20)."""
    rows = [
        frames.GroupTypeEntry(
            name=row.name,
            base=row.base,
            changed=row.changed,
            groups=row.groups,
            policies=[frames.Policy(name, value) for name, value in row.policies],
        )
        for row in result.rows
    ]
    return frames.AdminTypesOk(rows, result.next)
