"""A server of several processes: one owns the conversations, N hold connections on the same port, and this one starts
them, starts again what dies or hangs, and stops them in order.

Each of them is `python -m rcim.app.processes.process_spec ROLE`. On standard input it gets its settings and then orders;
the end of the input tells it that this process is gone. On standard output it says in a line of JSON that it is ready,
or what is wrong, and then every second that it is alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.processes import service_manager
from rcim.app.processes.process_spec import GATEWAY, NOW, OWNER, STOP, ProcessSpec, encoded_part
from rcim.app.processes.server import Ready
from rcim.app.reload.part_reloads import DROP, FORCE, answer_order, prepare_order
from rcim.app.reload.reload_parts import ReloadRefused
from rcim.app.reload.reloading import Announcement, Reloader
from rcim.app.settings.all_settings import Settings
from rcim.base.hosts import naming
from rcim.base.limited_log import Log

log = Log("rcim.gateways")

READY_S = 30.0
"""How long a part may take until it is ready."""
OWNER_READY_S = 900.0
"""The owner of the conversations looks at all of a store that may be damaged first: 10 s for each GiB (recovery.py)."""
SILENT_S = 20.0
"""A part that says nothing for so long hangs, and is killed; it says something every second."""
AGAIN_S, AGAIN_MAX_S = 0.05, 5.0
"""Before a part that died is started again: doubled each time, up to the most; from the start after CALM_S of life."""
CALM_S = 10.0
STOP_SLACK_S = 5.0
"""What a part may take to end beyond the times of draining."""
SOCKET_PATH_MAX = 100
"""A Unix socket's path has about so much room, in bytes."""


PREPARE_S = 10.0
"""How long a part may take to prepare other settings; who takes longer is told to the operator, and nothing changes."""
FORCE_S = 10.0
"""How long a part may take to put them into force; who takes longer is started again, with them."""


class GatewaysError(Exception):
    """The process that looks after the parts can't go on."""


