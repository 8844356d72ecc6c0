"""Honor Push (PU-01, PU-04).

It follows the guide "Sending downlink messages" of Honor's developer service, as published at
https://my.oschina.net/u/5873522/blog/10140231, and the fields of the REST API as its users have them. Its codes are those
of Huawei's service, from which it comes.

1. The access token is OAuth 2.0 with client credentials: `app_key` is the client's id, `secret` its secret.
2. Each request has the time in a header. Title, text and data have 4096 bytes together with all that describes them.
3. An answer has 200 as its code; `expireTokens` of it are tokens that Honor does not know any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from rcim.base import clock
from rcim.outbox.push.provider import BadgeMode, Push, PushResult
from rcim.outbox.push.providers.service import (
    FORM,
    JSON,
    SENT,
    Access,
    Busy,
    Denied,
    as_json,
    bad_token,
    bearer,
    check_status,
    json_object,
    refused,
    seconds_left,
)
from rcim.outbox.push.providers.shortening import fitted, key_of
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

HOST = "https://push-api.cloud.honor.com"
TOKEN_HOST = "https://iam.developer.honor.com"
TOKEN_PATH = "/auth/realms/developer/protocol/openid-connect/token"
BODY_BYTES = 4096
TTL_MAX_S = 15 * 24 * 3600
TAG_BYTES = 64
BADGE_MAX = 99
OK = frozenset(["200", "80000000"])
PARTLY = "80100000"
BAD_TOKEN = "80300007"
DENIED = frozenset(["401", "403", "80200001", "80200003", "80300002", "80600003"])
BUSY = frozenset(["429", "503", "81000001"])


class Honor:
    """A Service. `url` replaces Honor's hosts."""

    per_s = 0
    credentials = "app_key secret"

    def __init__(self, app_id: str, client_id: str, secret: str, *, url: str = "", badge_class: str = "") -> None:
        self._client_id = client_id
        self._secret = secret
        self._token_url = f"{url or TOKEN_HOST}{TOKEN_PATH}"
        self._url = f"{url or HOST}/api/v1/{quote(app_id, safe='')}/sendMessage"
        self._badge_class = badge_class

    def ask_access(self) -> WebRequest | None:
        form = {"grant_type": "client_credentials", "client_id": self._client_id, "client_secret": self._secret}
        return WebRequest(self._token_url, urlencode(form).encode(), FORM)

    def access(self, answer: WebAnswer) -> Access:
        return bearer(answer)

    def request(self, push: Push, access: str) -> WebRequest:
        def message(title: str, text: str) -> dict[str, Any]:
            return {
                "android": {
                    "ttl": f"{seconds_left(push, 1, TTL_MAX_S)}s",
                    "notification": self._notification(push, title, text),
                },
                **({"data": as_json(push.data).decode()} if push.data else {}),
            }

        made = message(*fitted(push, BODY_BYTES, lambda title, text: as_json(message(title, text))))
        headers = {**JSON, "Authorization": f"Bearer {access}", "timestamp": str(clock.wall_ms())}
        return WebRequest(self._url, as_json({**made, "token": [push.token]}), headers)

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        try:
            found = json_object(answer)
        except BadAnswer:
            check_status(answer)
            raise
        code, text = str(found.get("code", "")), str(found.get("message", "") or found.get("msg", ""))
        told = f"{code} {text}".strip() or f"HTTP {answer.status}"
        data = found.get("data")
        lists: Mapping[str, Any] = data if isinstance(data, dict) else {}
        if code == BAD_TOKEN or push.token in _tokens(lists, "expireTokens"):
            return bad_token(told)
        if push.token in _tokens(lists, "failTokens") or code == PARTLY:
            return refused(f"{told}: the push failed")
        if code in OK:
            return SENT
        if code in DENIED:
            raise Denied(told)
        if code in BUSY:
            raise Busy(told)
        check_status(answer)
        return refused(told)

    def _notification(self, push: Push, title: str, text: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {
            "title": title,
            "body": text,
            "clickAction": {"type": 3},
            "importance": push.options.get("HonorImportance", "NORMAL"),
            "image": push.options.get("Image", ""),
            "tag": key_of(push.collapse_key, TAG_BYTES),
        }
        if self._badge_class and push.badge_mode is not BadgeMode.KEEP:
            name = "setNum" if push.badge_mode is BadgeMode.SET else "addNum"
            found["badge"] = {"badgeClass": self._badge_class, name: min(push.badge, BADGE_MAX)}
        return {name: value for name, value in found.items() if value != ""}


def _tokens(lists: Mapping[str, Any], name: str) -> list[Any]:
    found = lists.get(name)
    return found if isinstance(found, list) else []
