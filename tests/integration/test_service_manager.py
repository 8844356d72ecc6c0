"""What a service manager such as systemd is told (OP-04)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rcim.app.processes import service_manager
from tests.e2e.test_commands import BIN, QUICK
from tests.kit import until


class Manager:
    """A stand-in for systemd: a datagram socket, and what came to it."""

    def __init__(self, address: str) -> None:
        self.name = address.replace("\0", "@", 1)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._socket.setblocking(False)
        self.said: list[list[str]] = []

    def hear(self) -> list[list[str]]:
        """All that has come, each message by its lines."""
        try:
            while True:
                self.said.append(self._socket.recv(65536).decode().split("\n"))
        except BlockingIOError:
            return self.said

    def lines(self, name: str) -> list[str]:
        return [line for message in self.hear() for line in message if line.startswith(f"{name}=")]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["a path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    abstract = f"\0rcim-test-{os.getpid()}-{time.monotonic_ns()}"
    made = Manager(abstract if request.param == "abstract" else str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", made.name)
    yield made
    made.close()


def test_each_message(manager: Manager) -> None:
    service_manager.ready("listening on 127.0.0.1:7460\nFORGED=1")
    before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    service_manager.reloading()
    service_manager.stopping()
    ready, reloading, stopping = manager.hear()
    assert ready == ["READY=1", "STATUS=listening on 127.0.0.1:7460 FORGED=1"]
    assert reloading[0] == "RELOADING=1" and int(reloading[1].removeprefix("MONOTONIC_USEC=")) >= before_us
    assert stopping == ["STOPPING=1", "STATUS=stopping"]


def test_without_a_manager_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not service_manager.notify("READY=1") and service_manager.watchdog_s() is None
    for gone in (str(tmp_path / "nobody"), "vsock:2:1234"):
        monkeypatch.setenv("NOTIFY_SOCKET", gone)
        assert not service_manager.notify("READY=1")


def test_a_manager_that_does_not_read_is_not_waited_for(manager: Manager) -> None:
    while service_manager.notify("STATUS=" + "x" * 400):
        pass
    assert manager.hear()


@pytest.mark.parametrize(
    ("period", "pid", "found"),
    [("3000000", None, 3.0), ("3000000", "1", None), ("0", None, None), ("soon", None, None), ("-5", None, None)],
)
def test_whether_the_loop_is_watched(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, period: str, pid: str | None, found: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", period)
    monkeypatch.setenv("WATCHDOG_PID", pid or str(os.getpid()))
    assert service_manager.watchdog_s() == found


async def test_the_loop_says_that_it_turns(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    loop = asyncio.get_running_loop()
    timers: list[asyncio.TimerHandle] = []
    later = loop.call_later

    def call_later(delay: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        timers.append(later(delay, call))
        return timers[-1]

    monkeypatch.setattr(service_manager, "later", lambda _, *what: call_later(*what))
    with service_manager.watched(loop):
        await until(lambda: len(manager.lines("WATCHDOG")) >= 3)
    assert len(timers) >= 3 and timers[-1].cancelled(), "no more afterwards"


@pytest.mark.parametrize("gateways", [0, 2])
async def test_a_server_from_start_to_end(tmp_path: Path, gateways: int) -> None:
    manager = Manager(str(tmp_path / "notify"))
    flags = [flag for one in (*QUICK, f"server.gateways={gateways}") for flag in ("--set", one)]
    process = await asyncio.create_subprocess_exec(
        str(BIN / "rcim"),
        *("serve", "--json", "--port", "0", *flags),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "500000"},
    )
    try:
        await until(lambda: manager.lines("READY"), "it is ready")
        await until(lambda: len(manager.lines("WATCHDOG")) >= 2, "its loop turns")
        process.send_signal(signal.SIGHUP)
        await until(lambda: len(manager.lines("READY")) == 2, "it has reloaded")
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    order = [
        line for message in manager.hear() for line in message if not line.startswith(("STATUS", "WATCH", "MONO"))
    ]
    assert order == ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"], "only the first process tells it"
    manager.close()
