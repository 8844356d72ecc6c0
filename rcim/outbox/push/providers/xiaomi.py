"""Xiaomi Push, Mi Push (PU-01).

It follows "Server API" and "Error codes of the server" (https://dev.mi.com/xiaomihyperos/documentation/detail, pId=1558
and pId=1560).

1. One form for each push, to /v3/message/regid. The app secret stands in a header; there is no access token.
2. A title has less than 50 characters, a text less than 128, and neither may be blank. Data is the `payload`, up to 4 KB.
3. A token that Xiaomi does not know stands in `bad_regids` of a good answer; if it was the only one, the answer is 20301,
   "No valid targets!".
"""

from __future__ import annotations

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
    seconds_left,
)
from rcim.outbox.push.providers.shortening import TooLong, both, number_of, of_chars
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

HOST = "https://api.xmpush.xiaomi.com"
TITLE_CHARS, TEXT_CHARS = 49, 127
DATA_CHARS = 4000
TTL_MAX_S = 14 * 24 * 3600
QUOTA_PAUSE_S = 3600.0
"""What is left of a day's quota is not known."""
OK = "0"
NO_TARGET = "20301"
BAD_DEVICE = frozenset(["10029", "65003"])
DENIED = frozenset(["10031", "10036", "21301", "21302", "21303", "21305", "22000", "22006", "22007", "22022"])
BUSY = frozenset(["1", "-1", "10001", "10002", "10003", "10027", "20607", "26003", "65029"])
QUOTA = "10034"
AGAIN = frozenset(["10037"])
"""The request came too late."""


class Xiaomi:
    """A Service. `url` replaces Xiaomi's host; `package` is the app's for pushes that name none."""

    per_s = 0
    credentials = "secret"

    def __init__(self, secret: str, *, url: str = "", channel: str = "", package: str = "") -> None:
        self._secret = secret
        self._url = f"{url or HOST}/v3/message/regid"
        self._channel = channel
        self._package = package

    def ask_access(self) -> WebRequest | None:
        return None

    def access(self, answer: WebAnswer) -> Access:
        raise BadAnswer("there is no access token")

    def request(self, push: Push, access: str) -> WebRequest:
        title, text = both(push)
        payload = as_json(push.data).decode() if push.data else ""
        if len(payload) > DATA_CHARS:
            raise TooLong(f"the data has {len(payload)} characters, and the service takes {DATA_CHARS}")
        form = {
            "registration_id": push.token,
            "restricted_package_name": push.topic or self._package,
            "pass_through": "0",
            "notify_type": "-1",
            "title": of_chars(title, TITLE_CHARS),
            "description": of_chars(text, TEXT_CHARS),
            "payload": payload,
            "time_to_live": str(seconds_left(push, 1, TTL_MAX_S) * 1000),
            "notify_id": str(number_of(push.collapse_key or push.push_id)),
            "extra.notify_effect": "1",
            "extra.channel_id": push.options.get("XiaoMiChannelID", "") or self._channel,
            "extra.sound_uri": push.options.get("AndroidSound", "") or push.sound or push.options.get("Sound", ""),
        }
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        return WebRequest(self._url, body, {**FORM, "Authorization": f"key={self._secret}"})

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        try:
            found = json_object(answer)
        except BadAnswer:
            check_status(answer)
            raise
        code = str(found.get("code", ""))
        reason = str(found.get("reason", "") or found.get("description", ""))
        told = f"{code} {reason}".strip() or f"HTTP {answer.status}"
        if code == OK:
            return bad_token("it is one of bad_regids") if push.token in _bad_regids(found) else SENT
        if code in BAD_DEVICE or (code == NO_TARGET and "No valid targets" in reason):
            return bad_token(told)
        if code in DENIED:
            raise Denied(told)
        if code in BUSY:
            raise Busy(told)
        if code == QUOTA:
            raise Busy(told, QUOTA_PAUSE_S)
        if code in AGAIN:
            return later(told)
        check_status(answer)
        return refused(told)


def _bad_regids(found: Mapping[str, Any]) -> list[str]:
    data = found.get("data")
    listed = data.get("bad_regids", "") if isinstance(data, dict) else ""
    return listed.split(",") if isinstance(listed, str) else []
