"""API keys of back ends (ID-08) and the audit log, for app administrators."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def created_ok(result: results.KeyCreated) -> frames.AdminKeyCreateOk:
    """The new key with its secret (ID-08)."""
    return frames.AdminKeyCreateOk(result.secret, [_row(result.key)])


def keys_ok(result: results.KeysPage) -> frames.AdminKeysOk:
    """A page of keys (ID-08)."""
    return frames.AdminKeysOk([_row(key) for key in result.rows], result.next)


def _row(key: results.ApiKey) -> frames.ApiKey:
    return frames.ApiKey(
        key_id=key.key_id,
        name=key.name,
        scopes=list(key.scopes),
        acts_as=key.acts_as,
        created_by=key.created_by,
        created_ms=key.created_ms,
        expires_ms=key.expires_ms,
        per_s=key.per_s,
        used_ms=key.used_ms,
    )


def audit_ok(result: results.AuditPage) -> frames.AdminAuditOk:
    """A page of the audit log."""
    rows = [
        frames.AuditEntry(
            time_ms=row.time_ms,
            entry_id=row.id,
            user_id=row.user_id,
            key_id=row.key_id,
            api=row.api,
            address=row.address,
            request_id=row.request_id,
            operation=row.operation,
            about=row.about,
            code=row.code,
        )
        for row in result.rows
    ]
    return frames.AdminAuditOk(rows, result.next)
