"""Meizu Push, Flyme (PU-01).

It follows "HTTP API of the Flyme push platform" (https://github.com/MEIZUPUSH/PushAPI).

1. One form for each push, signed: MD5 of all parameters in the order of their names, and the app secret.
2. A title has 1 to 32 characters, a text 1 to 100. A push is kept for 1 to 72 hours.
3. An answer with code 200 lists what did not work, by code: 110002 and 110003 are tokens that Meizu does not know, or
   whose owner wants no pushes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from rcim.outbox.push.provider import Push, PushResult
from rcim.outbox.push.providers.service import (
    FORM,
    SENT,
    Access,
    Busy,
    Denied,
    as_json,
    bad_token,
    check_status,
    json_object,
    later,
    refused,
    retry_after,
    seconds_left,
)
from rcim.outbox.push.providers.shortening import TooLong, both, of_chars
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

HOST = "https://server-api-push.meizu.com"
PATH = "/garcia/api/server/push/varnished/pushByPushId"
TITLE_CHARS, TEXT_CHARS, DATA_BYTES = 32, 100, 1000
HOUR_S, HOURS_MAX = 3600, 72
NOTIFY_KEY_CHARS = 8
FOLDED_PAUSE_S = 60.0
OK = "200"
BAD_TOKENS = frozenset(["110002", "110003"])
DENIED = frozenset(["201", "1006", "110000", "110001", "110009"])
BUSY = frozenset(["500", "1001", "1003", "518", "110010"])
FAILED = frozenset(["501", "513", "519"])
FOLDED = "520"
"""A device gets at most five pushes of an app a minute."""


class Meizu:
    """A Service. `url` replaces Meizu's host."""

    per_s = 0
    credentials = "app_id secret"

    def __init__(self, app_id: str, secret: str, *, url: str = "") -> None:
        self._app_id = app_id
        self._secret = secret
        self._url = f"{url or HOST}{PATH}"

    def ask_access(self) -> WebRequest | None:
        return None

    def access(self, answer: WebAnswer) -> Access:
        raise BadAnswer("there is no access token")

    def request(self, push: Push, access: str) -> WebRequest:
        form = {"appId": self._app_id, "pushIds": push.token, "messageJson": as_json(message_of(push)).decode()}
        body = urlencode({**form, "sign": sign(form, self._secret)}).encode()
        return WebRequest(self._url, body, FORM)

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        try:
            found = json_object(answer)
        except BadAnswer:
            check_status(answer)
            raise
        code = str(found.get("code", ""))
        told = f"{code} {found.get('message') or ''}".strip() or f"HTTP {answer.status}"
        if code == OK:
            return self._of_value(_code_of(found.get("value"), push.token))
        if code in DENIED:
            raise Denied(told)
        if code in BUSY:
            raise Busy(told, retry_after(answer))
        check_status(answer)
        return refused(told)

    def _of_value(self, code: str) -> PushResult:
        """The result for the code under which the answer lists the token; empty: it lists none."""
        if not code:
            return SENT
        if code in BAD_TOKENS:
            return bad_token(code)
        if code in DENIED:
            raise Denied(code)
        if code in FAILED or code == FOLDED:
            return later(code, FOLDED_PAUSE_S if code == FOLDED else 0.0)
        if code in BUSY:
            raise Busy(code)
        return refused(code)


def sign(form: Mapping[str, str], secret: str) -> str:
    """The vendor's `sign`."""
    text = "".join(f"{name}={form[name]}" for name in sorted(form)) + secret
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def message_of(push: Push) -> Mapping[str, Any]:
    """`messageJson`. Raises TooLong."""
    if len(as_json(push.data)) > DATA_BYTES:
        raise TooLong(f"the data has more than {DATA_BYTES} bytes, which the service takes")
    title, text = both(push)
    hours = -(-seconds_left(push, 1, HOURS_MAX * HOUR_S) // HOUR_S)
    notification: dict[str, Any] = {"vibrate": 1, "lights": 1, "sound": 1}
    advanced: dict[str, Any] = {"clearNoticeBar": 1, "notificationType": notification}
    if push.collapse_key:
        digest = hashlib.sha256(push.collapse_key.encode(errors="replace")).hexdigest()
        advanced["notifyKey"] = digest[:NOTIFY_KEY_CHARS]
    return {
        "noticeBarInfo": {
            "noticeBarType": 0,
            "title": of_chars(title, TITLE_CHARS),
            "content": of_chars(text, TEXT_CHARS),
        },
        "clickTypeInfo": {"clickType": 0, "parameters": dict(push.data)},
        "pushTimeInfo": {"offLine": 1 if push.expires_ms else 0, "validTime": hours},
        "advanceInfo": advanced,
    }


def _code_of(value: object, token: str) -> str:
    """The code under which the token is listed; empty: under none."""
    if not isinstance(value, dict):
        return ""
    return next((str(code) for code, tokens in value.items() if isinstance(tokens, list) and token in tokens), "")
