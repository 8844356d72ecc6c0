"""APNs, the service of Apple: HTTP/2 and token authentication (PU-01, PU-04).

It follows Apple's documentation "Sending notification requests to APNs", "Establishing a token-based connection to APNs",
"Generating a remote notification" and "Handling notification responses from APNs"
(https://developer.apple.com/documentation/usernotifications).

1. A push is one POST to /3/device/TOKEN; the token tells Apple's production and development hosts apart (`Push.sandbox`).
   A host has one connection for all pushes.
2. The provider token (JWT, ES256) is made again after 40 minutes. Apple wants that not sooner than after 20 minutes and
   not later than after 60, for each key.
3. There may be two keys. If Apple refuses the one, the other is used from then on: so a key can be revoked while the
   server runs.
4. A payload has 4096 bytes: the text is shortened, then the title. INCREMENT is not known to APNs; the badge stays as it
   is then.
"""

from __future__ import annotations

import re
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from rcim.base import clock
from rcim.base.limited_log import LimitedLog
from rcim.outbox.push.provider import BadgeMode, Push, PushOutcome, PushResult
from rcim.outbox.push.providers.sending import Sender
from rcim.outbox.push.providers.service import (
    APP_NAME,
    SENT,
    Busy,
    Denied,
    as_json,
    bad_token,
    later,
    refused,
    retry_after,
)
from rcim.outbox.push.providers.shortening import fitted, key_of
from rcim.outbox.push.providers.signed_tokens import signed
from rcim.rules.push_info import PushProfile
from rcim.web.client import BadAnswer, WebAnswer
from rcim.web.http2 import Http2Client, Http2Request

log = LimitedLog("rcim.push")

PRODUCTION = "https://api.push.apple.com"
DEVELOPMENT = "https://api.development.push.apple.com"
PAYLOAD_BYTES = 4096
COLLAPSE_BYTES = 64
CONCURRENT = 200
"""Pushes under way at a time: at 50 ms each, 4,000 a second. h2 looks at each of them with every new one."""
RENEW_MS = 40 * 60_000
RENEW_MIN_MS = 20 * 60_000
"""Apple refuses newer tokens as TooManyProviderTokenUpdates."""
DEVICE_TOKEN = re.compile(r"[0-9A-Fa-f]{16,200}\Z")

BAD_TOKENS = frozenset(["BadDeviceToken", "Unregistered", "ExpiredToken", "MissingDeviceToken"])
BUSY = frozenset(["TooManyProviderTokenUpdates", "ServiceUnavailable", "Shutdown", "InternalServerError"])
LATER = frozenset(["TooManyRequests", "IdleTimeout"])
"""Of this device or this connection, not of the service."""


class ApnsKey(NamedTuple):
    """A key for token authentication."""

    key: EllipticCurvePrivateKey
    key_id: str
    team_id: str


class ApnsOptions(NamedTuple):
    """What the settings say beside the keys. `url` replaces Apple's hosts."""

    section: str
    topic: str
    sandbox: bool = False
    url: str = ""
    timeout_ms: int = 5000
    per_s: int = 0
    allow_private: bool = False
    trust: ssl.SSLContext | None = None


