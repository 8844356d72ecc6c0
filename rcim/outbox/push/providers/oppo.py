"""OPPO Push, HeyTap (PU-01).

It follows "Request addresses, common parameters and return codes", "Authentication" and "Unicast" of the server API
(https://open.oppomobile.com/documentation/page/info?id=11234 and the pages after it).

1. An auth token is given out for a signature of the app key, the time and the master secret (`secret`); it lasts a day.
   Devices outside of China have a host of their own, https://api-intl.push.oppomobile.com: that is another section with
   this `url`.
2. A title has up to 50 characters, a text up to 200, data up to 4000. OPPO sends a push with the same `app_message_id`
   only once.
3. A push is kept for up to ten days.
"""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

from rcim.base import clock
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
    refused,
    retry_after,
    seconds_left,
)
from rcim.outbox.push.providers.shortening import TooLong, both, number_of, of_chars
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

HOST = "https://api.push.oppomobile.com"
TITLE_CHARS, TEXT_CHARS, DATA_CHARS = 50, 200, 4000
TTL_MAX_S = 10 * 24 * 3600
DAY_S = 24 * 3600.0
QUOTA_PAUSE_S = 3600.0
OK = 0
BAD_TOKEN = 10000
"""Invalid RegistrationId."""
DENIED = frozenset([11, 14, 15, 16, 17, 18, 19, 26, 27, 28, 29, 30])
BUSY = frozenset([-2, -1, 13, 55])
QUOTA = 33


class Oppo:
    """A Service. `url` replaces OPPO's host."""

    per_s = 0
    credentials = "app_key secret"

    def __init__(self, app_key: str, secret: str, *, url: str = "", channel: str = "") -> None:
        self._app_key = app_key
        self._secret = secret
        self._host = url or HOST
        self._channel = channel

    def ask_access(self) -> WebRequest | None:
        now = str(clock.wall_ms())
        sign = hashlib.sha256(f"{self._app_key}{now}{self._secret}".encode()).hexdigest()
        form = {"app_key": self._app_key, "sign": sign, "timestamp": now}
        return WebRequest(f"{self._host}/server/v1/auth", urlencode(form).encode(), FORM)

    def access(self, answer: WebAnswer) -> Access:
        code, told, data = _read(answer)
        token = data.get("auth_token") if isinstance(data, dict) else None
        if code == OK and isinstance(token, str) and token:
            return Access(token, DAY_S)
        self._raise(code, told, answer)
        raise BadAnswer(f"no auth token: {told}")

    def request(self, push: Push, access: str) -> WebRequest:
        title, text = both(push)
        data = as_json(push.data).decode() if push.data else ""
        if len(data) > DATA_CHARS:
            raise TooLong(f"the data has {len(data)} characters, and the service takes {DATA_CHARS}")
        notification: dict[str, Any] = {
            "app_message_id": push.push_id,
            "title": of_chars(title, TITLE_CHARS),
            "content": of_chars(text, TEXT_CHARS),
            "click_action_type": 0,
            "action_parameters": data,
            "off_line": push.expires_ms > 0,
            "off_line_ttl": seconds_left(push, 1, TTL_MAX_S),
            "channel_id": push.options.get("OPPOChannelID", "") or self._channel,
        }
        if push.collapse_key:
            notification["notify_id"] = number_of(push.collapse_key)
        message = {
            "target_type": 2,
            "target_value": push.token,
            "notification": {name: value for name, value in notification.items() if value != ""},
        }
        form = {"auth_token": access, "message": as_json(message).decode()}
        return WebRequest(f"{self._host}/server/v1/message/notification/unicast", urlencode(form).encode(), FORM)

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        code, told, _ = _read(answer)
        if code == OK:
            return SENT
        if code == BAD_TOKEN:
            return bad_token(told)
        self._raise(code, told, answer)
        return refused(told)

    def _raise(self, code: int | None, told: str, answer: WebAnswer) -> None:
        if code in DENIED:
            raise Denied(told)
        if code in BUSY:
            raise Busy(told, retry_after(answer))
        if code == QUOTA:
            raise Busy(told, QUOTA_PAUSE_S)
        check_status(answer)


def _read(answer: WebAnswer) -> tuple[int | None, str, object]:
    """The code, what to tell of it, and the data. Raises Denied, Busy, BadAnswer."""
    try:
        found = json_object(answer)
    except BadAnswer:
        check_status(answer)
        raise
    code = found.get("code")
    told = f"{code} {found.get('message') or ''}".strip()
    return (code if isinstance(code, int) else None), told, found.get("data")
