"""A server of several processes: one owns the conversations, N hold connections on the same port, and this one starts
them, starts again what dies, and stops them in order.

A part is `python -m rcim.app.part ROLE`: its settings come on standard input, which then stays open; its end tells the
part that this process is gone. A part says in one line of JSON on standard output that it is ready, or what is wrong.
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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim.app.datadir import DataDir, DataDirError
from rcim.app.part import GATEWAY, OWNER, Part, encoded_part
from rcim.app.server import Ready
from rcim.app.settings import Settings

log = logging.getLogger("rcim.gateways")

READY_S = 30.0
"""How long a part may take until it is ready."""
AGAIN_S, AGAIN_MAX_S = 0.05, 5.0
"""Before a part that died is started again: doubled each time, up to the most; from the start after CALM_S of life."""
CALM_S = 10.0
STOP_SLACK_S = 5.0
"""What a part may take to end beyond the times of draining."""


class _Kept:
    """A part that is kept running."""

    def __init__(self, part: Part, settings: Settings) -> None:
        self._part = part
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.ready: dict[str, Any] = {}

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises DataDirError with what it said."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rcim.app.part",
            self._part.role,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the process that stops the parts in order
        )
        self._process = process
        assert process.stdin is not None and process.stdout is not None
        line = b""
        with contextlib.suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(READY_S):
                process.stdin.write(encoded_part(self._part, self._settings))
                await process.stdin.drain()
                line = await process.stdout.readline()
        said = json.loads(line) if line else {"error": f"{self._part.role}: it did not start"}
        if "error" in said:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise DataDirError(said["error"])
        self.ready = said

    async def keep(self) -> None:
        """Start it again whenever it ends, until `stop`."""
        loop = asyncio.get_running_loop()
        pause = AGAIN_S
        while True:
            started = loop.time()
            assert self._process is not None
            code = await self._process.wait()
            if self._stopping:
                return
            log.error("%s ended (%s); it is started again", self._part.role, code)
            while not self._stopping:
                pause = AGAIN_S if loop.time() - started > CALM_S else min(pause * 2, AGAIN_MAX_S)
                await asyncio.sleep(pause)
                try:
                    await self.start()
                    break
                except DataDirError as error:
                    log.error("%s: %s", self._part.role, error)
            if self._stopping:
                self.signal(signal.SIGTERM)

    def signal(self, number: int) -> None:
        """Send it a signal, if it is there."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self, within_s: float) -> None:
        """SIGTERM, and SIGKILL if it takes longer."""
        self._stopping = True
        self.signal(signal.SIGTERM)
        process = self._process
        if process is None:
            return
        try:
            async with asyncio.timeout(within_s):
                await process.wait()
        except TimeoutError:
            log.error("%s does not stop: it is killed", self._part.role)
            self.signal(signal.SIGKILL)
            await process.wait()


async def supervise(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run the parts until a signal. Raises DataDirError or OSError if they can't be started; none is left then."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    bus = Path(tempfile.mkdtemp(prefix="rcim-bus-"))  # for one user alone, and a short name: a socket's is bounded
    owner = _Kept(Part(OWNER, 0, str(bus / "owner"), 0), settings)
    gateways: list[_Kept] = []
    keepers: list[asyncio.Task[None]] = []
    limits = settings.limits
    drain_s = (2 * limits.drain_grace_ms + limits.drain_spread_ms) / 1000 + STOP_SLACK_S

    def on_signal() -> None:
        if stopping.is_set():  # the second one: whoever still drains stops now
            for gateway in gateways:
                gateway.signal(signal.SIGTERM)
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    try:
        with _port_of(settings) as place:
            port = place.getsockname()[1]
            await owner.start()
            gateways += [
                _Kept(Part(GATEWAY, number, str(bus / "owner"), port), settings)
                for number in range(1, settings.server.gateways + 1)
            ]
            await asyncio.gather(*(gateway.start() for gateway in gateways))
            keepers = [asyncio.create_task(part.keep()) for part in (owner, *gateways)]
            DataDir(Path(settings.server.data)).keep_address(settings.server.host, port, settings.server.tls)
            on_ready(Ready(settings, settings.server.host, port, owner.ready["made"]))
            await stopping.wait()
    finally:
        await asyncio.gather(*(gateway.stop(drain_s) for gateway in gateways))
        await owner.stop(STOP_SLACK_S)
        await asyncio.gather(*keepers)
        shutil.rmtree(bus, ignore_errors=True)


def _port_of(settings: Settings) -> socket.socket:
    """A socket that holds the port for the gateways, and takes no connections. Raises OSError."""
    host = settings.server.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    place = socket.socket(family, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        place.bind((host, settings.server.port))
    except OSError:
        place.close()
        raise
    return place
