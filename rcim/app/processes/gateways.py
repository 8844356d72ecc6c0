"""A server of several processes: one owns the conversations, N hold connections on the same port, and this one starts
them, starts again what dies or hangs, and stops them in order.

Each of them is `python -m rcim.app.processes.process_spec ROLE`. On standard input it gets its settings and then orders;
the end of the input tells it that this process is gone. On standard output it says in a line of JSON that it is ready,
or what is wrong, and then every second that it is alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from rcim.app.files.datadir import DataDir
from rcim.app.processes import service_manager
from rcim.app.processes.kept_process import Heard, KeptProcess
from rcim.app.processes.process_spec import GATEWAY, NOW, OWNER, ProcessSpec
from rcim.app.processes.server import Ready
from rcim.app.reload.part_reloads import DROP, FORCE, answer_order, counts_order, prepare_order
from rcim.app.reload.reload_counts import BUSY
from rcim.app.reload.reload_parts import ReloadRefused
from rcim.app.reload.reloading import Announcement, Reloader
from rcim.app.settings.all_settings import Settings
from rcim.base.hosts import naming
from rcim.base.limited_log import Log

log = Log("rcim.gateways")

STOP_SLACK_S = 5.0
"""What a part may take to end beyond the times of draining."""
SOCKET_PATH_MAX = 100
"""A Unix socket's path has about so much room, in bytes."""


PREPARE_S = 10.0
"""How long a part may take to prepare other settings. If one takes longer, nothing changes, and the operator is told."""
FORCE_S = 10.0
"""How long a part may take to put them into force; one that takes longer is started again, with them."""


class GatewaysError(Exception):
    """The process that looks after the parts can't go on."""


class _PartsPrepared:
    """Settings that all parts have prepared (reload_parts.Prepared)."""

    def __init__(self, parts: Sequence[KeptProcess], settings: Settings, token: int) -> None:
        self._parts = [(part, part.process) for part in parts]
        self._settings = settings
        self._token = token
        self._forcing: list[asyncio.Task[str]] = []

    def put_in_force(self) -> None:
        """See Prepared. Whoever dies now is started with these settings."""
        order = FORCE + b" %d" % self._token
        logging.getLogger().setLevel(self._settings.log.level.upper())
        loop = asyncio.get_running_loop()
        for part, process in self._parts:
            part.put_in_force(self._settings, process)
            self._forcing.append(loop.create_task(part.ask(order, "forced", self._token, FORCE_S)))

    async def finish(self) -> None:
        """See Prepared."""
        for (part, process), wrong in zip(self._parts, await asyncio.gather(*self._forcing), strict=True):
            if wrong:
                log.error(
                    "a process has not put the settings into force: it is started again with them",
                    part=part.name,
                    error=wrong,
                )
                if part.process is process:
                    part.kill()

    async def drop(self) -> None:
        """See Prepared."""
        for part, _ in self._parts:
            part.order(DROP + b" %d" % self._token)


class _Parts:
    """All parts, for a reload in two phases (reloading.Parts)."""

    def __init__(self, parts: Sequence[KeptProcess]) -> None:
        self._parts = parts
        self._tokens = count(1)

    async def prepare(self, settings: Settings, files: frozenset[str]) -> _PartsPrepared:
        """See reloading.Parts. Raises ReloadRefused."""
        token = next(self._tokens)
        prepared = _PartsPrepared(self._parts, settings, token)
        order = prepare_order(token, settings, files)
        try:
            said = await asyncio.gather(*(part.ask(order, "prepared", token, PREPARE_S) for part in self._parts))
            wrong = [f"{part.name}: {text}" for part, text in zip(self._parts, said, strict=True) if text]
            if wrong:
                raise ReloadRefused("; ".join(wrong))
        except BaseException:
            await prepared.drop()
            raise
        return prepared


def _heard(reloader: Reloader, tasks: set[asyncio.Task[None]]) -> Heard:
    """The owner asks for a reload, which an administrator wants, or has refused one."""

    async def reload(part: KeptProcess, said: dict[str, Any]) -> None:
        part.order(answer_order(said["reload"], await reloader.answer(check_only=said["check"])))

    def heard(part: KeptProcess, said: dict[str, Any]) -> None:
        if "reload" in said:
            task = asyncio.get_running_loop().create_task(reload(part, said))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        elif "reload_busy" in said:
            reloader.counts.count(BUSY)

    return heard


