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
from hypothesis import HealthCheck, settings

from rcim.base.limited_log import forget_counts
from rcim.client import inbox
from tests import amount
from tests.kit import PATIENCE_S, RUNNING, TestCluster, TestServer


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Tests run on the loop that the server runs on."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_addoption(parser: pytest.Parser) -> None:
    """See tests/amount.py."""
    parser.addoption(
        amount.OPTION, action="store_true", help="try all seeds, examples and cells (half as long again)"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Before the first test module is imported: what it tries depends on it. An example may take as long as it does."""
    amount.configure(config)
    settings.register_profile("rcim", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("rcim")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test without a loop gets none for the sake of a fixture: it can't have started a server."""
    if isinstance(item, pytest.Function) and asyncio.iscoroutinefunction(item.obj):
        names = item.fixturenames
        names.insert(names.index("nothing_left_behind") + 1, "stop_what_a_failed_test_left")


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


def _children() -> list[list[str]]:
    """The commands of the child processes that run. The system is asked first whether there is any child at all:
    psutil reads the whole process table, which is too much after each of ten thousand tests."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return []
    return [child.cmdline() for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """See the module's text. Asked for first, with the folder that a test may have, so that it looks last."""
    if "tmp_path" in request.fixturenames:
        request.getfixturevalue("tmp_path")
    before, threads = _descriptors(), set(threading.enumerate())
    yield
    left = _leaked(before)
    if left:
        gc.collect()  # what waits only for the collector is not left behind
        left = _leaked(before)
    assert not left, f"descriptors left open: {left}"
    workers = [thread for thread in set(threading.enumerate()) - threads if thread.name.startswith("rcim-")]
    for thread in workers:
        thread.join(PATIENCE_S)  # one that was told to end does so when the machine gives it a turn
    left_running = [thread.name for thread in workers if thread.is_alive()]
    assert not left_running, f"threads left running: {left_running}"
    children = _children()
    assert not children, f"processes left running: {children}"


@pytest.fixture(autouse=True)
def nothing_counted_before() -> None:
    """What another test has had logged keeps no line of this one back."""
    forget_counts()


@pytest.fixture
async def stop_what_a_failed_test_left() -> AsyncIterator[None]:
    """A test stops its servers itself; one that failed did not come so far. Every test with a loop has it."""
    yield
    for made in list(RUNNING):
        await made.stop()


@pytest.fixture
def quick_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client asks for its list of conversations anew without the pause of seconds that spares the server."""
    monkeypatch.setattr(inbox, "REFRESH_S", 0.02)
    monkeypatch.setattr(inbox, "PAUSE_S", 0.02)


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
