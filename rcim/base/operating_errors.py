"""Errors of operating a server: a part of errors.py, which hands them on."""

from __future__ import annotations

from rcim.base.error_kinds import ErrorCode, ErrorKind

RELOAD_REFUSED = ErrorCode(
    300147,
    "RELOAD_REFUSED",
    ErrorKind.MISTAKE,
    False,
    "The settings can't be put into force as they are; nothing has changed. The detail says what is wrong, and where "
    "(OP-03).",
)
RELOAD_UNDER_WAY = ErrorCode(
    300148,
    "RELOAD_UNDER_WAY",
    ErrorKind.MISTAKE,
    False,
    "The settings are being reloaded, and another reload waits; try again later (OP-03).",
)
