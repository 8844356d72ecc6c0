"""Connections that a proxy hands on: where they come from is what the proxy's header says, and only a proxy's (OP-01)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from rcim_tools.admin.metrics import all_metrics

from rcim.app.settings.all_settings import SettingsError
from rcim.app.settings.exposure import warnings_of
from rcim.app.settings.sources import load
from rcim.base.errors import TOO_MANY_CONNECTIONS, RcimError
from rcim.base.metrics import HTTP_REFUSED
from rcim.base.networks import networks_of
from rcim.connect import proxies
from tests.kit import PATIENCE_S, TestCluster, TestServer, until
from tests.kit_http import HTTP_ON
from tests.kit_proxy import LOCAL, PROXY, PROXY_ON, dial, streams, through, v1, v2
from tests.kit_raw_http import RawHttp, request

CLIENT, CLIENT_6 = "203.0.113.9", "2001:db8::9"
FLAGS = (*PROXY_ON, *HTTP_ON, "limits.connections_per_address_max=2", "http.connections_per_address_max=2")
UNKNOWN_COMMAND = 60009
LOG = "rcim.connect"


def addresses(server: TestServer) -> list[str]:
    """Where the connections come from, as the server has it."""
    return sorted(connection.address for hub in server.hubs for connection in hub.table)


def refused(server: TestServer) -> int:
    """Connections that were closed for their header."""
    return sum(hub.table.counters.proxy_headers_refused for hub in server.hubs)


@pytest.fixture(params=["plain", "TLS", "gateways"])
async def behind(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server behind a proxy, with bounds of two connections of an address."""
    kind = TestCluster if request.param == "gateways" else TestServer
    made = kind(tmp_path / "data", tls=request.param == "TLS", flags=FLAGS)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def plain(tmp_path: Path) -> AsyncIterator[TestServer]:
    """The same, without TLS."""
    made = TestServer(tmp_path / "data", tls=False, flags=FLAGS)
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("header", [v1(CLIENT, 5000), v2(CLIENT, 5000), v2(CLIENT, 5000, bytes(500))])
async def test_the_address_is_the_client_s(behind: TestServer, header: bytes) -> None:  # OP-01
    raw = await through(behind, header)
    await raw.login("alice", behind.sign("alice"))
    assert addresses(behind) == [f"{CLIENT}:5000"]
    admin = await behind.member("administrator")
    assert addresses(behind)[1] == f"{CLIENT}:5000", "who is no proxy is taken as always"
    assert addresses(behind)[0].startswith("127.0.0.1:")
    await raw.close()
    await admin.close()
    assert refused(behind) == 0


async def test_ipv6_and_a_header_in_pieces(behind: TestServer) -> None:
    header = v2(CLIENT_6, 6000)
    raw = await through(behind, *(header[at : at + 1] for at in range(len(header))))
    await raw.hello()
    assert addresses(behind) == [f"{CLIENT_6}:6000"]
    await raw.close()


async def test_what_comes_with_the_header_is_not_lost(plain: TestServer) -> None:
    """The first frame in the same packet as the header."""
    from rcim.wire import frames as f

    raw = await through(plain, v1(CLIENT, 1) + f.Hello(1, 1, 0, [], "test").encode(1))
    assert isinstance(await raw.take(), f.HelloOk)
    await raw.close()


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01", b"PROXY TCP4 x x 1 1\r\n", b"PROXY TCP4 " * 20]
)
async def test_a_proxy_without_a_good_header_is_closed_and_counted(
    behind: TestServer, sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, LOG)
    reader, writer = await streams(await dial(behind.port), sent)
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass  # there was more than was read
    writer.close()
    await until(lambda: refused(behind) == 1)
    assert addresses(behind) == []


