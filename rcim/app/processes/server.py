"""A server in one process: start, run until a signal, stop in order (WI-07, OP-04)."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace

from rcim.app.log.logs import counting
from rcim.app.monitoring.process_figures import process_figures
from rcim.app.processes import service_manager
from rcim.app.processes.tuning import calm_collector
from rcim.app.reload.reload_parts import Both, Prepared, prepare_gateway, prepare_owner
from rcim.app.reload.reloading import Announcement, Reloader
from rcim.app.settings.all_settings import Settings
from rcim.app.settings.exposure import warnings_at_start
from rcim.app.wiring.nodes import ConversationNode, GatewayNode
from rcim.base.limited_log import Log
from rcim.base.meters import Meters

log = Log("rcim.server")


@dataclass(frozen=True)
class Ready:
    """What a server says when it takes connections. `made`: what the first start made, in words."""

    settings: Settings
    host: str
    port: int
    made: list[str]
    http_port: int = 0
    """Where back ends are listened to; 0: they are not."""

    @property
    def warnings(self) -> list[str]:
        """What the operator should know, in words."""
        return warnings_at_start(self.settings)


class Server:
    """A server in one process. `start`, then `stop`; or `run_until_signal`, which does both."""

    def __init__(self, settings: Settings, source: Callable[[], Settings] | None = None) -> None:
        """`source` reads the settings again (OP-03); None: the settings stay, and only the files that they name are read
        again."""
        self.settings = settings = replace(settings, limits=settings.limits.of_its_own())
        given = replace(settings, limits=settings.limits.of_its_own())
        self._source = source or (lambda: given)
        self._given = given
        self._meters = Meters(on=settings.metrics.on)
        self._back = ConversationNode(settings, self._meters)
        self.data = self._back.data
        self.host, self.port, self.http_port = settings.server.host, 0, 0
        self._stopping = asyncio.Event()

    @property
    def made(self) -> list[str]:
        """What the first start made, in words."""
        return self._back.made

    async def start(self) -> None:
        """Open the store and the port. Raises DataDirError, StoreError, OSError or ssl.SSLError; nothing is left
        open then."""
        loop = asyncio.get_running_loop()
        settings, back = self.settings, self._back
        announcement = Announcement(service_manager.reloading, self._say_ready)
        self.reloader = Reloader(self._given, self._source, self, announcement)
        with contextlib.ExitStack() as undo:
            back.open(loop)
            undo.callback(back.close)
            self._meters.add(process_figures(self._meters))
            self._meters.add(self.reloader.counts.figures)
            front = GatewayNode(settings, self.data, meters=self._meters)
            front.traces = back.traces
            tls = front.tls()
            service = front.make_service(back.dispatcher, loop)
            back.start(service.hub.deliveries)
            service.start()
            undo.callback(service.stop)
            await front.listen(tls, settings.server.port)
            undo.callback(front.stop_listening)
            self.port = front.port
            await front.listen_http(tls, settings.http.port)
            self.http_port = front.http_port
            self._meters.lag.start(loop)
            undo.callback(self._meters.lag.stop)
            self.data.keep_address(self.host, self.port, settings.server.tls)
            self._undo = undo.pop_all()
        self._front, self.service, self.hub = front, service, service.hub
        self.reloader.started()
        back.dispatcher.delegates.reloads(self.reloader)
        self.dispatcher, self.store = back.dispatcher, back.store
        log.info("listening", host=self.host, port=self.port, tls=settings.server.tls)

    async def stop(self) -> None:
        """Stop in order: no new connections, GOING_AWAY, answer what was accepted, close, sync, end."""
        self.dispatcher.going_away()
        await self.reloader.stop()
        await self._front.stop()
        await self._back.end()
        self._undo.close()
        await asyncio.sleep(0)

    async def run_until_signal(self, on_ready: Callable[[Ready], None]) -> None:
        """Start, tell `on_ready`, and stop at SIGTERM or SIGINT; a second one stops without waiting."""
        loop = asyncio.get_running_loop()
        self._back.notes_faults = True
        with counting(loop), service_manager.watched(loop):
            await self.start()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._signal)
            loop.add_signal_handler(signal.SIGHUP, self.reloader.on_signal)
            calm_collector()
            on_ready(Ready(self.settings, self.host, self.port, self.made, self.http_port))
            self._say_ready()
            await self._stopping.wait()
            service_manager.stopping()
            await self.stop()

    async def prepare(self, settings: Settings, files: frozenset[str]) -> Prepared:
        """Both halves of this process (reloading.Parts). Raises ReloadRefused."""
        front = await prepare_gateway(self._front, settings)
        return Both(await prepare_owner(self._back, settings, files), front)

    def _say_ready(self) -> None:
        service_manager.ready(f"listening on {self.host}:{self.port}")

    def _signal(self) -> None:
        if self._stopping.is_set():
            self._front.stop_now.set()
        self._stopping.set()
