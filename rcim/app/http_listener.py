"""The listener for back ends: which APIs it serves, by the settings (AB-02).

Nothing imports this module while `http.on` is false, and it imports an API when the settings name it: who has none pays
nothing for them.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from rcim.app.settings import Settings
from rcim.connect.listener import listen
from rcim.http.api import HttpApi
from rcim.http.server import HttpBounds, HttpServer
from rcim.service.service import Service


def _native(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.native.api import NativeApi

    return NativeApi(service, Path(settings.server.data))


def _tencent(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.tencent.api import TencentApi

    return TencentApi(service, paced=settings.http.command_rates)


def _rongcloud(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.rongcloud.api import RongCloudApi
    from rcim.adapters.rongcloud.command import RongApp

    own = settings.rongcloud
    app = RongApp(
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
    return RongCloudApi(service, app)


def _health(settings: Settings, service: Service) -> HttpApi:
    from rcim.adapters.health.api import HealthApi

    return HealthApi(service)


APIS: dict[str, Callable[[Settings, Service], HttpApi]] = {
    "native": _native,
    "tencent": _tencent,
    "rongcloud": _rongcloud,
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
        service.back_ends.calls_of_key_max = max(1, settings.http.in_flight_max // KEYS_SHARE)
        made = [APIS[name](settings, service) for name in settings.http.apis]
        self._server = HttpServer(made, bounds_of(settings), access_log=settings.http.access_log)
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
        )
        self.port = self._listener.port

    def use(self, tls: ssl.SSLContext | None) -> None:
        """OP-03: this certificate is for new connections."""
        if self._settings.http.tls:
            self._listener.tls = tls

    async def stop(self) -> None:
        """No new connections; what is under way is answered."""
        self._listener.close()
        await self._server.stop()
