"""What `rcim doctor` looks at on the machine: versions, limits of the kernel, memory, the clock. It only reads."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import psutil

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.exposure import OTHER_FILES
from rcim.connect.listener import BACKLOG
from rcim.operate.findings import Finding, advice, ok, wrong
from rcim.version import __version__

SYS = Path("/proc/sys")
CGROUP = Path("/sys/fs/cgroup/memory.max")
COMMAND_S = 3.0
"""How long another program may take to answer."""
LIBRARIES = ("lmdb", "uvloop", "msgspec", "cryptography", "aiohttp", "structlog")
CONNECTION_PAGES = 4
"""Of kernel memory that a connection needs at least: a page each way, and its bookkeeping."""
PORTS_MIN = 10_000
SWAPPINESS_MAX = 10


def machine(settings: Settings) -> Iterator[Finding]:
    """All checks of the machine."""
    yield from _versions()
    yield _open_files(settings.limits.connections_max)
    yield from _network(settings)
    yield from _memory(settings)
    yield _synchronised()


def _versions() -> Iterator[Finding]:
    found, missing = [], []
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    python = platform.python_version()
    if missing:
        what = f"not installed: {', '.join(missing)}"
        yield wrong("versions", what, "the server does not start without it", "pip install --force-reinstall rcim")
    yield ok("versions", f"rcim {__version__}, Python {python}, Linux {platform.release()}, {', '.join(found)}")


def _open_files(connections_max: int) -> Finding:
    most, needed = resource.getrlimit(resource.RLIMIT_NOFILE)[1], connections_max + OTHER_FILES
    if most in (-1, resource.RLIM_INFINITY) or most >= needed:
        return ok("open files", f"a process may open {'any number' if most == -1 else most}; {needed} are needed")
    return wrong(
        "open files",
        f"a process may open {most} files here, and limits.connections_max is {connections_max}",
        "the server refuses connections long before its own limit, or can't accept any",
        f"LimitNOFILE={needed} in the unit of systemd, or limits.connections_max = {max(most - OTHER_FILES, 1)}",
    )


def numbers(name: str) -> list[int]:
    """The numbers of a file below /proc/sys; none if it is not there."""
    try:
        return [int(part) for part in (SYS / name).read_text(encoding="ascii").split()]
    except (OSError, ValueError):
        return []


def _network(settings: Settings) -> Iterator[Finding]:
    for name in ("net/core/somaxconn", "net/ipv4/tcp_max_syn_backlog"):
        found, shown = numbers(name), name.replace("/", ".")
        if found and found[0] < BACKLOG:
            why = f"connections that come together, as after a restart, are dropped: the server asks for {BACKLOG}"
            yield advice("network", f"{shown} is {found[0]}", why, f"sysctl -w {shown}=4096")
        elif found:
            yield ok("network", f"{shown} is {found[0]}")
    pages, needed = numbers("net/ipv4/tcp_mem"), CONNECTION_PAGES * settings.limits.connections_max
    if len(pages) == 3 and pages[2] < needed:
        why = f"{settings.limits.connections_max} connections need about {needed} pages; the kernel drops packets beyond"
        remedy = f'sysctl -w net.ipv4.tcp_mem="{needed // 2} {needed * 3 // 4} {needed}"'
        yield advice("network", f"net.ipv4.tcp_mem ends at {pages[2]} pages", why, remedy)
    elif len(pages) == 3:
        yield ok("network", f"net.ipv4.tcp_mem ends at {pages[2]} pages")
    for name in ("tcp_rmem", "tcp_wmem"):
        sizes = numbers(f"net/ipv4/{name}")
        if len(sizes) == 3:
            yield ok("network", f"net.ipv4.{name} is {' '.join(map(str, sizes))} bytes")
    ports = numbers("net/ipv4/ip_local_port_range")
    calls_others = settings.callbacks.url or settings.receivers or settings.streams or settings.push_providers
    if calls_others and len(ports) == 2 and ports[1] - ports[0] < PORTS_MIN:
        why = "calls to back ends, push services and brokers need a local port each"
        remedy = 'sysctl -w net.ipv4.ip_local_port_range="10240 65535"'
        yield advice("network", f"{ports[1] - ports[0]} local ports", why, remedy)


def _memory(settings: Settings) -> Iterator[Finding]:
    try:
        total, swap = psutil.virtual_memory().total, psutil.swap_memory().total
    except (OSError, ValueError, KeyError):  # without /proc, as some sandboxes are
        yield ok("memory", "how much memory there is can't be seen here")
        return
    try:
        total = min(total, int(CGROUP.read_text(encoding="ascii")))
    except (OSError, ValueError):
        pass  # no limit
    file = Path(settings.server.data) / "store" / "data.mdb"
    try:
        used = file.stat().st_blocks * 512
    except OSError:
        used = 0
    what = f"{total >> 20} MiB of memory, {used >> 20} MiB of store"
    if used > total:
        why = "history that is not in memory is read from the disk, and so are the pages that a send changes"
        yield advice("memory", what, why, "more memory, or a shorter roaming_days of the group types")
    else:
        yield ok("memory", what)
    swappiness = numbers("vm/swappiness")
    if swap and swappiness and swappiness[0] > SWAPPINESS_MAX:
        why = "a page of the server that was swapped out stops its event loop until it is read again"
        yield advice("memory", f"swap is on, vm.swappiness is {swappiness[0]}", why, "sysctl -w vm.swappiness=1")


def _synchronised() -> Finding:
    said = output_of("timedatectl", "show", "--property=NTPSynchronized", "--value")
    if said == "yes":
        return ok("clock", "the clock is synchronised")
    if said == "no":
        why = "messages are stamped with it, and UserSigs and retention go by it"
        return advice("clock", "the clock is not synchronised", why, "timedatectl set-ntp true")
    return ok("clock", "whether the clock is synchronised can't be seen here")


def output_of(*command: str) -> str:
    """The first line that a program prints; empty if it is not there, fails or takes longer than COMMAND_S."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=COMMAND_S, check=True, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").strip().partition("\n")[0]
