"""Queries about the files of the message log (AB-03)."""

from __future__ import annotations

from rcim.actor.asks import Asks


class LogFilesQuery(Asks, frozen=True, gc=False):
    """A page of the files of the message log after the one with this hour and kind (AB-03)."""

    hour: str
    kind: str
    limit: int


class LogChunkQuery(Asks, frozen=True, gc=False):
    """Up to `limit` bytes of a file of the message log, which has to have this checksum if one is named (AB-03)."""

    hour: str
    kind: str
    offset: int
    limit: int
    sha256: bytes = b""


LogQuery = LogFilesQuery | LogChunkQuery
"""Answered where the files of the message log are."""


class AuditQuery(Asks, frozen=True, gc=False):
    """A page of the audit log, the oldest first: changes between two times, by one user or API key, of one operation;
    0 and empty: any."""

    from_ms: int
    to_ms: int
    who: str
    operation: str
    cursor: str
    limit: int
