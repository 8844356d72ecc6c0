"""FCM, the service of Google: HTTP v1 (PU-01, PU-04).

It follows "FCM HTTP v1 API" and "ErrorCode" (https://firebase.google.com/docs/reference/fcm/rest/v1), "Send messages with
the HTTP v1 API" (https://firebase.google.com/docs/cloud-messaging/send/v1-api), and for the access token "Using OAuth 2.0
for server to server applications" (https://developers.google.com/identity/protocols/oauth2/service-account).

1. The key file of the service account signs a request for an access token, which lasts an hour.
2. Notification and data have 4096 bytes together: the text is shortened, then the title. `ttl` is at most four weeks.
3. SENDER_ID_MISMATCH does not remove the token: with another project's key file every token would be removed.
4. QUOTA_EXCEEDED may be meant for one device or for the project: the push waits, others go on. Google wants a minute, if
   it says nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

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
    later,
    now_s,
    refused,
    retry_after,
    seconds_left,
)
from rcim.outbox.push.providers.shortening import fitted, key_of
from rcim.outbox.push.providers.signed_tokens import rs256_key, signed
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

HOST = "https://fcm.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_S = 3600
PAYLOAD_BYTES = 4096
TTL_MAX_S = 28 * 24 * 3600
QUOTA_PAUSE_S = 60.0
TOKEN_WORDS = "The registration token"
FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


class ServiceAccount(NamedTuple):
    """What the key file of a service account says."""

    project: str
    email: str
    key: RSAPrivateKey
    key_id: str
    token_url: str


def service_account(found: Mapping[str, object]) -> ServiceAccount:
    """The account of a key file. Raises ValueError with the reason."""
    texts = {name: found.get(name) for name in ("project_id", "client_email", "private_key")}
    missing = [name for name, value in texts.items() if not isinstance(value, str) or not value]
    if found.get("type") != "service_account" or missing:
        raise ValueError(f"it is no key file of a service account{': no ' + missing[0] if missing else ''}")
    token_url = str(found.get("token_uri") or TOKEN_URL)
    if not token_url.startswith("https://"):
        raise ValueError("its token_uri is not https")
    return ServiceAccount(
        project=str(texts["project_id"]),
        email=str(texts["client_email"]),
        key=rs256_key(str(texts["private_key"])),
        key_id=str(found.get("private_key_id") or ""),
        token_url=token_url,
    )


class Fcm:
    """A Service. `url` replaces Google's hosts; `channel` is the Android channel of pushes that name none."""

    per_s = 0
    credentials = "key_file"

    def __init__(self, account: ServiceAccount, url: str = "", channel: str = "") -> None:
        self._account = account
        self._token_url = f"{url}/token" if url else account.token_url
        self._url = f"{url or HOST}/v1/projects/{quote(account.project, safe='')}/messages:send"
        self._channel = channel

    def ask_access(self) -> WebRequest | None:
        account, now = self._account, now_s()
        claims = {
            "iss": account.email,
            "scope": SCOPE,
            "aud": account.token_url,
            "iat": now,
            "exp": now + ASSERTION_S,
        }
        form = {"grant_type": GRANT, "assertion": signed(account.key, claims, account.key_id)}
        return WebRequest(self._token_url, urlencode(form).encode(), FORM)

    def access(self, answer: WebAnswer) -> Access:
        return bearer(answer)

    def request(self, push: Push, access: str) -> WebRequest:
        return WebRequest(self._url, body_of(push, self._channel), {**JSON, "Authorization": f"Bearer {access}"})

    def result(self, answer: WebAnswer, push: Push) -> PushResult:
        if answer.status == 200:
            return SENT
        try:
            code, text = error_of(answer)
        except BadAnswer:
            check_status(answer)
            raise
        told = f"{answer.status} {code}: {text}".rstrip(": ")
        if code == "UNREGISTERED" or (code == "INVALID_ARGUMENT" and _is_about_token(answer, text)):
            return bad_token(told)
        if code == "QUOTA_EXCEEDED" or answer.status == 429:
            return later(told, retry_after(answer, QUOTA_PAUSE_S))
        if code == "THIRD_PARTY_AUTH_ERROR":
            return later(f"{told} (the APNs key in the Firebase console)")
        if code == "SENDER_ID_MISMATCH":
            return refused(f"{told} (the token is one of another project)")
        if answer.status in (401, 403):
            raise Denied(told)
        if answer.status >= 500:
            raise Busy(told, retry_after(answer))
        return refused(told)


def body_of(push: Push, channel: str = "") -> bytes:
    """The JSON. Raises TooLong."""
    data = {key: value for key, value in push.data.items() if not _is_reserved(key)}

    def payload(title: str, text: str) -> bytes:
        return as_json({"notification": _notification(push, title, text), "data": data})

    title, text = fitted(push, PAYLOAD_BYTES, payload)
    message = {
        "token": push.token,
        "notification": _notification(push, title, text),
        "data": data,
        "android": _android(push, channel),
        "apns": _apns(push),
    }
    return as_json({"message": message})


def _notification(push: Push, title: str, text: str) -> Mapping[str, str]:
    found = {"title": title, "body": text, "image": push.options.get("Image", "")}
    return {name: value for name, value in found.items() if value}


def _android(push: Push, channel: str) -> Mapping[str, Any]:
    notification: dict[str, Any] = {
        "sound": push.options.get("AndroidSound", "") or push.sound or push.options.get("Sound", ""),
        "channel_id": push.options.get("GoogleChannelID", "") or channel,
        "tag": push.collapse_key,
    }
    if push.badge_mode is BadgeMode.SET:
        notification["notification_count"] = push.badge
    return {
        "priority": "HIGH",
        "ttl": f"{seconds_left(push, 0, TTL_MAX_S)}s",
        "notification": {name: value for name, value in notification.items() if value != ""},
    } | ({"collapse_key": push.collapse_key} if push.collapse_key else {})


def _apns(push: Push) -> Mapping[str, Any]:
    """For the Apple devices of the Firebase project."""
    aps: dict[str, Any] = {"sound": push.sound or push.options.get("Sound", "") or "default"}
    if push.badge_mode is BadgeMode.SET:
        aps["badge"] = push.badge
    headers = {"apns-expiration": str(push.expires_ms // 1000)}
    if push.collapse_key:
        headers["apns-collapse-id"] = key_of(push.collapse_key, 64)
    return {"headers": headers, "payload": {"aps": aps}}


def _is_reserved(key: str) -> bool:
    """Google refuses a push with such a key in its data."""
    return key in ("from", "gcm", "message_type") or key.startswith(("google.", "gcm."))


def error_of(answer: WebAnswer) -> tuple[str, str]:
    """FCM's own code, or Google's status; and the message. Raises BadAnswer."""
    error = json_object(answer).get("error")
    if not isinstance(error, dict):
        return str(error or ""), ""
    own = [str(one.get("errorCode", "")) for one in _details(error) if one.get("@type") == FCM_ERROR]
    return own[0] if own else str(error.get("status", "")), str(error.get("message", ""))


def _is_about_token(answer: WebAnswer, text: str) -> bool:
    """INVALID_ARGUMENT is said of a bad token too: in words, or with the field. Words within others may be the sender's:
    Google repeats what is wrong."""
    error = json_object(answer).get("error")
    violations = [
        one
        for detail in (_details(error) if isinstance(error, dict) else [])
        for one in detail.get("fieldViolations", [])
        if isinstance(one, dict)
    ]
    return text.startswith(TOKEN_WORDS) or any(one.get("field") == "message.token" for one in violations)


def _details(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = error.get("details", [])
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
