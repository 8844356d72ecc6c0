"""The listener for back ends: which APIs it serves, by the settings (AB-02)."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from rcim.adapters.rongcloud.command import RongApp
from rcim.adapters.rongcloud.site import RongCloudApi
from rcim.adapters.tencent.site import TencentApi
from rcim.app.settings import Settings
from rcim.connect.listener import listen
from rcim.http.api import HttpApi
from rcim.http.server import HttpBounds, HttpServer
from rcim.service.service import Service


def _rongcloud(settings: Settings, service: Service) -> HttpApi:
    """RongCloud's API, as the settings want it."""
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


APIS: dict[str, Callable[[Settings, Service], HttpApi]] = {
    "tencent": lambda settings, service: TencentApi(service),
    "rongcloud": _rongcloud,
}
"""Makes each API that the settings can name."""


def bounds_of(settings: Settings) -> HttpBounds:
    """What one caller may take."""
    http = settings.http
    return HttpBounds(
        body_bytes_max=http.body_bytes_max,
        body_s=http.body_ms / 1000,
        idle_s=http.idle_ms / 1000,
        in_flight_max=http.in_flight_max,
    )


class HttpDoor:
    """Listens for back ends in one process. `listen`, then `stop`."""

    def __init__(self, settings: Settings, service: Service) -> None:
        self._settings = settings
        made = [APIS[name](settings, service) for name in settings.http.apis]
        self._server = HttpServer(made, bounds_of(settings))
        self.port = 0

    async def listen(self, tls: ssl.SSLContext | None, port: int, *, shared: bool = False) -> None:
        """Take connections; `shared`: other processes listen on the same port. Raises OSError."""
        http = self._settings.http
        self._listener = await listen(
            self._server.connection,
            http.host,
            port,
            tls if http.tls else None,
            shared=shared,
            tls_by_loop=True,
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
