"""Codes of RongCloud's API, and which of them an error of ours is."""

from __future__ import annotations

from rcim.base.errors import ErrorKind, RcimError

OK = 200
FAILED = 1000
WRONG_APP = 1001
WRONG_PARAMETER = 1002
NO_DATA = 1003
WRONG_SIGNATURE = 1004
TOO_LONG = 1005
TOO_OFTEN = 1008
NOT_ENABLED = 1009
NO_KEPT_ROOM = 1015
TOO_MANY_WORDS = 1019
TIMED_OUT = 1050
TOO_MANY = 1502
BODY_TOO_LARGE = 1508
NO_SUCH_ROOM = 23410

CODES = {
    "TOO_FREQUENT": TOO_OFTEN,
    "BROADCAST_LIMIT": TOO_OFTEN,
    "OVERLOADED": TOO_OFTEN,
    "BODY_TOO_LARGE": TOO_LONG,
    "ATTRIBUTES_TOO_LARGE": TOO_LONG,
    "COMMAND_DISABLED": NOT_ENABLED,
    "MESSAGE_LOG_OFF": NOT_ENABLED,
    "NO_PUSH_PROVIDER": NOT_ENABLED,
}
"""The vendor's code by the name of our error."""


class RongError(Exception):
    """The request is refused with this code of the vendor's."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


def code_of(error: RcimError) -> int:
    """The vendor's code of an error of ours. An error that the vendor does not have is a wrong parameter if the caller
    is at fault, and a failed server otherwise."""
    if error.code.name in CODES:
        return CODES[error.code.name]
    return WRONG_PARAMETER if error.code.kind in (ErrorKind.MISTAKE, ErrorKind.VIOLATION) else FAILED


def refusal(error: RcimError) -> RongError:
    """An error of ours as the vendor's."""
    return RongError(code_of(error), f"{error.code.name}: {error.detail}")