async def test_the_log_says_whose_header_was_wrong(plain: TestServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, LOG)
    _, writer = await streams(await dial(plain.port), b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0")
    await until(lambda: refused(plain) == 1)
    writer.close()
    said = [text for text in caplog.messages if "version 3 of the PROXY protocol is unknown" in text]
    assert len(said) == 1 and PROXY in said[0]


async def test_nobody_else_can_say_where_they_come_from(behind: TestServer) -> None:
    """The header is what it would be without proxies: no frame, and no TLS."""
    reader, writer = await streams(await dial(behind.port, "127.0.0.3"), v2(CLIENT, 5000))
    try:
        while await reader.read(4096):
            pass
    except ConnectionResetError:
        pass
    writer.close()
    assert refused(behind) == 0
    assert CLIENT not in "".join(addresses(behind))


async def test_the_bound_of_an_address_is_the_client_s_and_none_for_the_proxy(plain: TestServer) -> None:
    many = [await through(plain, v2(f"203.0.113.{host}", 1)) for host in (1, 2, 3, 3)]
    for raw in many:
        await raw.hello()
    third = await through(plain, v2("203.0.113.3", 3))
    found = await third.take()
    assert isinstance(found, RcimError) and found.code == TOO_MANY_CONNECTIONS
    assert await third.closed()
    checks = [await through(plain, LOCAL) for _ in range(4)]
    for raw in checks:
        await raw.hello()
    assert sum(text.startswith(f"{PROXY}:") for text in addresses(plain)) == 4, (
        "health checks have no bound of an address"
    )
    for raw in (*many, third, *checks):
        await raw.close()


async def test_a_header_has_a_deadline(plain: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "HEADER_S", 0.05)
    reader, writer = await streams(await dial(plain.port), b"PROXY ")
    assert await reader.read() == b""
    writer.close()
    assert refused(plain) == 1


async def test_who_goes_without_a_word_is_no_fault(plain: TestServer) -> None:
    """A check whether the port is open."""
    (await dial(plain.port)).close()
    half = await dial(plain.port)
    await asyncio.get_running_loop().sock_sendall(half, b"PROXY TCP4")
    half.close()
    raw = await through(plain, v1(CLIENT, 5))
    await raw.hello()
    await raw.close()
    assert refused(plain) == 0


async def test_too_many_that_wait_close_the_one_that_has_waited_longest(
    plain: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxies, "WAITING_MAX", 3)
    monkeypatch.setattr(proxies, "HEADER_S", PATIENCE_S)
    silent = [await streams(await dial(plain.port)) for _ in range(3)]
    raw = await through(plain, v1(CLIENT, 5))
    await raw.hello()
    assert await silent[0][0].read() == b"" and refused(plain) == 1, "the newest gets its turn"
    await raw.close()
    for _, writer in silent:
        writer.close()


async def test_a_server_that_stops_closes_those_that_wait(plain: TestServer) -> None:
    reader, writer = await streams(await dial(plain.port), b"PROXY ")
    await asyncio.sleep(0)
    await plain.drain()
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass  # it was not accepted any more
    writer.close()


# -- back ends


async def back_end(server: TestServer, port: int, *pieces: bytes) -> RawHttp:
    """A back end that a proxy hands on, with a header in these pieces."""
    return RawHttp(*await streams(await dial(port), *pieces, tls=server.trust()))


def http_ports(server: TestServer) -> list[int]:
    """The port of each process."""
    return (
        [front.http_port for front, _ in server.gateways] if isinstance(server, TestCluster) else [server.http_port]
    )


@pytest.mark.parametrize("header", [v1(CLIENT, 5000), v2(CLIENT, 5000)])
async def test_back_ends_come_through_a_proxy_too(
    behind: TestServer, header: bytes, caplog: pytest.LogCaptureFixture
) -> None:  # AB-02
    caplog.set_level(logging.INFO, "rcim.http.access")
    for port in http_ports(behind):
        caller = await back_end(behind, port, *(header[at : at + 7] for at in range(0, len(header), 7)))
        caller.write(request(body=b"{}"))
        assert (await caller.answer()).code == UNKNOWN_COMMAND
        caller.close()
    await until(lambda: len([text for text in caplog.messages if CLIENT in text]) == len(http_ports(behind)))
    assert refused(behind) == 0


async def test_the_bounds_of_back_ends_are_the_callers(plain: TestServer) -> None:
    first = [await back_end(plain, plain.http_port, v2(CLIENT, 1)) for _ in range(2)]
    for caller in first:
        caller.write(request(body=b"{}"))
        assert (await caller.answer()).code == UNKNOWN_COMMAND
    assert await (await back_end(plain, plain.http_port, v2(CLIENT, 1))).ended(), "the third of one address"
    for header in (LOCAL, LOCAL, LOCAL, v2("203.0.113.10", 1)):
        caller = await back_end(plain, plain.http_port, header)
        caller.write(request(body=b"{}"))
        assert (await caller.answer()).code == UNKNOWN_COMMAND
        first.append(caller)
    assert await (await back_end(plain, plain.http_port, b"POST / HTTP/1.1\r\n\r\n")).ended()
    assert refused(plain) == 1
    for caller in first:
        caller.close()


async def refused_by_http(server: TestServer) -> dict[str, int]:
    """Connections of back ends that were refused, in all processes, by reason."""
    async with server.client("administrator") as root:
        entries = await all_metrics(root)
    return {entry.labels[0].value: int(entry.value) for entry in entries if entry.name == HTTP_REFUSED.name}


async def test_refused_connections_of_back_ends_are_counted(behind: TestServer) -> None:  # OP-02
    none = {"limit": 0, "address": 0, "handshake": 0, "proxy": 0}
    assert await refused_by_http(behind) == none
    loop = asyncio.get_running_loop()
    ports = http_ports(behind)
    for port in ports:
        no_header = RawHttp(*await streams(await dial(port), b"GET / HTTP/1.1\r\n\r\n"))
        assert await no_header.ended()
        made = [await dial(port, "127.0.0.3") for _ in range(3)]
        assert await loop.sock_recv(made[2], 1) == b"", "the third of one address"
        for one in made:
            one.close()
    unmade = 2 * len(ports) if behind.trust() is not None else 0
    expected = none | {"address": len(ports), "proxy": len(ports), "handshake": unmade}
    async with asyncio.timeout(30):  # the server sees only now that two have gone without a handshake
        while await refused_by_http(behind) != expected:
            await asyncio.sleep(0.01)


# -- settings


@pytest.mark.parametrize("section", ["server", "http"])
@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("proxy.example", "'proxy.example' does not appear to be"),
        (",".join(["10.0.0.1"] * 101), "at most 100 networks"),
    ],
)
def test_networks_that_are_none_are_named(section: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=rf"{section}\.proxy_from") as error:
        load(None, {}, [f"{section}.proxy_from={value}"])
    assert said in str(error.value)


def test_trusting_everybody_is_warned_of() -> None:
    for key in ("server", "http"):
        found = warnings_of(load(None, {}, [f"{key}.proxy_from=10.0.0.0/8,::/0"]))
        assert any(f"{key}.proxy_from holds every address" in text for text in found)
    assert not any("proxy_from" in text for text in warnings_of(load(None, {}, ["server.proxy_from=10.0.0.0/8,::1"])))


def test_where_proxies_are() -> None:
    loop = asyncio.new_event_loop()
    made = proxies.Proxies(loop, networks_of(["10.0.0.0/8", "192.0.2.7", "fe80::/10"]), lambda: None)
    assert [made.holds(host) for host in ("10.9.9.9", "192.0.2.7", "fe80::1%eth0", "fe80::1")] == [True] * 4
    assert [made.holds(host) for host in ("11.0.0.1", "192.0.2.8", "::1", "::ffff:10.0.0.1")] == [False] * 4
    loop.close()
