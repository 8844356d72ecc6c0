"""Errors that only callers of an API over HTTP see: a part of the table in errors.py, from which all are imported."""

from __future__ import annotations

from rcim.base.error_code import ErrorCode, ErrorKind

_M, _O = ErrorKind.MISTAKE, ErrorKind.OVERLOAD

IDEMPOTENCY_KEY_BUSY = ErrorCode(
    300130,
    "IDEMPOTENCY_KEY_BUSY",
    _O,
    False,
    "The first request with this Idempotency-Key is still under way; ask again after retry_after_ms (AB-02).",
)
IDEMPOTENCY_KEY_REUSED = ErrorCode(
    300131,
    "IDEMPOTENCY_KEY_REUSED",
    _M,
    False,
    "Another request had this Idempotency-Key; a new request needs a new key (AB-02).",
)
IDEMPOTENCY_UNKNOWN = ErrorCode(
    300132,
    "IDEMPOTENCY_UNKNOWN",
    _M,
    False,
    "The first request with this Idempotency-Key was interrupted, and may or may not have been carried out. Look, and "
    "use a new key if it has to be done (AB-02).",
)
CREDENTIALS_MISSING = ErrorCode(
    300133, "CREDENTIALS_MISSING", _M, False, "The request does not say who calls, or not in a known way (ID-08)."
)
