"""The audit log: who has changed what, and when, through whatever adapter it came (ADR 0028).

A change by an app administrator, as a client or as a back end, is written before it is carried out, and its result after
it. Ordinary sends and read positions are no changes here. A line has ids, never bodies, secrets or tokens.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any, Protocol

import msgspec

from rcim.base import clock
from rcim.connect.principal import Principal
from rcim.service.requests import Request

FEW = 20
"""Entries of a list that a line names."""
SUBJECTS = frozenset(
    [
        "conversation",
        "group_id",
        "user_id",
        "users",
        "owner",
        "creator",
        "sender",
        "as_user",
        "type",
        "seq",
        "client_msg_id",
        "key_id",
        "acts_as",
        "scopes",
        "which",
        "add",
        "remove",
        "protect",
        "unprotect",
        "speakers",
        "groups",
        "consumer",
        "letter_id",
        "device_id",
        "connections",
        "name_id",
        "role",
        "msg_flag",
        "seconds",
        "before",
        "system_conversation",
        "accounts",
        "members",
        "rows",
        "conversations",
        "kind",
    ]
)
"""Fields of requests that say what a change is about."""
ROW_IDS = ("conversation", "group_id", "user_id")
"""Fields of rows that say it."""
NAMED = {"ADMIN_TYPE_SET", "ADMIN_TYPE_REMOVE", "ADMIN_KEY_CREATE"}
"""Operations whose `name` says that too."""
NOT_AUDITED = {
    "SEND",
    "ADMIN_SEND",
    "CONVERSATION_READ",
    "PRESENCE_SET",
    "PRESENCE_WATCH",
    "PRESENCE_UNWATCH",
    "ADMIN_KEY_USE",
}
"""Operations that write and are not audited: ordinary sends, read positions, and what a connection or key does itself."""
READS_AUDITED = {"ADMIN_USER_EXPORT"}
"""Operations that only read and are audited."""


def is_audited(operation: str, reads: bool) -> bool:
    """True if an operation is written to the audit log; `reads`: it changes nothing."""
    return operation in READS_AUDITED if reads else operation not in NOT_AUDITED


class AuditLines(Protocol):
    """Where lines go (rcim/store/audit_files.py)."""

    lost: int

    def append(self, line: dict[str, Any], now_ms: int) -> None:
        """Write a line; a failure is counted."""

    def close(self) -> None:
        """Write no more."""


class NoAuditLines:
    """No audit log is kept."""

    lost = 0

    def append(self, line: dict[str, Any], now_ms: int) -> None:
        """See AuditLines."""

    def close(self) -> None:
        """See AuditLines."""


class Audit:
    """Writes the audit log of one process."""

    def __init__(self, lines: AuditLines) -> None:
        self.lines = lines
        self._process = secrets.token_hex(4)
        self._numbers = count(1)

    def begin(self, operation: str, principal: Principal, request: Request) -> str:
        """Write that this is about to be carried out; returns the id for `end`."""
        entry, now_ms = f"{self._process}-{next(self._numbers)}", clock.wall_ms()
        source, key, caller = principal.source, principal.key, principal.user_id
        subject = about(operation, request)
        if principal.acted_by:
            caller, subject["as_user"] = principal.acted_by, principal.user_id
        self.lines.append(
            {
                "time_ms": now_ms,
                "id": entry,
                "user_id": caller,
                "key_id": key.key_id if key is not None else "",
                "api": source.api if source is not None else "",
                "address": source.address if source is not None else "",
                "request_id": source.request_id if source is not None else "",
                "operation": operation,
                "about": subject,
            },
            now_ms,
        )
        return entry

    def end(self, entry: str, code: int) -> None:
        """Write the result of `entry`: 0, or the number of the error."""
        now_ms = clock.wall_ms()
        self.lines.append({"time_ms": now_ms, "id": entry, "code": code}, now_ms)


def about(operation: str, request: Request) -> dict[str, Any]:
    """What a request is about: those of its fields that are ids and are not empty."""
    names = [
        name for name in request.__struct_fields__ if name in SUBJECTS or (name == "name" and operation in NAMED)
    ]
    found = {name: _ids(getattr(request, name)) for name in names}
    return {name: value for name, value in found.items() if value not in ("", None, [])}


def _ids(value: Any) -> Any:
    """Of a list its first FEW entries, and how many there are; of a row its user or message id."""
    if isinstance(value, msgspec.Struct):
        return {name: _ids(getattr(value, name)) for name in value.__struct_fields__ if name in ROW_IDS}
    if isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return sorted(map(str, value))[:FEW]
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        named = [_ids(item) for item in value[:FEW]]
        return named if len(value) <= FEW else [*named, f"and {len(value) - FEW} more"]
    return None
