"""What the bench has to know of a server: how it is found, started and spoken to. One subclass for each row.

A server is started by us with a configuration of our own in a directory that is removed afterwards, on a port that
the system chose, on one processor. Its own limits are opened: they are not what is measured.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from rcim_bench.peers.receivers import PeerFailed, Wire
from rcim_bench.rig import pin_apart, usage_of_tree

from rcim.app.files.datadir import DataDir
from rcim.app.processes.tuning import raise_file_limit
from rcim.client.trust import client_context

HOST = "127.0.0.1"
LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""The first and the last port that the system gives out by itself."""
START_S = 60.0
"""How long a server may take until its port answers."""
VERSION_S = 10.0
REASON_CHARS = 200
SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin")
"""Where servers are installed that are not in the PATH of an ordinary user."""


@dataclass(frozen=True)
class Place:
    """Where a server is to run, and how many connections it has to take."""

    folder: Path
    port: int
    tls: bool
    connections: int
    certificate: Path
    key: Path


@dataclass
class Running:
    """A server that runs. `gone()` says why it ended, and nothing while it runs."""

    port: int
    pid: int
    context: ssl.SSLContext | None
    gone: Callable[[], str]
    facts: dict[str, str] = field(default_factory=dict)

    def used(self) -> tuple[float, int]:
        """(CPU seconds, resident KiB) of all processes of the server. Raises PeerFailed if it has ended."""
        why = self.gone()
        if why:
            raise PeerFailed(why)
        try:
            found = usage_of_tree(self.pid)
        except psutil.Error as error:
            raise PeerFailed(f"ended while it was measured: {error}") from None
        return found.cpu_s, found.rss_kib


class Driver(ABC):
    """A server and its protocol. What differs is in the subclasses."""

    name = ""
    """Of the row."""
    program = ""
    keeps = "nothing"
    """What is on disk before the sender has its answer."""
    note = ""
    sender_receives = False
    """True if the sender is one of the members and gets its own messages."""
    tls_first = True
    """False if the protocol begins in plain text and goes over to TLS later; `join` does that then."""
    frame_bytes = 0
    """What comes on top of the messages for each frame, where one frame can carry several messages (rcim's DELIVER)."""
    payload_max = 8000
    connecting_at_once = 32
    """Below the smallest backlog of connections that a server has here."""
    rest_s = 0.3
    """From the answering port to a server that has nothing more of its own start to do."""

    def find(self) -> str | None:
        """The program's path, or None if it isn't installed."""
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
        return shutil.which(self.program, path=path)

    def version(self, program: str) -> str:
        """What the program says of itself; "unknown" if it says nothing that looks like a version."""
        return version_of([program, "--version"])

    @abstractmethod
    def serve(self, program: str, tls: bool, connections: int) -> AbstractAsyncContextManager[Running]:
        """The server, started on a processor of its own; killed and removed afterwards. Raises PeerFailed."""

    @abstractmethod
    async def join(self, wire: Wire, number: int) -> None:
        """Log in and become a receiver. Number 0 is the sender: it comes first, alone. Raises PeerFailed."""

    async def ripen(self, wires: Sequence[Wire]) -> None:  # noqa: B027 - most servers say nothing of the kind
        """Wait for what the server says to everyone by itself some time after joining."""

    @abstractmethod
    def publisher(self, wire: Wire) -> Callable[[bytes], bytes]:
        """A function that makes the bytes of a message of its text, to be written to the sender's `wire`."""

    def answering(self, wire: Wire, payload: int) -> Callable[[bytes], None] | None:
        """For protocols whose receivers have to answer each message: what does that with the bytes that came."""
        return None


class Program(Driver):
    """A server that is a program with a configuration file of ours."""

    @abstractmethod
    def command(self, program: str, place: Place) -> list[str]:
        """Write the configuration into the folder of `place`; returns the command that serves in the foreground."""

    def environment(self, place: Place) -> dict[str, str]:
        """Variables that the server needs besides ours."""
        return {}

    @asynccontextmanager
    async def serve(self, program: str, tls: bool, connections: int) -> AsyncIterator[Running]:
        """The server, started on a processor of its own; killed and removed afterwards. Raises PeerFailed."""
        raise_file_limit()
        before = os.sched_getaffinity(0)
        folder = Path(tempfile.mkdtemp(prefix="rcim-peer-"))
        process: subprocess.Popen[bytes] | None = None
        try:
            place = make_place(folder, tls, connections)
            pinned, move = pin_apart()
            with (folder / "said").open("wb") as said:
                process = subprocess.Popen(
                    self.command(program, place),
                    cwd=folder,
                    env=os.environ | {"HOME": str(folder)} | self.environment(place),
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            move()
            await _listening(process, place)
            context = peer_context(place.certificate) if tls else None
            yield Running(place.port, process.pid, context, lambda: _why(process, folder), {"pinned": pinned})
        finally:
            os.sched_setaffinity(0, before)
            if process is not None:
                _kill(process)
            shutil.rmtree(folder, ignore_errors=True)


def make_place(folder: Path, tls: bool, connections: int) -> Place:
    """A place in `folder`, with a certificate of its own and a port that was free just now."""
    data = DataDir(folder / "tls")
    data.prepare()
    data.release()
    return Place(folder, free_port(), tls, connections, data.certificate, data.private_key)


def free_port() -> int:
    """A port of this machine that nobody has. It is none of those that the system gives out by itself, so that no other
    program gets it before the server that is started next."""
    try:
        first = int(LOCAL_PORTS.read_text(encoding="ascii").split()[0])
    except OSError:
        first = 32768  # of a system that does not say
    while True:
        port = random.SystemRandom().randrange(max(1024, first // 2), max(2048, first))
        with socket.socket() as sock:
            try:
                sock.bind((HOST, port))
            except OSError:
                continue
            return port


def peer_context(certificate: Path) -> ssl.SSLContext:
    """A client's TLS 1.3: `Counting` reads plaintext sizes off its records, and all servers have it."""
    context = client_context(certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def version_of(command: Sequence[str]) -> str:
    """The first thing that looks like a version in what `command` prints; "unknown" if there is none."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", timeout=VERSION_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(r"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
    return found.group() if found else "unknown"


async def _listening(process: subprocess.Popen[bytes], place: Place) -> None:
    """Return when the port answers. Raises PeerFailed."""
    try:
        async with asyncio.timeout(START_S):
            while True:
                why = _why(process, place.folder)
                if why:
                    raise PeerFailed(f"did not start: {why}")
                try:
                    _, writer = await asyncio.open_connection(HOST, place.port)
                except OSError:
                    await asyncio.sleep(0.05)
                    continue
                writer.close()
                return
    except TimeoutError:
        raise PeerFailed(
            f"did not start: its port did not answer within {START_S:g} s: {_tail(place.folder)}"
        ) from None


def _why(process: subprocess.Popen[bytes], folder: Path) -> str:
    code = process.poll()
    return "" if code is None else f"ended with status {code}: {_tail(folder)}"


def _tail(folder: Path) -> str:
    try:
        text = (folder / "said").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return " ".join(text.split())[-REASON_CHARS:]


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the server and all its children: they are collected first, since some leave the process group."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.Error:
        children = []
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
    for child in children:
        try:
            child.kill()
        except psutil.Error:
            pass
    psutil.wait_procs(children, timeout=2.0)
