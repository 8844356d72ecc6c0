"""The listening socket when the system gives no more sockets, and hosts that can't be resolved."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rcim.adapters.frames.connection import FrameConnection
from rcim.base.hosts import naming
from rcim.client import Client
from rcim.connect import listener
from rcim.connect.listener import ACCEPTING_S, PAUSE_S, Admit, Listener, every
from rcim.connect.proxies import Peer
from tests.kit import Raw, TestServer, until


class Short(socket.socket):
    """A listening socket of a system that has no file descriptor left."""

    short = True
    refused = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.short:
            self.refused += 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


class Resting:
    """The loop of the test, but for timers: they come when the test says so."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.due: list[tuple[float, asyncio.TimerHandle, Callable[[], None]]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def call_later(self, seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
        self.due.append((seconds, self._loop.call_later(3600, call), call))
        return self.due[-1][1]

    def time_passes(self) -> float:
        """The only timer comes; returns for how many seconds it was set."""
        ((seconds, timer, call),) = self.due
        self.due.clear()
        timer.cancel()
        call()
        return seconds


class Slow(socket.socket):
    """A listening socket from which each connection takes a quarter of what a turn of the loop may take."""

    now_s = 0.0

    def accept(self) -> tuple[socket.socket, object]:
        self.now_s += ACCEPTING_S / 4
        return super().accept()


class ByHand:
    """A loop of which the test says when a socket is ready."""

    ready: Callable[[], None]

    def add_reader(self, _: socket.socket, call: Callable[..., None], *of: object) -> None:
        self.ready = partial(call, *of)

    def remove_reader(self, _: socket.socket) -> None:
        pass


def frames_of(server: TestServer) -> Admit:
    """Every connection speaks frames."""
    return every(partial(FrameConnection, server.server.service))


async def test_without_a_descriptor_connections_wait_and_the_log_has_one_line(
    plain_server: TestServer, caplog: pytest.LogCaptureFixture
) -> None:  # OP-02
    caplog.set_level(logging.INFO)
    full = Short(socket.AF_INET, socket.SOCK_STREAM)
    full.setblocking(False)
    full.bind(("127.0.0.1", 0))
    full.listen(8)
    loop: Any = Resting()
    made = Listener(loop, frames_of(plain_server), [full], None)
    waiting = [await asyncio.open_connection("127.0.0.1", made.port) for _ in range(3)]
    await until(lambda: full.refused == 1)
    for _ in range(50):
        await asyncio.sleep(0)
    assert full.refused == 1, "it does not try in each turn of the loop"
    for tries in (2, 3, 4, 5):
        assert loop.time_passes() == PAUSE_S
        await until(lambda tries=tries: full.refused == tries)
    lines = [text for text in caplog.messages if "no connection can be accepted" in text]
    assert len(lines) == 1 and "LimitNOFILE" in lines[0], "one line for all tries"
    full.short = False
    loop.time_passes()
    for reader, writer in waiting:
        raw = Raw(reader, writer)
        await raw.hello()
        await raw.close()
    made.close()


def test_connections_that_take_long_are_taken_over_several_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(socket.AF_INET, socket.SOCK_STREAM)
    slow.setblocking(False)
    slow.bind(("127.0.0.1", 0))
    slow.listen(16)
    monkeypatch.setattr(listener, "perf_counter", lambda: slow.now_s)
    loop: Any = ByHand()
    came: list[Peer] = []
    made = Listener(loop, came.append, [slow], None)
    waiting = [socket.create_connection(("127.0.0.1", made.port)) for _ in range(10)]
    taken = []
    for _ in range(4):
        loop.ready()
        taken.append(len(came))
    assert taken == [4, 8, 10, 10], "the other users have their turn in between, and nobody is forgotten"
    made.close()
    for one in waiting:
        one.close()


async def test_a_listener_that_is_closed_while_it_rests_tries_no_more(plain_server: TestServer) -> None:
    full = Short(socket.AF_INET, socket.SOCK_STREAM)
    full.setblocking(False)
    full.bind(("127.0.0.1", 0))
    full.listen(8)
    made = Listener(asyncio.get_running_loop(), frames_of(plain_server), [full], None)
    _, writer = await asyncio.open_connection("127.0.0.1", made.port)
    await until(lambda: full.refused)
    made.close()
    writer.close()


async def test_an_address_that_is_taken_is_named(plain_server: TestServer, tmp_path: Path) -> None:
    other = TestServer(tmp_path / "other", flags=(f"server.port={plain_server.port}",))
    with pytest.raises(OSError, match=f"127.0.0.1:{plain_server.port} can't be listened on: address already in use"):
        await other.start()


def test_a_host_that_can_not_be_resolved_is_named() -> None:
    with (
        pytest.raises(socket.gaierror, match=r"the host 'chat\.example' can't be resolved: nobody"),
        naming("chat.example"),
    ):
        raise socket.gaierror(socket.EAI_NONAME, "nobody")


async def test_the_sdk_and_the_server_name_it(tmp_path: Path) -> None:
    """A name of `.invalid` is one that nobody has (RFC 2606)."""
    server = TestServer(tmp_path / "d", tls=False, flags=("server.host=nobody.invalid",))
    with pytest.raises(OSError, match=r"nobody\.invalid"):
        await server.start()
    client = Client("nobody.invalid", 1, user_id="alice", user_sig="x", tls=None)
    with pytest.raises(OSError, match=r"nobody\.invalid"):
        await client.connect()
