"""What every measurement stands on: a server of its own or a given one, processors, and what a process has used."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.processes.tuning import raise_file_limit
from rcim.app.settings.all_settings import NO_RATES
from rcim.base.limits import DEFAULTS
from rcim.client.trust import client_context
from rcim.load.swarm import Swarm, SwarmMember
from rcim.session.usersig import mint
from rcim.version import __version__
from rcim.wire import frames

SDKAPPID = 1400000000
ADMIN = "administrator"

OPEN_LIMITS = (
    "limits.connections_per_address_max=1000000",
    "types.ChatRoom.member_cap=1000000",
    "limits.handshake_turn_ms=40",
    "limits.handshake_ms=60000",
    "limits.idle_ms=600000",
)
"""A bench comes from one address, fills one group, and has members that only count and say nothing; these bounds are
not what it measures."""


@dataclass(frozen=True)
class Usage:
    """What a process has used so far: CPU seconds, and its resident memory in KiB without pages of files."""

    cpu_s: float
    rss_kib: int
    at: float


def usage(pid: int) -> Usage:
    """Read the usage of the one process `pid` now."""
    process = psutil.Process(pid)
    return Usage(_cpu_s(process), _memory_kib(process), time.monotonic())


def _memory_kib(process: psutil.Process) -> int:
    """Memory of its own, without pages of files (the store's, which the system takes back when it needs them)."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return int(process.memory_info().rss // 1024)


def usage_of_tree(pid: int) -> Usage:
    """Read the usage of `pid` and all its children now. Memory that they share is counted for each of them."""
    root = psutil.Process(pid)
    found = [usage(process.pid) for process in [root, *root.children(recursive=True)]]
    return Usage(sum(one.cpu_s for one in found), sum(one.rss_kib for one in found), time.monotonic())


def _cpu_s(process: psutil.Process) -> float:
    """CPU seconds of all threads: to the nanosecond where the kernel tells, else by its ticks of 10 ms."""
    try:
        tasks = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        spent = sum(int(task.read_text(encoding="utf-8").split()[0]) for task in tasks) / 1e9
    except (OSError, ValueError, IndexError):
        spent = 0.0
    if spent:
        return spent
    times = process.cpu_times()
    return float(times.user + times.system)


class Rig:
    """A server, and how to reach it. `server_pid` is 0 for a server that was given and is not on this machine."""

    def __init__(self, process: ServerProcess, data: DataDir, pinned: str) -> None:
        self.process = process
        self.data = data
        self.pinned = pinned
        self.server_pid = process.pid

    def usage(self) -> Usage:
        """What the whole server has used so far; nothing if it is not on this machine."""
        return usage_of_tree(self.server_pid) if self.server_pid else Usage(0.0, 0, time.monotonic())

    async def admin(self) -> SwarmMember:
        """A connection of the administrator. Raises RcimError or OSError."""
        return await self.swarm().connect_one(ADMIN)

    async def stats(self, admin: SwarmMember) -> dict[str, int]:
        """The server's counters, asked by the administrator's connection. Raises RcimError."""
        found = await admin.ask(frames.AdminStats())
        assert isinstance(found, frames.AdminStatsOk)
        return {stat.name: stat.value for stat in found.stats}

    def sign(self, user_id: str) -> str:
        """A UserSig for `user_id`."""
        return mint(SDKAPPID, self.data.key(), user_id, int(time.time()), 86400)

    def swarm(self, sources: Sequence[str] = ()) -> Swarm:
        """Members for this server. More than 28,000 connections need several source addresses (127.0.0.x)."""
        key, now_s = self.data.key(), int(time.time())
        tls = client_context(self.data.certificate) if self.process.tls else None

        def sign(user_id: str) -> str:
            return mint(SDKAPPID, key, user_id, now_s, 86400)

        return Swarm(self.process.host, self.process.port, tls, sign, sources=sources)


def pin_apart() -> tuple[str, Callable[[], None]]:
    """Where there are two processors or more: pin what is started next to the first, and, once the function that is
    returned is called, this process to the others. Returns what was done, in words."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        return "not pinned: one processor", lambda: None
    os.sched_setaffinity(0, {cpus[0]})
    others = set(cpus[1:])
    return f"server on processor {cpus[0]}, generator on {sorted(others)}", lambda: os.sched_setaffinity(0, others)


@asynccontextmanager
async def rig(
    flags: Sequence[str] = (),
    *,
    plain: bool = False,
    pin: bool = True,
    module: str = "rcim",
    frequency: bool = False,
    limited: bool = False,
) -> AsyncIterator[Rig]:
    """A server (`module`) with an empty data directory, ended and removed afterwards. Without limits of rates, but with
    `frequency` groups have theirs (section 6); with `limited` all limits are as they are by default. Raises
    ServerFailed."""
    raise_file_limit()
    before = os.sched_getaffinity(0)
    folder = Path(tempfile.mkdtemp(prefix="rcim-bench-"))
    open_ = [flag for flag in NO_RATES if not (frequency and flag.startswith("types."))]
    lifted = [] if limited else [*OPEN_LIMITS, *open_]
    settings = [*lifted, f"server.tls={not plain}", "limits.drain_grace_ms=200", *flags]
    process = ServerProcess(folder, settings, module)
    try:
        pinned, move = pin_apart() if pin else ("not pinned", lambda: None)
        await process.start()
        move()
        yield Rig(process, DataDir(folder), pinned)
    finally:
        await process.kill()
        os.sched_setaffinity(0, before)
        shutil.rmtree(folder, ignore_errors=True)


def given(data: Path, server: str) -> Rig:
    """A rig for a running server at `server` (HOST:PORT) with data directory `data`. Raises ValueError."""
    host, colon, port = server.rpartition(":")
    if not colon or not port.isdigit():
        raise ValueError(f"--server {server}: has to be HOST:PORT")
    process = ServerProcess(data)
    process.host, process.port = host, int(port)
    try:
        process.tls = DataDir(data).address.read_text(encoding="utf-8").strip().endswith(":1")
    except OSError as error:
        raise ValueError(f"{data}: not the data directory of a running server ({error.strerror})") from None
    found = Rig(process, DataDir(data), "a server that was given: not pinned")
    found.server_pid = _pid_on(int(port))
    return found


def _pid_on(port: int) -> int:
    """The process that listens on `port` of this machine; 0 if it can't be seen."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return int(connection.pid)
    return 0


def facts() -> dict[str, Any]:
    """The machine and the program: what a figure means nothing without."""
    here = Path(__file__).parent
    commit = subprocess.run(
        ["git", "-C", str(here), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    ).stdout.strip()
    return {
        "rcim": __version__,
        "commit": commit or "not in a checkout",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "processors": os.cpu_count(),
        "limits": {"out_soft_bytes": DEFAULTS.out_soft_bytes, "out_hard_bytes": DEFAULTS.out_hard_bytes},
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()
