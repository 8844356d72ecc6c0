"""What queries about the message log and the audit log are answered with."""

from __future__ import annotations

import msgspec


class LogFileRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A file of the message log (AB-03). `sha256` is empty as long as nothing is known of it, a few seconds."""

    hour: str
    kind: str
    size: int
    messages: int
    sha256: bytes


class LogFilesPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of them, by hour and kind."""

    rows: list[LogFileRow]
    more: bool


class LogChunk(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Bytes of a file of the message log."""

    file: LogFileRow
    data: bytes


class LogExpired(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """How many files of the message log were removed."""

    count: int


class AuditRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A change in the audit log. `about` is JSON: ids of the request, by field. `code`: 0 done, or the error's number;
    4294967295 if no result is written."""

    time_ms: int
    id: str
    user_id: str
    key_id: str
    api: str
    address: str
    request_id: str
    operation: str
    about: str
    code: int


class AuditPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of them, the oldest first. `next` is empty on the last page; a page before it may have no rows."""

    rows: list[AuditRow]
    next: str
