"""The listener for back ends: which APIs it serves, by the settings (AB-02).

Nothing imports this module while `http.on` is false, and it imports an API when the settings name it: who has none pays
nothing for them.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rcim.app.settings.all_settings import Settings
from rcim.base.networks import networks_of
from rcim.connect.listener import ProxySettings, listen
from rcim.http.api import HttpApi, HttpRequest
from rcim.http.server import HttpBounds, HttpServer
from rcim.http.turns import FILE as TURNS_FILE
from rcim.http.turns import Turns
from rcim.service.service import Service

if TYPE_CHECKING:
    from rcim.adapters.rongcloud.command import RongApp


def _native(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.native.api import NativeApi

    return NativeApi(service, Path(settings.server.data))


def _tencent(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.tencent.api import TencentApi

    return TencentApi(service, _turns(settings), paced=settings.http.command_rates)


def _metrics(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.metrics.api import MetricsApi

    return MetricsApi(service)


def _rongcloud(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.rongcloud.api import RongCloudApi

    return RongCloudApi(service, _rong_app(settings), _turns(settings))


def _turns(settings: Settings) -> Turns:
    return Turns(Path(settings.server.data) / TURNS_FILE)


def _rong_app(settings: Settings) -> RongApp:
    from rcim.adapters.rongcloud.command import RongApp

    own = settings.rongcloud
    return RongApp(
        app_key=own.app_key,
        app_secret=own.app_secret,
        group_type=own.group_type,
        group_has_owner=settings.group_types[own.group_type].has_owner,
        room_type=own.room_type,
        token_s=own.token_days * 86_400,
        window_ms=own.window_ms,
        offset_min=own.utc_offset_min,
        tls=settings.http.tls,
    )


def _health(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.health.api import HealthApi

    return HealthApi(service)


APIS: dict[str, Callable[[Settings, Service], HttpApi]] = {
    "native": _native,
    "tencent": _tencent,
    "rongcloud": _rongcloud,
    "metrics": _metrics,
    "health": _health,
}
"""Makes each API that the settings can name."""
RECEIVE_BYTES = 32 * 1024
"""That the kernel may hold of what a caller sends, and twice as much: all of it comes in one read, and one turn of the
loop may have hundreds of reads."""
KEYS_SHARE = 4
"""One API key may have this part of the requests under way: so one key alone can't take all."""


def bounds_of(settings: Settings) -> HttpBounds:
    """What callers may take."""
    http = settings.http
    return HttpBounds(
        body_bytes_max=http.body_bytes_max,
        bodies_bytes_max=http.body_bytes_in_flight_max,
        headers_s=http.headers_ms / 1000,
        body_s=http.body_ms / 1000,
        write_s=http.write_ms / 1000,
        idle_s=http.idle_ms / 1000,
        in_flight_max=http.in_flight_max,
        connections_max=http.connections_max,
        connections_per_address_max=http.connections_per_address_max,
    )


class HttpListener:
    """Listens for back ends in one process. `listen`, then `stop`."""

    def __init__(self, settings: Settings, service: Service) -> None:
        self._settings = settings
        self._service = service
        service.back_ends.calls_of_key_max = max(1, settings.http.in_flight_max // KEYS_SHARE)
        self._apis = {name: APIS[name](settings, service) for name in settings.http.apis}
        self._counters = service.hub.table.counters
        self._server = HttpServer(
            list(self._apis.values()), bounds_of(settings), access_log=settings.http.access_log, meters=service.meters
        )
        self.port = 0

    async def listen(self, tls: ssl.SSLContext | None, port: int, *, shared: bool = False) -> None:
        """Take connections; `shared`: other processes listen on the same port. Raises OSError."""
        http = self._settings.http
        self._listener = await listen(
            self._server.admit,
            http.host,
            port,
            tls if http.tls else None,
            shared=shared,
            tls_by_loop=True,
            receive_bytes=RECEIVE_BYTES,
            proxies=ProxySettings(networks_of(http.proxy_from), self._note_refused_header),
        )
        self.port = self._listener.port

    def _note_refused_header(self) -> None:
        self._counters.proxy_headers_refused += 1
        self._server.note_refused_header()

    def tell_of_requests(self, call: Callable[[HttpRequest], None]) -> None:
        """`call` is told of each complete request, in the task that answers it."""
        self._server.on_request = call

    def put_in_force(self, settings: Settings) -> None:
        """OP-03: what these settings say of callers; not where to listen, and not for which APIs."""
        self._settings = settings
        self._service.back_ends.calls_of_key_max = max(1, settings.http.in_flight_max // KEYS_SHARE)
        self._server.use(bounds_of(settings), access_log=settings.http.access_log)
        for name, api in self._apis.items():
            if name == "tencent":
                api.paced = settings.http.command_rates  # type: ignore[attr-defined]
            elif name == "rongcloud":
                api.app = _rong_app(settings)  # type: ignore[attr-defined]

    def use(self, tls: ssl.SSLContext | None) -> None:
        """OP-03: this certificate is for new connections."""
        if self._settings.http.tls:
            self._listener.tls = tls

    async def stop(self) -> None:
        """No new connections; what is under way is answered."""
        self._listener.close()
        await self._server.stop()