class _Kept:
    """A part that is kept running."""

    def __init__(self, part: ProcessSpec, settings: Settings, heard: Heard | None = None) -> None:
        """`heard` is told what the part says that nobody waits for."""
        self._part = part
        self._settings = settings
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._replies: dict[tuple[str, int], asyncio.Future[dict[str, Any]]] = {}
        """What is waited for: by its name and token."""
        self.up = False
        """True while it is ready."""
        self.ready: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """As the operator knows it."""
        return self._part.role if self._part.role == OWNER else f"{self._part.role} {self._part.number}"

    @property
    def process(self) -> asyncio.subprocess.Process | None:
        """The one that is there now: after a death another one."""
        return self._process

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises DataDirError with what it said, or OSError; it is gone then."""
        settings = self._settings
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rcim.app.processes.process_spec",
            self._part.role,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the process that stops the parts in order
        )
        try:
            said = await self._first_words(process)
            if "error" in said:
                raise DataDirError(said["error"])
            if self._settings is not settings:
                raise DataDirError("other settings were put into force while it started")
        except BaseException:
            await _kill(process)
            raise
        self._process, self.ready, self.up = process, said, True

    async def _first_words(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdin is not None and process.stdout is not None
        line = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(OWNER_READY_S if self._part.role == OWNER else READY_S):
                process.stdin.write(encoded_part(self._part, self._settings))
                await process.stdin.drain()
                line = await process.stdout.readline()
        said: dict[str, Any] = json.loads(line) if line.strip() else {"error": f"{self._part.role}: it did not start"}
        return said

    async def keep(self) -> None:
        """Start it again whenever it ends or hangs, until `stop`."""
        loop = asyncio.get_running_loop()
        pause = AGAIN_S
        while True:
            started = loop.time()
            await self._until_it_ends()
            if self._stopping:
                return
            assert self._process is not None
            log.error(
                "a process ended and is started again",
                role=self._part.role,
                part=self._part.number,
                exit_status=self._process.returncode,
            )
            pause = AGAIN_S if loop.time() - started > CALM_S else min(pause * 2, AGAIN_MAX_S)
            while not self._stopping:
                await asyncio.sleep(pause)
                try:
                    await self.start()
                    break
                except (DataDirError, OSError, ValueError) as error:
                    log.error(
                        "a process could not be started", role=self._part.role, part=self._part.number, error=error
                    )
                    pause = min(pause * 2, AGAIN_MAX_S)
            if self._stopping:
                await _kill(self._process)  # `stop` has not seen the new one
                return

    async def _until_it_ends(self) -> None:
        process = self._process
        assert process is not None and process.stdout is not None
        waiting = b""
        try:
            while True:
                async with asyncio.timeout(SILENT_S):
                    read = await process.stdout.read(65536)
                if not read:
                    break
                *lines, waiting = (waiting + read).split(b"\n")
                for line in filter(None, lines):
                    self._take(json.loads(line))
        except TimeoutError:
            log.error("a process no longer reports and is killed", role=self._part.role, part=self._part.number)
        except ValueError:
            log.error(
                "a process does not report as it should and is killed", role=self._part.role, part=self._part.number
            )
        self.up = False
        for reply in self._replies.values():
            if not reply.done():
                reply.set_result({"error": "it has ended"})
        await _kill(process)

    def _take(self, said: dict[str, Any]) -> None:
        """What the part has said."""
        for (name, token), reply in self._replies.items():
            if said.get(name) == token and not reply.done():
                reply.set_result(said)
                return
        if self._heard is not None:
            self._heard(self, said)

    async def ask(self, order: bytes, name: str, token: int, within_s: float) -> str:
        """Give the order, and wait until it says `name` with this token: returns what is wrong, empty if nothing is."""
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[name, token] = reply
        try:
            if not self.up:
                return "it is not there just now; try again when it is"
            self.order(order)
            async with asyncio.timeout(within_s):
                said = await reply
        except TimeoutError:
            return f"no answer within {within_s:g} s"
        finally:
            del self._replies[name, token]
        return str(said.get("error", ""))

    def put_in_force(self, settings: Settings, prepared: asyncio.subprocess.Process | None) -> None:
        """From now on it is started with these settings. One that has not prepared them is started again."""
        self._settings = settings
        if self._process is not prepared and self._process is not None:
            self.kill()

    def kill(self) -> None:
        """It is started again."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def order(self, what: bytes) -> None:
        """Tell it something, if it is there."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(what + b"\n")

    async def stop(self, within_s: float) -> None:
        """Let it stop as it should; SIGKILL if it takes longer."""
        self._stopping = True
        self.order(STOP)
        process = self._process
        if process is None:
            return
        try:
            async with asyncio.timeout(within_s):
                await process.wait()
        except TimeoutError:
            log.error("a process does not stop and is killed", role=self._part.role, part=self._part.number)
        await _kill(process)


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


Heard = Callable[[_Kept, dict[str, Any]], None]


class _PartsPrepared:
    """Settings that all parts have prepared (reload_parts.Prepared)."""

    def __init__(self, parts: Sequence[_Kept], settings: Settings, token: int) -> None:
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

    def __init__(self, parts: Sequence[_Kept]) -> None:
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
    """The owner asks for a reload, which an administrator wants."""

    async def reload(part: _Kept, said: dict[str, Any]) -> None:
        part.order(answer_order(said["reload"], await reloader.answer(check_only=said["check"])))

    def heard(part: _Kept, said: dict[str, Any]) -> None:
        if "reload" in said:
            task = asyncio.get_running_loop().create_task(reload(part, said))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    return heard


async def supervise(
    settings: Settings, on_ready: Callable[[Ready], None], source: Callable[[], Settings] | None = None
) -> None:
    """Run the parts until a signal. `source` reads the settings again (OP-03). Raises DataDirError, OSError or
    GatewaysError if that can't go on; no part is left then."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    gateways: list[_Kept] = []
    keepers: list[asyncio.Task[None]] = []
    parts: list[_Kept] = []
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
        owner = _Kept(ProcessSpec(OWNER, 0, str(bus), 0), settings, _heard(reloader, asked))
        try:
            await owner.start()
            for number in range(1, server.gateways + 1):
                gateways.append(_Kept(ProcessSpec(GATEWAY, number, str(bus), port, http_port), settings))
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


def _drain_s(settings: Settings) -> float:
    """How long a gateway may take to stop."""
    limits = settings.limits
    return (2 * limits.drain_grace_ms + limits.drain_spread_ms) / 1000 + STOP_SLACK_S


async def _start_all(gateways: list[_Kept]) -> None:
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
