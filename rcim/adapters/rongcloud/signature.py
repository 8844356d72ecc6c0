"""Who calls: RongCloud's signature, `sha1(secret + nonce + timestamp)`, in headers (AB-02).

A nonce may come again, and with the same timestamp: one official client makes both once, when its process starts, and
sends them with all its requests. So what is signed proves that the caller knows the secret, and no more; TLS is what
keeps others from repeating it. The time only has to be within the window of the settings.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from rcim.adapters.rongcloud.codes import WRONG_APP, WRONG_SIGNATURE, RongError

NONCE_CHARS_MAX = 64
SECONDS_BELOW = 100_000_000_000
"""A timestamp below this is in seconds, from here on in milliseconds: the vendor documents the one, and its clients send
the other."""


def check_signature(
    headers: Mapping[str, str], app_key: str, app_secret: str, *, now_ms: int, window_ms: int
) -> None:
    """Returns if the headers are signed by the app, at most `window_ms` from `now_ms`; 0: at any time. Raises
    RongError."""
    nonce, timestamp = _header(headers, "Nonce"), _header(headers, "Timestamp")
    if not hmac.compare_digest(_header(headers, "App-Key").encode(), app_key.encode()):
        raise RongError(WRONG_APP, "The App-Key is not that of this app.")
    if not 1 <= len(nonce) <= NONCE_CHARS_MAX:
        raise RongError(WRONG_SIGNATURE, "The Nonce is missing or too long.")
    made = hashlib.sha1((app_secret + nonce + timestamp).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(_header(headers, "Signature").lower().encode(), made.encode()):
        raise RongError(WRONG_SIGNATURE, "The Signature is wrong.")
    if window_ms and abs(_time_ms(timestamp) - now_ms) > window_ms:
        raise RongError(WRONG_SIGNATURE, "The Timestamp is too far from the time of this server.")


def _header(headers: Mapping[str, str], name: str) -> str:
    found: str = headers.get(name) or headers.get(f"RC-{name}") or ""
    return found.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _time_ms(timestamp: str) -> int:
    """Raises RongError."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 15):
        raise RongError(WRONG_SIGNATURE, "The Timestamp has to be seconds or milliseconds since 1970.")
    number = int(timestamp)
    return number * 1000 if number < SECONDS_BELOW else number
