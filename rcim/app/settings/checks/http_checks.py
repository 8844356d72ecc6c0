"""What the settings of the listener for back ends have to be (AB-02)."""

from __future__ import annotations

from collections.abc import Iterator

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.checks.proxy_checks import wrong_networks
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.app.settings.exposure import LOCAL_HOSTS
from rcim.base.terms import OFFSET_MIN_MAX

KNOWN_APIS = ("native", "tencent", "rongcloud", "metrics", "health")
ALL_ADDRESSES = ("0.0.0.0", "::")


def check_http(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError."""
    for wrong in _faults(settings):
        raise error_of(where, "http", wrong, getattr(settings.http, wrong.key))
    if settings.http.on and "rongcloud" in settings.http.apis:
        for wrong in _rongcloud_faults(settings):
            raise error_of(where, "rongcloud", wrong, getattr(settings.rongcloud, wrong.key))


def _faults(settings: Settings) -> Iterator[Wrong]:
    http = settings.http
    if not http.host:
        yield Wrong("host", "must not be empty")
    if not 0 <= http.port <= 65535:
        yield Wrong("port", "must be 0 to 65535")
    if http.on and http.port == settings.server.port != 0 and _meet(http.host, settings.server.host):
        yield Wrong("port", "is the port of clients, server.port: back ends need one of their own")
    if not http.tls and http.host not in LOCAL_HOSTS:
        yield Wrong("tls", f"can be off only if http.host is one of {', '.join(LOCAL_HOSTS)}")
    if (wrong := wrong_networks(http.proxy_from)) is not None:
        yield Wrong("proxy_from", wrong)
    if http.tls and not settings.server.tls and http.on:
        yield Wrong("tls", "has to be off if server.tls is: there is no certificate then")
    if not set(http.apis) <= set(KNOWN_APIS):
        yield Wrong("apis", f"known are {', '.join(KNOWN_APIS)}")
    if http.on and not http.apis:
        yield Wrong("apis", f"must name at least one of {', '.join(KNOWN_APIS)}")
    if http.on and not settings.app.administrators:
        yield Wrong("on", "needs at least one user in app.administrators: back ends act in their name")
    if not 1024 <= http.body_bytes_max <= 64 << 20:
        yield Wrong("body_bytes_max", "must be 1024 to 67108864")
    if not 1024 <= http.body_bytes_in_flight_max <= 64 << 30:
        yield Wrong("body_bytes_in_flight_max", "must be 1024 to 68719476736")
    for key in ("headers_ms", "body_ms", "write_ms", "idle_ms"):
        if not 100 <= getattr(http, key) <= 3_600_000:
            yield Wrong(key, "must be 100 to 3600000")
    for key in ("in_flight_max", "connections_max", "connections_per_address_max"):
        if not 1 <= getattr(http, key) <= 100_000:
            yield Wrong(key, "must be 1 to 100000")


def _meet(one: str, other: str) -> bool:
    """Whether two addresses to listen on can be the same."""
    return one == other or one in ALL_ADDRESSES or other in ALL_ADDRESSES


def _rongcloud_faults(settings: Settings) -> Iterator[Wrong]:
    one, types = settings.rongcloud, settings.group_types
    for key in ("app_key", "app_secret"):
        if not getattr(one, key):
            yield Wrong(key, "must not be empty if http.apis has rongcloud")
    for key in ("group_type", "room_type"):
        if getattr(one, key) not in types:
            yield Wrong(key, "must be a group type")
    if not 1 <= one.token_days <= 3650:
        yield Wrong("token_days", "must be 1 to 3650")
    if not 0 <= one.window_ms <= 366 * 86_400_000:
        yield Wrong("window_ms", "must be 0 to 31622400000")
    if abs(one.utc_offset_min) > OFFSET_MIN_MAX:
        yield Wrong("utc_offset_min", f"must be -{OFFSET_MIN_MAX} to {OFFSET_MIN_MAX}")
