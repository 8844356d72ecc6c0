"""Lookups of names: one that hangs holds up no other (CB-01)."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rcim.web import names as module
from rcim.web.names import Names
from tests.kit import until


class Servers:
    """Name servers: `dead` is not answered before `release`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.release = threading.Event()

    def __call__(self, host: str, port: int, *_: Any) -> Any:
        self.asked.append(host)
        if host == "dead":
            self.release.wait()
            raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")
        if host == "a..b":
            raise UnicodeError("label empty or too long")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", port))]


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    made = Servers()
    monkeypatch.setattr(module.socket, "getaddrinfo", made)
    yield made
    made.release.set()


async def test_a_name_that_hangs_holds_up_no_other_and_is_asked_for_once(servers: Servers) -> None:
    names = Names()
    dead = [asyncio.create_task(names.look_up("dead", 80)) for _ in range(200)]
    await until(lambda: servers.asked == ["dead"])
    assert [one.host for one in await names.look_up("alive", 80)] == ["192.0.2.1"]
    dead[0].cancel()
    servers.release.set()
    found = await asyncio.gather(*dead, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError) and all(isinstance(one, OSError) for one in found[1:])
    assert servers.asked == ["dead", "alive"] and not names._under_way
    with pytest.raises(OSError):
        await names.look_up("dead", 80)
    assert servers.asked[2:] == ["dead"], "nothing is remembered"


async def test_what_is_no_name_is_no_fault_of_ours(servers: Servers) -> None:
    with pytest.raises(OSError, match="no name"):
        await Names().look_up("a..b", 80)
