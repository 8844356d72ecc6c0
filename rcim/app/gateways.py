"""A server of several processes: one owns the conversations, N hold connections on the same port, and this one starts
them, starts again what dies or hangs, and stops them in order.

Each of them is `python -m rcim.app.process_spec ROLE`. On standard input it gets its settings and then orders; the end
of the input tells it that this process is gone. On standard output it says in a line of JSON that it is ready, or what
is wrong, and then every second that it is alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rcim.app import service_manager
from rcim.app.datadir import DataDir, DataDirError
from rcim.app.nodes import renew_own
from rcim.app.process_spec import GATEWAY, NOW, OWNER, RELOAD, STOP, ProcessSpec, encoded_part
from rcim.app.server import Ready
from rcim.app.settings import Settings
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


class GatewaysError(Exception):
    """The process that looks after the parts can't go on."""


class _Kept:
    """A part that is kept running."""

    def __init__(self, part: ProcessSpec, settings: Settings) -> None:
        self._part = part
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.ready: dict[str, Any] = {}

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises DataDirError with what it said, or OSError; it is gone then."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rcim.app.process_spec",
            self._part.role,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the process that stops the parts in order
        )
        try:
            said = await self._first_words(process)
            if "error" in said:
                raise DataDirError(said["error"])
        except BaseException:
            await _kill(process)
            raise
        self._process, self.ready = process, said

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
        try:
            while True:
                async with asyncio.timeout(SILENT_S):
                    if not await process.stdout.read(4096):
                        break
        except TimeoutError:
            log.error("a process no longer reports and is killed", role=self._part.role, part=self._part.number)
        await _kill(process)

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


async def supervise(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run the parts until a signal. Raises DataDirError, OSError or GatewaysError if that can't go on; no part is left
    then."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    gateways: list[_Kept] = []
    keepers: list[asyncio.Task[None]] = []
    limits = settings.limits
    drain_s = (2 * limits.drain_grace_ms + limits.drain_spread_ms) / 1000 + STOP_SLACK_S

    def on_signal() -> None:
        if stopping.is_set():  # the second one: nobody is waited for any more
            for gateway in gateways:
                gateway.order(NOW)
        stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, on_signal)

    def on_reload() -> None:
        service_manager.reloading()
        renew_own(settings)
        for gateway in gateways:
            gateway.order(RELOAD)
        service_manager.ready(status)

    loop.add_signal_handler(signal.SIGHUP, on_reload)
    server, http = settings.server, settings.http
    status = f"{server.gateways} gateways on {server.host}"
    with contextlib.ExitStack() as places:
        places.enter_context(service_manager.watched(loop))
        bus = places.enter_context(_bus_of(settings))
        port = places.enter_context(_holding(server.host, server.port)).getsockname()[1]
        http_port = places.enter_context(_holding(http.host, http.port)).getsockname()[1] if http.on else 0
        owner = _Kept(ProcessSpec(OWNER, 0, str(bus), 0), settings)
        try:
            await owner.start()
            for number in range(1, server.gateways + 1):
                gateways.append(_Kept(ProcessSpec(GATEWAY, number, str(bus), port, http_port), settings))
            await _start_all(gateways)
            keepers += [asyncio.create_task(part.keep()) for part in (owner, *gateways)]
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
            await asyncio.gather(*(gateway.stop(drain_s) for gateway in gateways))
            await owner.stop(STOP_SLACK_S)
            for task in keepers:
                task.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)


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
