"""Why a request got no answer, or none that counts: a word to count by, and a line for the operator without secrets."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from enum import Enum
from typing import NamedTuple

import aiohttp

from rcim.web.addresses import PrivateAddress
from rcim.web.client import BadAnswer, WebAnswer

RETRY_AFTER_MAX_S = 600.0
"""A longer pause is not kept, whatever a server asks for."""


class FaultKind(Enum):
    """Why a request was of no use."""

    TIMEOUT = "timeout"
    UNRESOLVED = "unresolved"
    PRIVATE = "private_address"
    CERTIFICATE = "certificate"
    UNREACHABLE = "unreachable"
    BROKEN = "broken"
    """The connection ended before the answer did."""
    BAD_ANSWER = "bad_answer"
    REDIRECT = "redirect"
    GONE = "gone"
    STATUS = "status"
    OTHER = "other"


class Fault(NamedTuple):
    """`text` is one line. `retry_after_s`: the server has asked for so long a pause; 0: for none."""

    kind: FaultKind
    text: str
    retry_after_s: float = 0.0


def fault_of(error: BaseException) -> Fault:
    """What one of rcim.web.client.FAULTS means. The text names no URL: that may hold a secret."""
    if isinstance(error, BadAnswer):
        return Fault(FaultKind.BAD_ANSWER, str(error))
    if isinstance(error, TimeoutError):
        return Fault(FaultKind.TIMEOUT, "no answer in time")
    if (private := _behind(error)) is not None:
        return Fault(FaultKind.PRIVATE, f"not called: {private.strerror or private}")
    if isinstance(error, aiohttp.ClientSSLError):
        return Fault(FaultKind.CERTIFICATE, "TLS failed, or the certificate is not valid for the host")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Fault(FaultKind.UNRESOLVED, "the name of the host can't be resolved")
    if isinstance(error, aiohttp.ClientConnectorError):
        why = error.os_error.strerror or "the server has ended it"
        return Fault(FaultKind.UNREACHABLE, f"no connection to {error.host}:{error.port}: {why}")
    if isinstance(error, aiohttp.InvalidURL):
        return Fault(FaultKind.OTHER, "the URL is not valid")
    if isinstance(error, aiohttp.ClientError | ConnectionError):
        return Fault(FaultKind.BROKEN, "the connection ended before the answer, or it was no HTTP")
    return Fault(FaultKind.OTHER, type(error).__name__)


def fault_of_status(answer: WebAnswer, now_s: float) -> Fault:
    """What the status of an answer means that is not one of success. `now_s`: the wall clock, in seconds since 1970."""
    retry_after_s = retry_after_of(answer, now_s)
    if 300 <= answer.status < 400:
        return Fault(FaultKind.REDIRECT, f"HTTP status {answer.status}; redirects are not followed", retry_after_s)
    kind = FaultKind.GONE if answer.status == 410 else FaultKind.STATUS
    return Fault(kind, f"HTTP status {answer.status}", retry_after_s)


def retry_after_of(answer: WebAnswer, now_s: float) -> float:
    """The pause that `Retry-After` asks for, in seconds or as a date, up to RETRY_AFTER_MAX_S; 0: for none."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), RETRY_AFTER_MAX_S)
    try:
        return min(max(0.0, parsedate_to_datetime(asked).timestamp() - now_s), RETRY_AFTER_MAX_S)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _behind(error: BaseException) -> PrivateAddress | None:
    """The private address behind the error, which the HTTP library has wrapped."""
    at: BaseException | None = error
    for _ in range(8):
        if at is None or isinstance(at, PrivateAddress):
            return at
        inner = getattr(at, "os_error", None)
        at = inner if isinstance(inner, PrivateAddress) else at.__cause__ or at.__context__
    return None
