"""Errors as problem details (RFC 9457), and the HTTP status of every error."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

from rcim.base.errors import ErrorCode, ErrorKind, RcimError, is_app_code
from rcim.http.api import HttpResponse

CONTENT_TYPE = "application/problem+json"
DOCUMENTATION = "/v1/docs/"
ABOUT_BLANK = "about:blank"
TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    417: "Expectation Failed",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
}
OF_KIND = {ErrorKind.MISTAKE: 400, ErrorKind.VIOLATION: 400, ErrorKind.OVERLOAD: 503, ErrorKind.FAULT: 500}
"""The status of an error that STATUSES does not name."""
STATUSES: Mapping[int, tuple[str, ...]] = {
    401: (
        "CREDENTIALS_MISSING",
        "BAD_API_KEY",
        "USERSIG_EXPIRED",
        "USERSIG_EMPTY",
        "USERSIG_MALFORMED",
        "USERSIG_BAD_KEY",
        "USERSIG_OTHER_USER",
        "USERSIG_OTHER_APP",
        "USERSIG_FROM_FUTURE",
        "USERSIG_INVALIDATED",
        "LOGGED_OUT",
        "LOGIN_REQUIRED",
    ),
    403: (
        "NOT_PERMITTED",
        "ADMIN_REQUIRED",
        "NO_SCOPE",
        "OWNER_MAY_NOT_LEAVE",
        "SENDER_MUTED",
        "COMMAND_DISABLED",
        "BLACKLISTED",
        "NOT_WHITELISTED",
        "BLOCKED",
        "CALLBACK_REFUSED",
        "PAIR_CALLBACK_REFUSED",
        "LOGIN_BLOCKED",
        "LOGIN_REFUSED",
        "LOGIN_BLOCKED",
        "SYSTEM_SENDER",
        "ROOM_KEPT_ALIVE",
        "DIRTY_WORD",
        "KICKED_BY_OTHER_DEVICE",
    ),
    404: (
        "METRICS_OFF",
        "NO_SUCH_GROUP",
        "NO_SUCH_MESSAGE",
        "NO_SUCH_ATTRIBUTE",
        "NO_SUCH_MEMBER",
        "NO_SUCH_CONSUMER",
        "NO_SUCH_KEY",
        "NO_SUCH_LOG_FILE",
        "NO_PUSH_PROVIDER",
        "MESSAGE_LOG_OFF",
        "TEMPORARY_ENDED",
    ),
    409: (
        "ALREADY_MEMBER",
        "ALREADY_HANDLED",
        "GROUP_FULL",
        "GROUP_ID_TAKEN",
        "GROUP_ID_TAKEN_BY_YOU",
        "ATTRIBUTE_CONFLICT",
        "TOO_MANY_OF_TYPE",
        "TOO_MANY_GROUPS",
        "TOO_MANY_ENTRIES",
        "TOO_MANY_CHANNELS",
        "TOO_MANY_ATTRIBUTES",
        "TOO_LATE",
        "NOT_RECALLABLE",
        "NO_RECEIPTS",
        "LOG_FILE_CHANGED",
        "IDEMPOTENCY_KEY_BUSY",
        "IDEMPOTENCY_UNKNOWN",
    ),
    413: ("BODY_TOO_LARGE", "ATTRIBUTES_TOO_LARGE", "FRAME_TOO_LONG"),
    422: ("IDEMPOTENCY_KEY_REUSED",),
    429: ("TOO_FREQUENT", "FLOODING", "BROADCAST_LIMIT"),
    502: ("CALLBACK_FAILED",),
    503: ("STORE_UNAVAILABLE",),
}
"""Errors by HTTP status, where their kind does not say it."""
_BY_NAME = {name: status for status, names in STATUSES.items() for name in names}


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a refused request is answered with. Without `code`, HTTP itself was wrong: there is nothing of ours to say."""

    type: str
    title: str
    status: int
    detail: str
    code: int | None = None
    name: str | None = None
    retry_after_ms: int = 0


def status_of(code: ErrorCode) -> int:
    """The HTTP status of an error. An error that the app's own back end has refused with is forbidden."""
    if is_app_code(code.number):
        return 403
    return _BY_NAME.get(code.name, OF_KIND[code.kind])


def problem(error: RcimError) -> HttpResponse:
    """The response to a request that was refused."""
    status = status_of(error.code)
    said = Problem(
        type=f"{DOCUMENTATION}#error-{error.code.name}",
        title=TITLES[status],
        status=status,
        detail=error.detail,
        code=error.code.number,
        name=error.code.name,
        retry_after_ms=error.retry_after_ms,
    )
    headers = {}
    if error.retry_after_ms:
        headers["Retry-After"] = str(math.ceil(error.retry_after_ms / 1000))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="rcim", UserSig realm="rcim"'
    return _response(said, headers)


def wrong_http(status: int, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """The response to a request that is wrong as HTTP: no such path, another method, a body that did not arrive."""
    return _response(Problem(ABOUT_BLANK, TITLES[status], status, detail), headers or {})


def _response(said: Problem, headers: Mapping[str, str]) -> HttpResponse:
    """`detail` may quote what a caller has sent, also half a surrogate pair, which UTF-8 cannot hold."""
    detail = said.detail.encode(errors="backslashreplace").decode()
    body = msgspec.json.encode(msgspec.structs.replace(said, detail=detail))
    return HttpResponse(said.status, body, CONTENT_TYPE, headers, note=said.name or said.title)
