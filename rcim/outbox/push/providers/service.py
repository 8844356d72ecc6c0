"""What a push service is that takes one request for each push over HTTP: requests and answers, without I/O.

An answer says something of the push (a PushResult), or of the service: it is Busy, or it has Denied the server's
credentials. http_provider.py does what follows from that.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from rcim.base import clock
from rcim.outbox.push.provider import Push, PushOutcome, PushResult
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

RETRY_AFTER_MAX_S = 3600.0
"""A service that asks for a longer pause gets its next push after an hour all the same."""
REASON_MAX = 200
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
JSON = {"Content-Type": "application/json; charset=utf-8"}
SENT = PushResult(PushOutcome.SENT)
APP_NAME = re.compile(r"[0-9A-Za-z._-]{1,255}\Z")
"""A bundle id or a package name. Devices say what theirs is: it must not become another header or another field."""


class Busy(Exception):
    """The service takes no pushes for a while: none at all, not only this one."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Denied(Exception):
    """The service refuses the credentials."""


class Access(NamedTuple):
    """A token that a service has given out for the credentials, and for how many seconds."""

    token: str
    lasts_s: float


class Service(Protocol):
    """See the module's text."""

    per_s: int
    """The documented limit on requests a second; 0: none is documented."""
    credentials: str
    """The settings that hold the credentials, for the operator: `key_file`, `secret`."""

    def ask_access(self) -> WebRequest | None:
        """The request for an access token; None: the service needs none."""

    def access(self, answer: WebAnswer) -> Access:
        """The access token of an answer. Raises Denied, Busy, BadAnswer."""

    def request(self, push: Push, access: str) -> WebRequest:
        """What is posted for the push. Raises rcim.outbox.push.providers.shortening.TooLong."""

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        """What became of the push. Raises Denied, Busy, BadAnswer."""


def bad_token(reason: str) -> PushResult:
    """The service does not know the token any more."""
    return PushResult(PushOutcome.BAD_TOKEN, reason)


def refused(reason: str) -> PushResult:
    """The service would refuse this push again."""
    return PushResult(PushOutcome.REFUSED, reason)


def later(reason: str, retry_after_s: float = 0.0) -> PushResult:
    """This push could not be sent now; others may."""
    return PushResult(PushOutcome.LATER, reason, retry_after_s)


def check_status(answer: WebAnswer) -> None:
    """Raises Denied for 401 and 403, Busy for 429 and 5xx: what those statuses mean with every service whose own codes
    don't say more."""
    if answer.status in (401, 403):
        raise Denied(f"HTTP {answer.status}")
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status}", retry_after(answer))


def retry_after(answer: WebAnswer, otherwise_s: float = 0.0) -> float:
    """The pause that `Retry-After` asks for, in seconds or as a date; at most RETRY_AFTER_MAX_S."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return otherwise_s
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), RETRY_AFTER_MAX_S)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return otherwise_s
    return min(max(0.0, until.timestamp() - clock.wall_ms() / 1000), RETRY_AFTER_MAX_S)


def json_object(answer: WebAnswer) -> Mapping[str, Any]:
    """The answer as a JSON object. Raises BadAnswer."""
    found = answer.json()
    if not isinstance(found, dict):
        raise BadAnswer(f"HTTP {answer.status}, and it is no JSON object")
    return found


def seconds_left(push: Push, at_least_s: int, at_most_s: int) -> int:
    """For how many seconds the service is to keep the push, within the bounds that the service sets."""
    left = (push.expires_ms - clock.wall_ms()) // 1000 if push.expires_ms else 0
    return max(at_least_s, min(left, at_most_s))


def as_json(value: Mapping[str, Any]) -> bytes:
    """Compact, and in UTF-8: a character outside of ASCII has no more bytes than it has there."""
    return msgspec.json.encode(value)


def bearer(answer: WebAnswer) -> Access:
    """The access token of an OAuth 2.0 answer (RFC 6749, 5.1 and 5.2). Raises Denied, Busy, BadAnswer."""
    if answer.status == 429 or answer.status >= 500:
        raise Busy(f"HTTP {answer.status} to the request for an access token", retry_after(answer))
    if answer.status in (400, 401, 403):
        raise Denied(f"HTTP {answer.status} to the request for an access token{_oauth_error(answer)}")
    found = json_object(answer)
    token, lasts = found.get("access_token"), found.get("expires_in", 3600)
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise Denied(f"no access token{_oauth_error(answer)}")
    return Access(token, float(lasts) if isinstance(lasts, int | float) and 0 < lasts < 1e9 else 3600.0)


def _oauth_error(answer: WebAnswer) -> str:
    """The service's own word for what is wrong: a code, never what was sent."""
    try:
        found = json_object(answer)
    except BadAnswer:
        return ""
    error = found.get("error", "")
    return f": {error[:60]}" if isinstance(error, str) and error else ""


def now_s() -> int:
    """Seconds since 1970, as signatures name them."""
    return clock.wall_ms() // 1000
