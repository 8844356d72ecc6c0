"""The two halves of a server: what owns the conversations, and what holds connections. In one process or in several."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rcim.actor.app_config import AppConfig
from rcim.actor.app_lists import AppLists
from rcim.actor.app_state import AppState
from rcim.actor.unstored_ids import UnstoredIds
from rcim.adapters.frames.connection import FrameConnection
from rcim.app.consumers.all_consumers import Consumers
from rcim.app.files import certificates
from rcim.app.files.datadir import DataDir, DataDirError, Keys
from rcim.app.log.logs import lines_dropped
from rcim.app.monitoring.health import ConnectionHealth, ConversationHealth
from rcim.app.monitoring.store_figures import store_figures
from rcim.app.settings.all_settings import Settings
from rcim.app.wiring.recovery import DAMAGED, note_of, open_store
from rcim.base import clock, metrics
from rcim.base.limited_log import Log
from rcim.base.meters import Figure, Meters, figure
from rcim.base.networks import networks_of
from rcim.bus.gateway_router import GatewayRouter
from rcim.bus.remote import RemoteOwner
from rcim.connect.codec import GoingAway
from rcim.connect.listener import ProxySettings, every, listen, server_context
from rcim.connect.online import Identity
from rcim.connect.resubscribe import spread_ms
from rcim.content.searchable import text_of
from rcim.dispatch.audit_reading import AuditReading
from rcim.dispatch.dispatcher import Dispatcher
from rcim.dispatch.requests import DeliverySink, Engine
from rcim.rules.type_table import TypeTable
from rcim.service.audit import Audit
from rcim.service.screening import screening
from rcim.service.service import Service
from rcim.store.audit_files import AuditFiles
from rcim.store.store import Store
from rcim.store.trail import Trail
from rcim.wire.schema import make_all

if TYPE_CHECKING:
    from rcim.app.tracing.traces import MessageTraces
    from rcim.app.wiring.http_listener import HttpListener

log = Log("rcim.server")

DRAIN_LOOK_S = 0.05
"""How often a stopping server looks whether all is answered."""


def app_config_of(settings: Settings) -> AppConfig:
    """The configuration of the app as the settings say, without what was changed while the server ran."""
    return AppConfig(
        TypeTable(settings.group_types, settings.pair),
        settings.limits,
        message_member_fields=settings.app.message_member_fields,
        message_group_fields=settings.app.message_group_fields,
        message_user_fields=settings.app.message_user_fields,
        user_fields=settings.user_fields,
        message_types=settings.message_types,
        pair_list=settings.pair_list,
        invite_consent=settings.app.invite_consent,
        push_providers=settings.push_names,
        slots=settings.slots,
        lists=AppLists(
            settings.lists,
            settings.app.word_fillers,
            spaces=settings.app.word_spaces,
            names=settings.app.words_in_names,
            kinds=settings.app.word_conversations,
        ),
    )


def app_state_of(settings: Settings) -> AppState:
    """What all actors share, at the start."""
    app_state = AppState(app_config_of(settings), UnstoredIds(clock.wall_ms()), wall_ms=lambda: clock.wall_ms())
    app_state.screen = screening(lambda: app_state.config.lists.words, lambda: settings.limits.body_bytes_max)
    return app_state


class ConversationNode:
    """What owns the conversations: data directory, store, dispatcher."""

    def __init__(self, settings: Settings, meters: Meters | None = None) -> None:
        """`meters` measures what is done here."""
        self.meters = meters if meters is not None else Meters(on=settings.metrics.on)
        self.settings = settings
        self.data = DataDir(Path(settings.server.data))
        self.made: list[str] = []
        """What the first start made, in words."""
        self.traces: MessageTraces | None = None
        """What follows messages, if any are traced."""
        self.notes_faults = False
        """True: the process is there for this alone, and leaves a note if a fault ends it."""

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the store. Raises DataDirError, StoreError, OSError or ValueError; nothing is left open then."""
        settings = self.settings
        with contextlib.ExitStack() as undo:
            self.made = self.data.prepare()
            undo.callback(self.data.release)
            if self.keep_credential(starting=True):  # gateways may not have the new key yet
                root = settings.app.administrators[0]
                self.made.append(f"credential of {root} for rcim-admin {self.data.admin_credential}")
            backend = open_store(self.data, settings, notes_faults=self.notes_faults)
            undo.callback(backend.close)
            trail = Trail(self.data.trail)
            undo.callback(trail.close)
            self.store = Store(backend, settings.limits, text_of, trail)
            self.store.noticing.first = partial(note_of(self.data).write, DAMAGED)
            if settings.http.on and "native" in settings.http.apis:
                from rcim.adapters.native.kept_answers import prepare

                prepare(self.data.path, self.store.history_id)  # before any process takes requests
            self.app_state = app_state = app_state_of(settings)
            app_state.config.lists.make_filter()  # so that no message waits for it
            backend.commit_times = self.meters.histogram(metrics.LMDB_COMMIT)
            self.dispatcher = Dispatcher(self.store, app_state, loop, meters=self.meters)
            undo.callback(self.dispatcher.stop)
            reading = self.dispatcher.reading
            self.dispatcher.metrics.add(
                "the store",
                lambda: reading.run(lambda: list(store_figures(backend.space(), self.data.last_backup_ms()))),
            )
            self.audit = AuditReading(self.data.audit, settings.audit.keep_days, self.dispatcher.time, loop)
            undo.callback(self.audit.stop)
            self.dispatcher.delegates.audit(self.audit)
            if settings.traces.on:
                self.traces = _traces_of(settings, self.data, loop, "owner" if settings.server.gateways else "server")
                undo.callback(self.traces.spans.stop)
                self.dispatcher.follow(self.traces)
            self.consumers = Consumers(
                settings, self.dispatcher, self.store, app_state, loop, meters=self.meters, traces=self.traces
            )
            undo.callback(self.consumers.stop)
            health = ConversationHealth(
                settings.health,
                self.data.path,
                self.dispatcher,
                self.consumers.outbox,
                backend=backend,
                gateways=settings.server.gateways,
                loop=loop,
                lag=self.meters.lag,
            )
            undo.callback(health.stop)
            self.dispatcher.delegates.health(health)
            self._health = health
            self._undo = undo.pop_all()

    def keep_credential(self, *, starting: bool = False) -> bool:
        """Make the local administrator's credential if there is no good one; True if it was made. See DataDir."""
        app = self.settings.app
        return bool(app.administrators) and self.data.keep_admin_credential(
            app.sdkappid, app.administrators[0], starting=starting
        )

    def start(self, sink: DeliverySink) -> None:
        """Begin to work; deliveries go to `sink`."""
        if self.traces is not None and isinstance(sink, GatewayRouter):
            sink.on_trace = self.traces.told
        self.dispatcher.start(sink, self.consumers.ask_app, self._counted)
        self.consumers.start()
        self.audit.start()

    def _counted(self) -> dict[str, int]:
        return self.consumers.counted() | _counted_beside(self.traces, of_a_process=self.meters.process != "server")

    async def end(self) -> None:
        """Let what waits for the end of a slice go, also notices that nobody waits for (GT-15); then ask the app no more,
        and tell it what is still to be told; before `close`."""
        looks = int((1 + self.settings.limits.flow_slice_ms / 1000) / DRAIN_LOOK_S)
        while looks and self.dispatcher.waits_for_slices:
            looks -= 1
            await asyncio.sleep(DRAIN_LOOK_S)
        await self.consumers.end()
        if self.traces is not None:
            await asyncio.to_thread(self.traces.spans.stop)

    def close(self) -> None:
        """End what was begun and give back files."""
        self._undo.close()


