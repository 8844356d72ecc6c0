"""Attacks by strangers and users (bench/attackers.py): each is stopped by its bound, and honest users get their answers.

How long those take is shown by `rcim-bench attack`; here it is only counted what happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import pytest
from rcim_bench import attack as bench
from rcim_bench.attackers import ATTACKS, CALM, Attack
from rcim_bench.attackers_proxy import PROXY_ON, broken, forged

from rcim.base.errors import RcimError
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, SteadyClock, TestServer, create, send
from tests.kit_http import HTTP_ON
from tests.kit_raw_http import RawHttp, request

QUICK_S = 1.5
UNKNOWN_COMMAND = 60009
"""What an ordinary caller over HTTP is answered here."""


def stopped(name: str, counters: Any) -> bool:
    """Whether the attack has met its bound, as far as that is counted."""
    met = {
        "key-updates": counters.tls_limits,
        "half-client-hellos": counters.tls_limits,
        "pings": counters.too_frequent,
        "unknown-frames": counters.too_frequent,
        "bad-bodies": counters.too_frequent,
        "refused-requests": counters.too_frequent,
        "logins": counters.refused_logins,
        "proxy-headers": min(counters.proxy_headers_refused, counters.tls_failures),
    }
    return bool(met.get(name, 1))


@pytest.mark.parametrize("name", [name for name in ATTACKS if name not in ("sync-directed", "joins")])
async def test_honest_users_get_their_answers(tmp_path: Path, name: str) -> None:
    flags = (*HTTP_ON, "http.tls=false", *((PROXY_ON,) if name.startswith("proxy-") else ()))
    server = TestServer(tmp_path / "data", tls=True, limited=True, flags=flags)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create(CALM, "bob"))
    attack = Attack("127.0.0.1", server.port, tmp_path / "data", QUICK_S, server.http_port)
    back_end = await RawHttp.dial(server.http_port)
    under_way = asyncio.create_task(ATTACKS[name](attack))  # type: ignore[arg-type]
    try:
        for number in range(15):
            assert isinstance(await alice.ask(send(CALM, f"c{number}")), f.SendOk)
            assert (await bob.take_of(f.Deliver)).messages
            assert isinstance(await bob.ask(f.History(f"g:{CALM}", 0, 0, 5, True)), f.HistoryOk)
            if number % 5 == 0:
                await (await server.member(f"late{number}")).close()
            back_end.write(request(body=b"{}"))
            assert (await back_end.answer()).code == UNKNOWN_COMMAND
        async with asyncio.timeout(PATIENCE_S):
            await under_way
        back_end.close()
        if name == "proxy-headers":  # on a slow machine one second of the attack may be over before any of these
            await asyncio.gather(broken(server.port, random.Random(1)), forged(server.port, random.Random(1)))
        seconds = QUICK_S
        async with asyncio.timeout(PATIENCE_S):
            while not stopped(name, server.server.hub.table.counters):  # on a slow machine it had not come so far
                seconds *= 2
                await ATTACKS[name](Attack("127.0.0.1", server.port, tmp_path / "data", seconds, server.http_port))  # type: ignore[arg-type]
    finally:
        under_way.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await under_way
        await server.stop()


async def test_who_goes_on_after_too_frequent_is_thrown_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-01
    SteadyClock(monkeypatch)  # all of it is in one minute, however long it takes
    flags = ("limits.control_per_min=5", "limits.refusals_per_min=10")
    server = TestServer(tmp_path / "data", tls=False, limited=True, flags=flags)
    await server.start()
    eve, other = await server.member("eve"), await server.member("eve")
    bob = await server.member("bob")
    for number in range(40):
        eve.write(f.Ping(number).encode(10 + number))
    names = []
    async with asyncio.timeout(PATIENCE_S):
        while (raw := await eve.take_raw()) is not None:
            names.append(f.Error.decode(raw.body).code if raw.type == f.Error.TYPE else 0)
    assert names.count(0) == 5 and names.count(10006) == 10 and names[-1] == 300023
    other.write(f.Ping(1).encode(99))
    found = await other.take()
    assert isinstance(found, RcimError) and found.code.name == "FLOODING", "one budget for all connections of a user"
    late = await server.raw()
    await late.hello()
    late.write(f.Login("eve", server.sign("eve"), 2, "").encode(7))  # type: ignore[arg-type]
    refused = await late.take()
    assert isinstance(refused, RcimError) and refused.code.name == "TOO_FREQUENT" and refused.retry_after_ms > 0
    assert isinstance(await bob.ask(f.Ping(1)), f.Pong)
    await server.stop()


async def test_guests_of_one_address_share_its_turns_and_its_logins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-06, LI-01
    SteadyClock(monkeypatch)
    server = TestServer(
        tmp_path / "data", tls=False, limited=True, flags=("app.guests=true", "limits.control_per_min=3")
    )
    await server.start()
    names = []
    for _ in range(5):
        raw = await server.raw()
        await raw.hello()
        raw.write(f.Login("", "", 2, "").encode(7))  # type: ignore[arg-type]
        found = await raw.take()
        names.append(found.code.name if isinstance(found, RcimError) else type(found).__name__)
    assert names == ["LoginOk"] * 3 + ["TOO_FREQUENT"] * 2
    connections = list(server.server.hub.table)
    assert {one.charged_to for one in connections} == {"@127.0.0.1"}
    alice = await server.member("alice")
    assert isinstance(await alice.ask(f.Ping(1)), f.Pong)
    assert "alice" in {one.charged_to for one in server.server.hub.table}
    await server.stop()


@pytest.mark.slow
async def test_the_bench_small() -> None:
    report = await bench.run(["pings", "half-client-hellos"], 0, 1.0, lambda _: None)
    assert [row["attack"] for row in report["rows"]] == ["pings", "half-client-hellos"]
    for row in report["rows"]:
        assert row["attackers"] > 0
        for measured in (row["honest"], row["calm"]):
            assert measured.keys() == {"send", "history", "login"}
            assert all(kind["failed"] == 0 and kind["p99"] > 0 for kind in measured.values())


def test_a_report_over_the_target_fails() -> None:
    good = {"p50": 1.0, "p99": 10.0, "max": 20.0, "failed": 0}
    row = {"attack": "a", "calm": {"send": good}, "honest": {"send": {**good, "p99": 40.0}}}
    assert bench.failures({"rows": [row]}) == []
    for change in ({"p99": 40.1}, {"max": 201.0}, {"failed": 1}):
        assert bench.failures({"rows": [{**row, "honest": {"send": {**good, **change}}}]})


async def test_an_unknown_attack_is_named() -> None:
    with pytest.raises(ValueError, match="no attack nonsense"):
        await bench.run(["nonsense"], 0, 1.0, lambda _: None)
