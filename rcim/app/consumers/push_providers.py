"""The push services that the settings name, ready to send (PU-01).

What a service needs is imported when it is named: who uses none pays nothing for them.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.push_provider_settings import PushProvider
from rcim.outbox.push.provider import Provider

if TYPE_CHECKING:
    from rcim.outbox.push.providers.service import Service


def providers_of(settings: Settings) -> Mapping[str, Provider]:
    """By the names of their sections, `ios` for `[push_providers.ios]`. They connect with the first push. Raises
    ValueError or OSError for key files that have changed since the settings were checked."""
    return {name: _provider(f"push_providers.{name}", one) for name, one in settings.push_providers.items()}


def counted(providers: Mapping[str, Provider]) -> dict[str, int]:
    """For the operator: how often a service was left alone for a while, as `push_pauses.ios`, and how many connections
    were made to it over HTTP/2."""
    found: dict[str, int] = {}
    for name, provider in providers.items():
        counts: Mapping[str, int] = getattr(provider, "counts", {})
        found |= {f"push_{what}.{name}": counts[what] for what in ("pauses", "connections") if what in counts}
    return found


def _provider(section: str, one: PushProvider) -> Provider:
    if one.provider == "apns":
        return _apns(section, one)
    from rcim.outbox.push.providers.http_provider import HttpProvider
    from rcim.web.client import WebClient

    client = WebClient(one.timeout_ms, allow_private=one.allow_private, trust=_trust(one))
    return HttpProvider(section, SERVICES[one.provider](one), client, one.pushes_per_s)


def _apns(section: str, one: PushProvider) -> Provider:
    from rcim.outbox.push.providers.apns import ApnsKey, ApnsOptions, ApnsProvider
    from rcim.outbox.push.providers.signed_tokens import es256_key

    files = {one.key_file: one.key_id, one.rotated_key_file: one.rotated_key_id}
    keys = [ApnsKey(es256_key(file), key_id, one.team_id) for file, key_id in files.items() if file]
    options = ApnsOptions(
        section=section,
        topic=one.topic,
        sandbox=one.sandbox,
        url=_host(one),
        timeout_ms=one.timeout_ms,
        per_s=one.pushes_per_s,
        allow_private=one.allow_private,
        trust=_trust(one),
    )
    return ApnsProvider(keys, options)


def _trust(one: PushProvider) -> ssl.SSLContext | None:
    """The certificates that the service may have; None: the system's."""
    return ssl.create_default_context(cafile=one.ca_file) if one.ca_file else None


def _host(one: PushProvider) -> str:
    return one.url.rstrip("/")


def _fcm(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.fcm import Fcm, service_account
    from rcim.outbox.push.providers.signed_tokens import read_object

    return Fcm(service_account(read_object(one.key_file)), _host(one), one.channel)


def _huawei(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.huawei import Huawei

    return Huawei(
        one.app_id,
        one.secret,
        url=_host(one),
        channel=one.channel,
        package=one.topic,
        badge_class=one.badge_class,
    )


def _xiaomi(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.xiaomi import Xiaomi

    return Xiaomi(one.secret, url=_host(one), channel=one.channel, package=one.topic)


def _oppo(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.oppo import Oppo

    return Oppo(one.app_key, one.secret, url=_host(one), channel=one.channel)


def _vivo(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.vivo import Vivo

    return Vivo(one.app_id, one.app_key, one.secret, url=_host(one))


def _meizu(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.meizu import Meizu

    return Meizu(one.app_id, one.secret, url=_host(one))


def _honor(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.honor import Honor

    return Honor(one.app_id, one.app_key, one.secret, url=_host(one), badge_class=one.badge_class)


def _webhook(one: PushProvider) -> Service:
    from rcim.outbox.push.providers.webhook import Webhook

    return Webhook(one.url, [secret for secret in (one.secret, one.rotated_secret) if secret])


SERVICES: Mapping[str, Callable[[PushProvider], Service]] = {
    "fcm": _fcm,
    "huawei": _huawei,
    "xiaomi": _xiaomi,
    "oppo": _oppo,
    "vivo": _vivo,
    "meizu": _meizu,
    "honor": _honor,
    "webhook": _webhook,
}