def paths_of(settings: Settings) -> tuple[Path, Path]:
    """The files with the certificate chain and its key."""
    server, data = settings.server, DataDir(Path(settings.server.data))
    certificate = Path(server.certificate) if server.certificate else data.certificate
    return certificate, Path(server.private_key) if server.private_key else data.private_key


def tls_of(settings: Settings, good_at_s: float | None = None) -> ssl.SSLContext | None:
    """What the files of the certificate hold; None without TLS. With `good_at_s` it also has to be good then. Raises
    DataDirError."""
    if not settings.server.tls:
        return None
    certificate, key = paths_of(settings)
    for file in (certificate, key):
        if file.exists() and not file.is_file():  # a pipe would never end
            raise DataDirError(f"{file}: it is no file")
    try:
        made = server_context(certificate, key)
        wrong = certificates.fault_of(certificate, good_at_s) if good_at_s is not None else None
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise DataDirError(f"certificate {certificate} or key {key}: {certificates.why(error)}") from None
    if wrong is not None:
        raise DataDirError(wrong)
    return made


def renew_own(settings: Settings) -> None:
    """Renew the self-signed certificate if it is in use and ends soon."""
    server = settings.server
    if server.tls and not server.certificate:
        data = DataDir(Path(server.data))
        if data.renew_certificate(time.time()):
            log.info("the self-signed certificate was renewed", file=data.certificate)


