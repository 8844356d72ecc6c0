"""Who may take up a connection, and how many bytes of bodies (AB-02)."""

from __future__ import annotations

import asyncio

import pytest

from rcim.base.meters import Meters
from rcim.base.metrics import HTTP_REFUSED
from rcim.connect.proxies import Peer
from rcim.http import admission
from rcim.http.admission import LARGE_BYTES, SMALL_BYTES, BodyBytes, Places
from rcim.http.api import Fault, FaultError
from rcim.http.server import HttpBounds, HttpServer


def test_places_are_bounded_in_all_and_by_address() -> None:
    places = Places(3, 2)
    first, second = places.take("a"), places.take("a")
    assert first is not None and second is not None
    assert places.take("a") is None
    third = places.take("b")
    assert third is not None and places.take("c") is None and len(places) == 3
    first.leave()
    first.leave()
    assert len(places) == 2, "it is given back once"
    assert places.take("a") is not None and places.take("b") is None
    second.leave()
    third.leave()
    assert len(places) == 1 and places.take("b") is not None


async def test_connections_beyond_a_bound_are_counted() -> None:
    """OP-02: by whether one address has too many, or all together."""
    meters = Meters()
    server = HttpServer([], HttpBounds(connections_max=2, connections_per_address_max=1), meters=meters)

    def refused() -> dict[str, int]:
        return {one.labels[0]: one.value for one in meters.figures() if one.metric is HTTP_REFUSED}

    made = server.admit(Peer("a", 1))
    assert made is not None and server.admit(Peer("a", 2)) is None
    assert refused() == {"limit": 0, "address": 1, "handshake": 0, "proxy": 0}
    assert server.admit(Peer("b", 1)) is not None and server.admit(Peer("c", 1)) is None
    assert refused() == {"limit": 1, "address": 1, "handshake": 0, "proxy": 0}
    made.failed()
    server.note_refused_header()
    assert refused() == {"limit": 1, "address": 1, "handshake": 1, "proxy": 1}
    assert server.admit(Peer("a", 3)) is not None, "its place is free again"
    await server.stop()


def test_bytes_of_bodies_are_bounded_in_all_and_by_address() -> None:
    bodies = BodyBytes(100)
    one, two, other = bodies.body("a"), bodies.body("a"), bodies.body("b")
    one.grown_to(SMALL_BYTES)
    assert bodies.held == 0, "the beginning of a body is free"
    one.grown_to(SMALL_BYTES + 30)
    one.grown_to(SMALL_BYTES + 40)
    assert bodies.held == 40
    with pytest.raises(FaultError) as refused:
        two.grown_to(SMALL_BYTES + 11)
    assert refused.value.fault is Fault.BUSY and bodies.held == 40
    other.grown_to(SMALL_BYTES + 50)
    with pytest.raises(FaultError):
        bodies.body("c").grown_to(SMALL_BYTES + 11)
    one.release()
    one.release()
    two.grown_to(SMALL_BYTES + 50)
    assert bodies.held == 100
    two.release()
    other.release()
    assert bodies.held == 0


async def test_large_bodies_take_turns_and_small_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    gate = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await gate.wait()

    monkeypatch.setattr(admission.asyncio, "sleep", sleep)
    bodies = BodyBytes(100)
    first, second = (asyncio.create_task(bodies.body("a").turn(1 << 20)) for _ in range(2))
    await bodies.body("a").turn(LARGE_BYTES - 1)
    while not slept:
        await asyncio.wait([first], timeout=0)
    assert slept == [0.05] and not first.done(), "1 MiB holds the turn for 50 ms"
    gate.set()
    await asyncio.gather(first, second)
    assert slept == [0.05, 0.05]
