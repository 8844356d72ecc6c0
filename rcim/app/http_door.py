"""The listener for back ends: which APIs it serves, by the settings (AB-02)."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

from rcim.adapters.native.kept_answers import prepare
from rcim.adapters.native.site import NativeApi
from rcim.adapters.tencent.site import TencentApi
from rcim.app.settings import Settings
from rcim.connect.listener import listen
from rcim.http.api import HttpApi
from rcim.http.server import HttpBounds, HttpServer
from rcim.service.service import Service

APIS: dict[str, Callable[[Settings, Service], HttpApi]] = {
    "native": lambda settings, service: NativeApi(service, Path(settings.server.data)),
    "tencent": lambda settings, service: TencentApi(service),
}
"""Makes each API that the settings can name."""
KEYS_SHARE = 4
"""One API key may have this part of the requests under way: so one key alone can't take all."""


def bounds_of(settings: Settings) -> HttpBounds:
    """What one caller may take."""
    http = settings.http
    return HttpBounds(
        body_bytes_max=http.body_bytes_max,
        body_s=http.body_ms / 1000,
        idle_s=http.idle_ms / 1000,
        in_flight_max=http.in_flight_max,
    )


def prepare_http(settings: Settings, history_id: int) -> None:
    """In the process that has the store, before any process takes requests. `history_id`: that of the store (RX-03)."""
    if "native" in settings.http.apis:
        prepare(Path(settings.server.data), history_id)


class HttpDoor:
    """Listens for back ends in one process. `listen`, then `stop`."""

    def __init__(self, settings: Settings, service: Service) -> None:
        self._settings = settings
        service.back_ends.calls_of_key_max = max(1, settings.http.in_flight_max // KEYS_SHARE)
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