async def supervise(
    settings: Settings, on_ready: Callable[[Ready], None], source: Callable[[], Settings] | None = None
) -> None:
    """Run the parts until a signal. `source` reads the settings again (OP-03). Raises DataDirError, OSError or
    GatewaysError if that can't go on; no part is left then."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    gateways: list[KeptProcess] = []
    keepers: list[asyncio.Task[None]] = []
    parts: list[KeptProcess] = []
    status = f"{settings.server.gateways} gateways on {settings.server.host}"
    announcement = Announcement(service_manager.reloading, lambda: service_manager.ready(status))
    reloader = Reloader(settings, source or (lambda: settings), _Parts(parts), announcement)
    asked: set[asyncio.Task[None]] = set()
    """Reloads that administrators wait for: as many as the owner asks for."""

    def on_signal() -> None:
        if stopping.is_set():  # the second one: nobody is waited for any more
            for gateway in gateways:
                gateway.order(NOW)
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, on_signal)

    server, http = settings.server, settings.http
    with contextlib.ExitStack() as places:
        places.enter_context(service_manager.watched(loop))
        bus = places.enter_context(_bus_of(settings))
        port = places.enter_context(_holding(server.host, server.port)).getsockname()[1]
        http_port = places.enter_context(_holding(http.host, http.port)).getsockname()[1] if http.on else 0
        spec = ProcessSpec(OWNER, 0, str(bus), 0, reloads=reloader.counts.plain())
        owner = KeptProcess(spec, settings, _heard(reloader, asked))
        reloader.counts.changed = lambda: _tell_counts(owner, spec, reloader)
        try:
            await owner.start()
            for number in range(1, server.gateways + 1):
                gateways.append(KeptProcess(ProcessSpec(GATEWAY, number, str(bus), port, http_port), settings))
            await _start_all(gateways)
            parts += [owner, *gateways]
            keepers += [asyncio.create_task(part.keep()) for part in parts]
            reloader.started()
            loop.add_signal_handler(signal.SIGHUP, reloader.on_signal)
            DataDir(Path(server.data)).keep_address(server.host, port, server.tls)
            on_ready(Ready(settings, server.host, port, owner.ready["made"], http_port))
            service_manager.ready(status)
            waiting = asyncio.create_task(stopping.wait())
            await asyncio.wait([waiting, *keepers], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not stopping.is_set():
                ended = next(task for task in keepers if task.done())
                raise GatewaysError("looking after the parts failed") from ended.exception()
        finally:
            service_manager.stopping()
            await reloader.stop()
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            await asyncio.gather(*(gateway.stop(_drain_s(reloader.settings)) for gateway in gateways))
            await owner.stop(STOP_SLACK_S)
            for task in keepers:
                task.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)


def _tell_counts(owner: KeptProcess, spec: ProcessSpec, reloader: Reloader) -> None:
    """The owner shows what came of the reloads, also one that is started later."""
    owner.know(spec._replace(reloads=reloader.counts.plain()), counts_order(reloader.counts))


def _drain_s(settings: Settings) -> float:
    """How long a gateway may take to stop."""
    limits = settings.limits
    return (2 * limits.drain_grace_ms + limits.drain_spread_ms) / 1000 + STOP_SLACK_S


async def _start_all(gateways: list[KeptProcess]) -> None:
    """Start them together; if one can't be, the others are not left half-started."""
    tasks = [asyncio.create_task(gateway.start()) for gateway in gateways]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _bus_of(settings: Settings) -> Iterator[Path]:
    """Where the owner's socket is: in the data directory if its path is short enough, else in a directory of its own."""
    usual = Path(settings.server.data).absolute() / "bus"
    if len(bytes(usual)) <= SOCKET_PATH_MAX:
        yield usual
        usual.unlink(missing_ok=True)
        return
    folder = Path(tempfile.mkdtemp(prefix="rcim-bus-"))
    try:
        yield folder / "bus"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _holding(host: str, port: int) -> socket.socket:
    """A socket that holds the port for the gateways, and takes no connections. Raises OSError: also if another server
    has it, with whom the gateways would otherwise share it without a word."""
    with naming(host):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = found[0]
    if port:
        with socket.socket(family, socket.SOCK_STREAM) as alone:
            alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            alone.bind(address)
            alone.listen(1)
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        place.bind(address)
    except OSError:
        place.close()
        raise
    return place
