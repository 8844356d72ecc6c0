"""A server as a process of its own: started, killed and stopped by the demo, the benches and the tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

START_S = 120.0
"""How long a server may take until it says that it is ready."""


FAULTS = (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE)
"""Signals that end a process for a fault of its own."""


class ServerFailed(Exception):
    """The process ended by itself or did not become ready; the text is what it said."""


class ServerProcess:
    """`python -m rcim serve` with a data directory and `section.name=value` settings; any free port unless set.

    `module` is run instead of `rcim`: something that takes the same arguments. `config` is a settings file.
    """

    def __init__(
        self, data: Path, flags: Sequence[str] = (), module: str = "rcim", config: Path | None = None
    ) -> None:
        self.data = data
        self._config = config
        self._module = module
        self._flags = list(flags)
        self._process: asyncio.subprocess.Process | None = None
        self.host, self.port, self.pid, self.tls = "127.0.0.1", 0, 0, True
        self.http_port = 0
        """Where it listens for back ends; 0: it does not."""

    async def start(self) -> None:
        """Start and wait until it listens. Raises ServerFailed."""
        arguments = ["-m", self._module, "serve", "--json", "--data", str(self.data)]
        arguments += ["--config", str(self._config)] if self._config else []
        for flag in [f"server.port={self.port}", *self._flags]:
            arguments += ["--set", flag]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        self._process = process
        assert process.stdout is not None and process.stderr is not None
        line = b""
        try:
            async with asyncio.timeout(START_S):
                line = await process.stdout.readline()
        except TimeoutError:
            process.kill()
        if not line:
            said = (await process.stderr.read()).decode(errors="replace")
            await process.wait()
            self._process = None
            raise ServerFailed(f"the server did not start: {said.strip() or f'exit {process.returncode}'}")
        ready = json.loads(line)
        self.host, self.port, self.pid, self.tls = ready["host"], ready["port"], ready["pid"], ready["tls"]
        self.http_port = ready.get("http_port", 0)
        self._drains = [asyncio.create_task(_drain(process.stdout)), asyncio.create_task(_drain(process.stderr))]

    async def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        code = await process.wait()
        await asyncio.gather(*self._drains)
        if -code in FAULTS:
            raise ServerFailed(f"the server was ended by {signal.Signals(-code).name}")
        return code

    async def kill(self) -> None:
        """SIGKILL, to all processes that it has: as if the power went out. Returns when none is left. Raises
        ServerFailed if a fault of its own has ended it before."""
        process = self._process
        parts: list[psutil.Process] = []
        if process is not None and process.returncode is None:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP)  # it starts no more
                parts = psutil.Process(process.pid).children(recursive=True)
                for part in parts:
                    part.kill()
        await self._end(signal.SIGKILL)
        await asyncio.to_thread(psutil.wait_procs, parts)

    def parts(self, role: str) -> list[int]:
        """The processes with this role of a server with gateways: `owner` or `gateway`."""
        found = []
        with contextlib.suppress(psutil.NoSuchProcess):
            for part in psutil.Process(self.pid).children():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if role in part.cmdline():
                        found.append(part.pid)
        return found

    async def stop(self) -> int:
        """SIGTERM; returns the exit code. Raises ServerFailed if a fault of its own has ended it."""
        return await self._end(signal.SIGTERM)

    @property
    def running(self) -> bool:
        """True between `start` and `kill` or `stop`, unless it ended by itself."""
        return self._process is not None and self._process.returncode is None


async def _drain(stream: asyncio.StreamReader) -> None:
    """Read what the server says further, so that it never waits for us. The last of it is kept by nobody."""
    while await stream.read(65536):
        pass
