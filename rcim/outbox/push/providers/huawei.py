"""Huawei Push Kit (PU-01, PU-04).

It follows "Sending downlink messages" of the REST API reference, as of version 5
(https://developer.huawei.com/consumer/en/doc/HMSCore-References/https-send-api-0000001050986197) and "OAuth 2.0,
client credentials" (https://oauth-login.cloud.huawei.com/oauth2/v3/token).

1. A message without its token has 4096 bytes: the text is shortened, then the title.
2. A notification replaces another one with the same `tag`. `collapse_key` is not used: it has 100 values, so that pushes
   of other conversations would be lost.
3. A badge needs the app's entry activity (the setting `badge_class`); numbers are up to 99.
4. 3000 tokens a second is what an app has by default; beyond it Huawei answers 503.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from rcim.outbox.push.provider import BadgeMode, Push, PushResult
from rcim.outbox.push.providers.service import (
    APP_NAME,
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

HOST = "https://push-api.cloud.huawei.com"
TOKEN_URL = "https://oauth-login.cloud.huawei.com/oauth2/v3/token"
BODY_BYTES = 4096
TTL_MAX_S = 15 * 24 * 3600
TAG_BYTES = 64
BADGE_MAX = 99
OK, PARTLY = "80000000", "80100000"
BAD_TOKEN = "80300007"
DENIED = frozenset(["80200001", "80200003", "80200005", "80300002", "80600003"])
"""Wrong or expired access token, no right to send, and a failed request for a token."""
INTERNAL = "81000001"


class Huawei:
    """A Service. `url` replaces Huawei's hosts; `package` is the app's for pushes that name none."""

    per_s = 3000
    credentials = "app_id secret"

    def __init__(
        self, app_id: str, secret: str, *, url: str = "", channel: str = "", package: str = "", badge_class: str = ""
    ) -> None:
        self._app_id = app_id
        self._secret = secret
        self._token_url = f"{url}/oauth2/v3/token" if url else TOKEN_URL
        self._url = f"{url or HOST}/v1/{quote(app_id, safe='')}/messages:send"
        self._channel = channel
        self._package = package
        self._badge_class = badge_class

    def ask_access(self) -> WebRequest | None:
        form = {"grant_type": "client_credentials", "client_id": self._app_id, "client_secret": self._secret}
        return WebRequest(self._token_url, urlencode(form).encode(), FORM)

    def access(self, answer: WebAnswer) -> Access:
        return bearer(answer)

    def request(self, push: Push, access: str) -> WebRequest:
        def message(title: str, text: str) -> dict[str, Any]:
            return {
                "notification": {"title": title, "body": text},
                "android": self._android(push),
                **({"data": as_json(push.data).decode()} if push.data else {}),
            }

        def encode(title: str, text: str) -> bytes:
            return as_json({"validate_only": False, "message": message(title, text)})

        made = message(*fitted(push, BODY_BYTES, encode))
        body = as_json({"validate_only": False, "message": {**made, "token": [push.token]}})
        return WebRequest(self._url, body, {**JSON, "Authorization": f"Bearer {access}"})

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        try:
            found = json_object(answer)
        except BadAnswer:
            check_status(answer)
            raise
        code, text = str(found.get("code", "")), str(found.get("msg", ""))
        told = f"{code} {text}".strip() or f"HTTP {answer.status}"
        if code == OK:
            return SENT
        if code == BAD_TOKEN or (code == PARTLY and push.token in text):
            return bad_token(told)
        if code in DENIED:
            raise Denied(told)
        if code == INTERNAL:
            raise Busy(told)
        check_status(answer)
        return refused(told)

    def _android(self, push: Push) -> Mapping[str, Any]:
        options = push.options
        own: dict[str, Any] = {
            "click_action": self._click(push),
            "channel_id": options.get("HuaWeiChannelID", "") or self._channel,
            "importance": options.get("HuaWeiImportance", ""),
            "image": options.get("Image", ""),
            "sound": options.get("AndroidSound", "") or push.sound or options.get("Sound", ""),
            "tag": key_of(push.collapse_key, TAG_BYTES),
        }
        badge = self._badge(push)
        if badge:
            own["badge"] = badge
        return {
            "ttl": f"{seconds_left(push, 1, TTL_MAX_S)}s",
            "notification": {name: value for name, value in own.items() if value != ""},
        } | ({"category": options["HuaWeiCategory"]} if options.get("HuaWeiCategory") else {})

    def _click(self, push: Push) -> Mapping[str, Any]:
        """The app is opened; with `ExtAsHuaweiIntentParam` the push's data goes with the intent, as `ext`."""
        package = push.topic or self._package
        if push.options.get("ExtAsHuaweiIntentParam") != "1" or not APP_NAME.match(package):
            return {"type": 3}
        ext = quote(push.data.get("ext", "") or as_json(push.data).decode(), safe="")
        return {"type": 1, "intent": f"intent:#Intent;launchFlags=0x04000000;package={package};S.ext={ext};end"}

    def _badge(self, push: Push) -> Mapping[str, Any]:
        if not self._badge_class or push.badge_mode is BadgeMode.KEEP:
            return {}
        name = "set_num" if push.badge_mode is BadgeMode.SET else "add_num"
        return {"class": self._badge_class, name: min(push.badge, BADGE_MAX)}