class ProviderToken:
    """The JWT of one key."""

    def __init__(self, key: ApnsKey) -> None:
        self._key = key
        self._text = ""
        self._made_ms = 0

    def text(self) -> str:
        """The header, made again when it is due."""
        now_ms = clock.steady_ms()
        if not self._text or now_ms - self._made_ms >= RENEW_MS:
            claims = {"iss": self._key.team_id, "iat": clock.wall_ms() // 1000}
            self._text = f"bearer {signed(self._key.key, claims, self._key.key_id)}"
            self._made_ms = now_ms
        return self._text

    def renew(self) -> bool:
        """Make another one with the next push; False: it is too new, and Apple would refuse that."""
        if clock.steady_ms() - self._made_ms < RENEW_MIN_MS:
            return False
        self._text = ""
        return True


class ApnsProvider:
    """A Provider (rcim.outbox.push.provider). Of `keys` the first is used as long as Apple takes it."""

    def __init__(self, keys: Sequence[ApnsKey], options: ApnsOptions) -> None:
        self._options = options
        self._tokens = [ProviderToken(key) for key in keys]
        self._key_ids = [key.key_id for key in keys]
        self._current = 0
        self._clients: dict[str, Http2Client] = {}
        section = options.section
        where = f"{section}.key_file, {section}.key_id and {section}.team_id"
        denied = f": the service refuses the credentials in {where}"
        self._sender = Sender(section, self._send_one, options.per_s, CONCURRENT, denied)

    @property
    def counts(self) -> Counter[str]:
        """Pushes by what became of them, pauses and connections, since the start."""
        made = sum(client.connections for client in self._clients.values())
        return self._sender.counts | Counter(connections=made)

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """Send these; a result for each, in their order."""
        return await self._sender.send(pushes)

    async def close(self) -> None:
        """Give back the connections."""
        for client in self._clients.values():
            await client.close()

    def _builds(self, push: Push) -> PushProfile:
        return PushProfile.DEVELOPMENT if push.sandbox or self._options.sandbox else PushProfile.PRODUCTION

    def _client(self, push: Push) -> Http2Client:
        options = self._options
        host = options.url or (DEVELOPMENT if self._builds(push) is PushProfile.DEVELOPMENT else PRODUCTION)
        if host not in self._clients:
            self._clients[host] = Http2Client(
                host, options.timeout_ms, allow_private=options.allow_private, trust=options.trust
            )
        return self._clients[host]

    async def _send_one(self, push: Push) -> PushResult:
        if not DEVICE_TOKEN.match(push.token):
            return bad_token("a token of APNs has 16 to 200 hexadecimal digits")
        if push.topic and not APP_NAME.match(push.topic):
            return refused("the device's topic is no bundle id")
        if push.profile not in (PushProfile.OF_TOKEN, self._builds(push)):
            return refused("the push is for other builds of the app")
        used = self._current
        answer = await self._post(push)
        reason = "" if answer.status == 200 else _reason(answer)
        if answer.status == 403 and self._other_credentials(used, reason):
            answer = await self._post(push)
            reason = "" if answer.status == 200 else _reason(answer)
        if answer.status == 403:
            clock_is_wrong = ", or this machine's clock is wrong" if reason == "ExpiredProviderToken" else ""
            raise Denied(f"403 {reason}{clock_is_wrong}".strip())
        return result_of(answer, reason)

    async def _post(self, push: Push) -> WebAnswer:
        authorization = self._tokens[self._current].text()
        return await self._client(push).post(request_of(push, self._options.topic, authorization))

    def _other_credentials(self, used: int, reason: str) -> bool:
        """True if there are others than those that were refused: another push has found them, the token can be made
        again, or there is another key."""
        if self._current != used:
            return True
        if reason == "ExpiredProviderToken" and self._tokens[used].renew():
            return True
        if len(self._tokens) == 1:
            return False
        self._current = (used + 1) % len(self._tokens)
        key_id = self._key_ids[self._current]
        log.warning(
            "APNs refuses a key: another one is used now", consumer=self._options.section, error=reason, key_id=key_id
        )
        return True


def request_of(push: Push, topic: str, authorization: str) -> Http2Request:
    """The request for a push; `topic` if it has none. Raises TooLong."""
    headers = {
        "authorization": authorization,
        "apns-topic": push.topic or topic,
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": str(push.expires_ms // 1000),
    }
    unindexed = {"apns-id": push.push_id}
    if push.collapse_key:
        unindexed["apns-collapse-id"] = key_of(push.collapse_key, COLLAPSE_BYTES)
    return Http2Request(f"/3/device/{push.token}", payload_of(push), headers, unindexed)


APS_OPTIONS = {"ThreadID": "thread-id", "Category": "category"}
"""Options of a message that Apple has by another name."""


def payload_of(push: Push) -> bytes:
    """The JSON. Raises TooLong."""
    push = msgspec.structs.replace(push, title=push.options.get("ApnsTitle") or push.title)
    aps: dict[str, Any] = {name: push.options[key] for key, name in APS_OPTIONS.items() if push.options.get(key)}
    if push.badge_mode is BadgeMode.SET:
        aps["badge"] = push.badge
    sound = push.sound or push.options.get("Sound", "default")
    if sound:
        aps["sound"] = sound
    image = push.options.get("Image", "")
    if image or push.options.get("MutableContent") == "1":
        aps["mutable-content"] = 1
    data = {key: value for key, value in push.data.items() if key != "aps"} | ({"image": image} if image else {})
    subtitle = push.options.get("SubTitle", "")

    def encode(title: str, text: str) -> bytes:
        alert = {"title": title, "subtitle": subtitle, "body": text}
        return as_payload({**aps, "alert": {name: value for name, value in alert.items() if value}}, data)

    return encode(*fitted(push, PAYLOAD_BYTES, encode))


def as_payload(aps: Mapping[str, Any], data: Mapping[str, str]) -> bytes:
    """Apple's part, and the app's."""
    return as_json({"aps": aps, **data})


def result_of(answer: WebAnswer, reason: str) -> PushResult:
    """What became of the push, of an answer that is not 403. Raises Busy."""
    told = f"{answer.status} {reason}".strip()
    if answer.status == 200:
        return SENT
    if answer.status == 410 or reason in BAD_TOKENS:
        return bad_token(told)
    if reason in LATER:
        return later(told, retry_after(answer))
    if reason in BUSY or answer.status == 429 or answer.status >= 500:
        raise Busy(told, retry_after(answer))
    return refused(told) if 400 <= answer.status < 500 else PushResult(PushOutcome.LATER, told)


def _reason(answer: WebAnswer) -> str:
    """Apple's word for what is wrong; empty if there is none."""
    try:
        found = answer.json()
    except BadAnswer:
        return ""
    reason = found.get("reason", "") if isinstance(found, dict) else ""
    return reason if isinstance(reason, str) else ""
