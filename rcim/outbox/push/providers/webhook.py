"""A plain webhook (PU-01): a server of the app's own gets each push as JSON, and sends it where it wants.

It follows Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

1. `webhook-id` is the id of the push: the same when it comes again. `webhook-signature` is HMAC-SHA256 over id, time and
   body; with a second secret (`rotated_secret`) there are two signatures, so that the receiver may have either.
2. 2xx: it was taken. 410: the token is not valid any more. 429: later. 401, 403: the secret is wrong. Another 4xx: the
   push is refused for good. 5xx: the receiver is busy. `Retry-After` is heeded.
3. Texts are shortened to 1 KiB and 8 KiB.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any

from rcim.outbox.push.provider import BadgeMode, Push, PushResult
from rcim.outbox.push.providers.service import (
    JSON,
    SENT,
    Access,
    as_json,
    bad_token,
    check_status,
    later,
    now_s,
    refused,
    retry_after,
)
from rcim.outbox.push.providers.shortening import of_bytes
from rcim.rules.push_info import PushProfile
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

TITLE_BYTES, TEXT_BYTES = 1024, 8 * 1024
PROFILES = {PushProfile.OF_TOKEN: "", PushProfile.DEVELOPMENT: "dev", PushProfile.PRODUCTION: "prod"}
PREFIX = "whsec_"
SECRET_BYTES_MIN = 16


class Webhook:
    """A Service. `secrets` has one or two; each signs."""

    per_s = 0
    credentials = "secret"

    def __init__(self, url: str, secrets: Sequence[str]) -> None:
        self._url = url
        self._keys = [key_of_secret(secret) for secret in secrets]

    def ask_access(self) -> WebRequest | None:
        return None

    def access(self, answer: WebAnswer) -> Access:
        raise BadAnswer("there is no access token")

    def request(self, push: Push, access: str) -> WebRequest:
        body, now = as_json(body_of(push)), str(now_s())
        text = b".".join([push.push_id.encode(), now.encode(), body])
        headers = {
            **JSON,
            "webhook-id": push.push_id,
            "webhook-timestamp": now,
            "webhook-signature": " ".join(_signature(key, text) for key in self._keys),
        }
        return WebRequest(self._url, body, headers)

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        told = f"HTTP {answer.status}"
        if 200 <= answer.status < 300:
            return SENT
        if answer.status == 410:
            return bad_token(told)
        if answer.status == 429:
            return later(told, retry_after(answer))
        check_status(answer)
        return refused(told) if 400 <= answer.status < 500 else later(f"{told}: redirects are not followed")


def body_of(push: Push) -> dict[str, Any]:
    """The JSON body of a push."""
    return {
        "type": "push",
        "push_id": push.push_id,
        "token": push.token,
        "topic": push.topic,
        "sandbox": push.sandbox,
        "profile": PROFILES[push.profile],
        "title": of_bytes(push.title, TITLE_BYTES),
        "text": of_bytes(push.text, TEXT_BYTES),
        "badge_mode": push.badge_mode.value,
        "badge": 0 if push.badge_mode is BadgeMode.KEEP else push.badge,
        "sound": push.sound,
        "collapse_key": push.collapse_key,
        "expires_ms": push.expires_ms,
        "data": dict(push.data),
        "options": dict(push.options),
    }


def key_of_secret(secret: str) -> bytes:
    """The bytes that sign: of `whsec_` and Base64, or of the text itself. Raises ValueError with the reason."""
    if not secret.startswith(PREFIX):
        key = secret.encode()
    else:
        try:
            key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            raise ValueError("after whsec_ there has to be Base64") from None
    if len(key) < SECRET_BYTES_MIN:
        raise ValueError(f"it has to have at least {SECRET_BYTES_MIN} bytes")
    return key


def _signature(key: bytes, text: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, text, hashlib.sha256)).decode()
