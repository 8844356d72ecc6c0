"""Fixtures of all tests. A test that leaves a task, a descriptor, a thread or a child process behind fails."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest
import uvloop

from rcim.base.limited_log import forget_counts
from tests.kit import RUNNING, TestCluster, TestServer


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the server runs on."""
    return {"uvloop": uvloop.new_event_loop}


def _descriptors() -> set[str]:
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            found.add(f"{name} {os.readlink(f'/proc/self/fd/{name}')}")
        except OSError:
            continue
    return {x for x in found if "/proc/" not in x and "anon_inode" not in x and "/dev/" not in x}


def _leaked(before: set[str]) -> set[str]:
    return {x for x in _descriptors() - before if "socket" in x or "/tmp/" in x}


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """See the module's text. Asked for first, so that it looks last."""
    before, threads = _descriptors(), set(threading.enumerate())
    yield
    left = _leaked(before)
    if left:
        gc.collect()  # what waits only for the collector is not left behind
        left = _leaked(before)
    assert not left, f"descriptors left open: {left}"
    workers = [t.name for t in set(threading.enumerate()) - threads if t.name.startswith("rcim-")]
    assert not workers, f"threads left running: {workers}"
    children = [c.cmdline() for c in psutil.Process().children() if c.status() != psutil.STATUS_ZOMBIE]
    assert not children, f"processes left running: {children}"


@pytest.fixture(autouse=True)
def nothing_counted_before() -> None:
    """What another test has had logged keeps no line of this one back."""
    forget_counts()


@pytest.fixture(autouse=True)
async def stop_what_a_failed_test_left() -> AsyncIterator[None]:
    """A test stops its servers itself; one that failed did not come so far."""
    yield
    for made in list(RUNNING):
        await made.stop()


@pytest.fixture(params=["tls", "plain", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A running server, once with TLS, once without, and once with two gateways."""
    kind = TestCluster if request.param == "gateways" else TestServer
    made = kind(tmp_path / "data", tls=request.param != "plain")
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def plain_server(tmp_path: Path) -> AsyncIterator[TestServer]:
    """A running server without TLS."""
    made = TestServer(tmp_path / "data", tls=False)
    await made.start()
    yield made
    await made.stop()
