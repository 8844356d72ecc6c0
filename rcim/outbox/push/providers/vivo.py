"""vivo Push (PU-01).

It follows "Server API of vivo's message push", version 2.9 (https://dev.vivo.com.cn/documentCenter/doc/362).

1. An auth token is given out for a signature of app id, app key, the time and the secret. It lasts a day; vivo advises to
   replace it every one or two hours, and allows ten requests for one a second.
2. A title has up to 40 columns and a text up to 100: a Chinese character is two. A push is kept for 1 minute to 7 days.
3. Pushes are of class 1, messages of the system, to which chat belongs, if the app says nothing else.
4. When a day's quota is over (10070 to 10073), vivo wants no more requests on that day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rcim.base import clock
from rcim.outbox.push.provider import Push, PushResult
from rcim.outbox.push.providers.service import (
    JSON,
    SENT,
    Access,
    Busy,
    Denied,
    as_json,
    bad_token,
    check_status,
    json_object,
    refused,
    seconds_left,
)
from rcim.outbox.push.providers.shortening import TooLong, both, number_of, of_columns
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

HOST = "https://api-push.vivo.com.cn"
TITLE_COLUMNS, TEXT_COLUMNS, DATA_CHARS = 40, 100, 1024
TTL_MIN_S, TTL_MAX_S = 60, 7 * 24 * 3600
ACCESS_S = 2 * 3600.0
QUOTA_PAUSE_S = 3600.0
OK = 0
BAD_TOKEN = 10302
UNKNOWN_USER = 1
"""The status of `invalidUser` for a token that vivo does not know."""
DENIED = frozenset([10000, 10003, 10004, 10094])
"""Wrong or expired auth token, wrong app id, key or signature."""
BUSY = frozenset([10001, 10093])
QUOTA = frozenset([10070, 10071, 10072, 10073])


class Vivo:
    """A Service. `url` replaces vivo's host."""

    per_s = 0
    credentials = "app_id app_key secret"

    def __init__(self, app_id: str, app_key: str, secret: str, *, url: str = "") -> None:
        self._app_id = app_id
        self._app_key = app_key
        self._secret = secret
        self._host = url or HOST

    def ask_access(self) -> WebRequest | None:
        now = clock.wall_ms()
        text = f"{self._app_id}{self._app_key}{now}{self._secret}"
        sign = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        body = {"appId": self._app_id, "appKey": self._app_key, "timestamp": now, "sign": sign}
        return WebRequest(f"{self._host}/message/auth", as_json(body), JSON)

    def access(self, answer: WebAnswer) -> Access:
        code, told, found = _read(answer)
        token = found.get("authToken")
        if code == OK and isinstance(token, str) and token:
            return Access(token, ACCESS_S)
        _raise(code, told, answer)
        raise Denied(told)

    def request(self, push: Push, access: str) -> WebRequest:
        title, text = both(push)
        if len(as_json(push.data)) > DATA_CHARS:
            raise TooLong(f"the data has more than {DATA_CHARS} bytes, which the service takes")
        options = push.options
        body: dict[str, Any] = {
            "appId": self._app_id,
            "regId": push.token,
            "notifyType": 4,
            "title": of_columns(title, TITLE_COLUMNS),
            "content": of_columns(text, TEXT_COLUMNS),
            "timeToLive": seconds_left(push, TTL_MIN_S, TTL_MAX_S),
            "skipType": 1,
            "requestId": push.push_id,
            "classification": 0 if options.get("VIVOClassification") == "0" else 1,
            "clientCustomMap": dict(push.data),
        }
        if options.get("VIVOCategory"):
            body["category"] = options["VIVOCategory"]
        if push.collapse_key:
            body["notifyId"] = number_of(push.collapse_key)
        return WebRequest(f"{self._host}/message/send", as_json(body), {**JSON, "authToken": access})

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        code, told, found = _read(answer)
        invalid = found.get("invalidUser")
        status = invalid.get("status") if isinstance(invalid, dict) else None
        if code == BAD_TOKEN or (code == OK and status == UNKNOWN_USER):
            return bad_token(told)
        if code == OK:
            return SENT if status is None else refused(f"invalidUser, status {status}")
        _raise(code, told, answer)
        return refused(told)


def _raise(code: int | None, told: str, answer: WebAnswer) -> None:
    if code in DENIED:
        raise Denied(told)
    if code in BUSY:
        raise Busy(told)
    if code in QUOTA:
        raise Busy(told, QUOTA_PAUSE_S)
    check_status(answer)


def _read(answer: WebAnswer) -> tuple[int | None, str, Mapping[str, Any]]:
    """The code, what to tell of it, and the whole answer. Raises Denied, Busy, BadAnswer."""
    try:
        found = json_object(answer)
    except BadAnswer:
        check_status(answer)
        raise
    code = found.get("result")
    return (code if isinstance(code, int) else None), f"{code} {found.get('desc') or ''}".strip(), found
