"""A process of the server that is kept running: started with its settings, asked and told, started again when it dies or
hangs, and stopped (gateways.py says what it reads and writes)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from rcim.app.files.datadir import DataDirError
from rcim.app.processes.process_spec import OWNER, STOP, ProcessSpec, encoded_part
from rcim.app.settings.all_settings import Settings
from rcim.base.limited_log import Log

log = Log("rcim.gateways")

READY_S = 60.0
"""How long a part may take until it is ready."""
OWNER_READY_S = 900.0
"""The owner of the conversations looks at all of a store that may be damaged first: 10 s for each GiB (recovery.py)."""
SILENT_S = 20.0
"""A part that says nothing for so long hangs, and is killed; it says something every second."""
AGAIN_S, AGAIN_MAX_S = 0.05, 5.0
"""Before a part that died is started again: doubled each time, up to the most; from the start after CALM_S of life."""
CALM_S = 10.0


class KeptProcess:
    """See the module's text. Used from the loop."""

    def __init__(self, part: ProcessSpec, settings: Settings, heard: Heard | None = None) -> None:
        """`heard` is told what the part says that nobody waits for."""
        self._part = part
        self._settings = settings
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._news = b""
        """The order that says what has changed in `_part`."""
        self._replies: dict[tuple[str, int], asyncio.Future[dict[str, Any]]] = {}
        """Replies that are awaited, by name and token."""
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
        settings, part = self._settings, self._part
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
        if self._part is not part:
            self.order(self._news)

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

    def know(self, part: ProcessSpec, order: bytes) -> None:
        """From now on it is started as `part`; the one that is there, or is starting, is told by `order`."""
        self._part, self._news = part, order
        self.order(order)

    def kill(self) -> None:
        """End it at once; `keep` starts it again."""
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


Heard = Callable[[KeptProcess, dict[str, Any]], None]
"""Called with a process and what it says that nobody waits for."""