def _traces_of(settings: Settings, data: DataDir, loop: asyncio.AbstractEventLoop, role: str) -> MessageTraces:
    """What follows messages in this process. Raises DataDirError."""
    from rcim.app.tracing.traces import traces_of  # only who has it on pays for it

    return traces_of(settings, data.key(), loop, role)


def _counted_beside(traces: MessageTraces | None, *, of_a_process: bool = True) -> dict[str, int]:
    """What is counted of the traces that are this half's own, and of the log if this half answers for its process."""
    log_lines = {"log_lines_dropped": sum(lines_dropped().values())} if of_a_process else {}
    return log_lines | (traces.spans.counted() if traces is not None else {})


def identity_of(settings: Settings, keys: Keys) -> Identity:
    """Whose app this is, as the settings and the data directory say."""
    app = settings.app
    return Identity(
        sdkappid=app.sdkappid,
        key=keys.current,
        previous_key=keys.previous,
        administrators=frozenset(app.administrators),
        guests=app.guests,
        fields=app.message_user_fields,
        presence=app.presence,
        presence_seen_by=settings.presence_seen_by,
        root=app.administrators[0] if app.administrators else "",
        client_addresses=app.client_addresses,
    )


class GatewayNode:
    """What holds connections: service and listener. `number` tells several of one server apart."""

    def __init__(self, settings: Settings, data: DataDir, number: int = 0, meters: Meters | None = None) -> None:
        """`meters` measures what this process does."""
        self._meters = meters if meters is not None else Meters(on=settings.metrics.on)
        self._certificate_ends_s: float | None = None
        self._meters.add(self._figures)
        self.settings = settings
        self.data = data
        self._number = number
        self.port = 0
        self._http_prepared: HttpListener | None = None
        self.http: HttpListener | None = None
        """The listener for back ends, if it is on."""
        self.traces: MessageTraces | None = None
        """What follows messages, if any are traced; whoever owns the conversations too sets its own."""
        self._own_traces: MessageTraces | None = None
        self._health: ConnectionHealth | None = None
        self.stop_now = asyncio.Event()
        """Set: whatever waits in `stop` waits no longer."""

    def tls(self) -> ssl.SSLContext | None:
        """The certificate in force; None without TLS. Raises DataDirError."""
        made = tls_of(self.settings)
        self._note_certificate()
        return made

    def _note_certificate(self) -> None:
        """When the certificate in force ends. Told once it has been read, so that no scrape reads the file."""
        if self.settings.server.tls:
            with contextlib.suppress(OSError, ValueError):
                self._certificate_ends_s = certificates.ends_s(paths_of(self.settings)[0])

    def _figures(self) -> Iterator[Figure]:
        if self._certificate_ends_s is not None:
            yield figure(metrics.CERTIFICATE_ENDS, self._certificate_ends_s)

    def use(self, settings: Settings, tls: ssl.SSLContext | None, keys: Keys) -> None:
        """OP-03: these settings are in force, this certificate is for new connections, and these keys sign."""
        self.settings = settings
        self.service.hub.identity.become(identity_of(settings, keys))
        self.service.back_ends.forget_checked()
        if tls is not None:
            self._listener.tls = tls
            self._note_certificate()
            if self._health is not None:
                self._health.use_certificate(paths_of(settings)[0])
        if self.http is not None:
            self.http.put_in_force(settings)
            self.http.use(tls)

    def make_service(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> Service:
        """The service, which is not yet reachable. Raises DataDirError."""
        identity = identity_of(self.settings, self.data.keys())
        if self.settings.traces.on and self.traces is None:
            role = f"gateway {self._number}"
            self.traces = self._own_traces = _traces_of(self.settings, self.data, loop, role)
        if self.traces is not None:
            from rcim.app.tracing.traces import TracedEngine

            if isinstance(engine, RemoteOwner):
                self.traces.tell, engine.on_trace = engine.tell_trace, self.traces.told
            engine = TracedEngine(engine, self.traces)
        self.service = Service(
            limits=self.settings.limits,
            identity=identity,
            engine=engine,
            loop=loop,
            number=self._number,
            meters=self._meters,
        )
        if self.traces is not None:
            self.service.hub.fanout.watch = self.traces
        self.service.hub.inspection.beside = partial(_counted_beside, self._own_traces)
        process = f"gateway {self._number}" if self._number else "server"
        self._health = ConnectionHealth(self.settings.health, process, self._meters.lag)
        self._health.use_certificate(paths_of(self.settings)[0] if self.settings.server.tls else None)
        self.service.hub.inspection.health = self._health.rows
        lines = AuditFiles(self.data.audit, self._note_audit_loss)
        self.service.audit = Audit(lines)
        if self.settings.http.on:
            from rcim.app.wiring.http_listener import HttpListener  # before anybody is connected: it takes 0.25 s

            self._http_prepared = HttpListener(self.settings, self.service)
            if self.traces is not None:
                self._http_prepared.tell_of_requests(self.traces.on_request)
        return self.service

    def _note_audit_loss(self, lost: int) -> None:
        self.service.hub.table.counters.audit_lost = lost

    def _note_refused_header(self) -> None:
        self.service.hub.table.counters.proxy_headers_refused += 1

    async def listen(self, tls: ssl.SSLContext | None, port: int, *, shared: bool = False) -> None:
        """Take connections; `shared`: others listen on the same port. Raises OSError."""
        make_all()
        make = partial(FrameConnection, self.service)
        server = self.settings.server
        proxies = ProxySettings(networks_of(server.proxy_from), self._note_refused_header)
        self._listener = await listen(every(make), server.host, port, tls, shared=shared, proxies=proxies)
        self.port = self._listener.port

    async def listen_http(self, tls: ssl.SSLContext | None, port: int, *, shared: bool = False) -> None:
        """Take requests of back ends over HTTP, if that is on; `tls` as for `listen`. Raises OSError."""
        if self._http_prepared is not None:
            await self._http_prepared.listen(tls, port, shared=shared)
            self.http = self._http_prepared

    def stop_listening(self) -> None:
        """Take no further connections of clients. Whoever is connected stays."""
        self._listener.close()

    @property
    def http_port(self) -> int:
        """Where back ends are listened to; 0: they are not."""
        return self.http.port if self.http is not None else 0

    async def stop(self) -> None:
        """Stop in order: no new connections, GOING_AWAY, answer what was accepted, close; then no more lines of the
        audit log."""
        limits, hub = self.settings.limits, self.service.hub
        if self._health is not None:
            self._health.stopping = True
        back_ends = asyncio.create_task(self.http.stop()) if self.http is not None else None
        self._listener.close()
        count = len(hub)
        within_ms = spread_ms(count, limits.drain_spread_ms)
        hub.going_away(GoingAway(limits.drain_grace_ms, within_ms, limits.drain_return_ms))
        await self._until(limits.drain_grace_ms, lambda: len(hub) == 0)
        await self._close_spread(within_ms)
        await self._until(limits.drain_grace_ms, lambda: len(hub) == 0)
        if back_ends is not None:
            await back_ends
        self.service.audit.lines.close()
        if self._own_traces is not None:
            await asyncio.to_thread(self._own_traces.spans.stop)
        log.info("stopped", connections=count)

    async def _until(self, within_ms: int, done: Callable[[], bool]) -> None:
        end = asyncio.get_running_loop().time() + within_ms / 1000
        while not self.stop_now.is_set() and not done() and asyncio.get_running_loop().time() < end:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop_now.wait(), DRAIN_LOOK_S)

    async def _close_spread(self, spread_ms: int) -> None:
        """Close who is still there, spread so that they don't all come back at once."""
        steps = max(1, spread_ms // int(DRAIN_LOOK_S * 1000))
        hub = self.service.hub
        share = -(-len(hub) // steps)
        while len(hub) and share:
            hub.close_some(len(hub) if self.stop_now.is_set() else share)
            if steps <= 0:
                break
            steps -= 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop_now.wait(), DRAIN_LOOK_S)
