"""`rcim-bench http`: durable sends of a back end over HTTP, beside the same sends over frames; and what waits (LI-02).

1. Without limits of rates: `connections` callers, each with one send under way on a connection that stays open, over
   frames as the administrator and over HTTP. Rounds of both take turns; the median counts.
2. With ordinary limits: more callers than may wait send as fast as they are answered. So many a second pass, the others
   wait or are refused at once; meanwhile a request that is no send is answered without waiting.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

from rcim_bench.asking import Times
from rcim_bench.http_caller import FLAGS, Caller, Requests, code_of
from rcim_bench.load import Load, stop_all
from rcim_bench.rig import ADMIN, Rig, facts, rig

from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.content.elements import Text, encode_body
from rcim.wire import frames

Say = Callable[[str], None]

GROUP = "lobby"
TEXT = "x" * 200
ROUNDS = 3
BURST_S = 2.0
"""The first two seconds of sends with limits are a burst, and all callers come at once: not measured."""
RETRY_S = 1.0
"""After about which a caller that was refused sends again."""
LI02_LEAST, LI02_MOST = 0.75, 1.1
"""Of the rate of LI-02, what may pass in the time that is measured: at its end some answers are still on their way."""


async def run(seconds: float, connections: int, gateways: int, waiting: int, say: Say) -> dict[str, Any]:
    """Both parts; `seconds` of each kind of sends without limits, and as many with them. `waiting`: callers of the second
    part. Raises RcimError or OSError."""
    async with rig([*FLAGS, "http.command_rates=false", f"server.gateways={gateways}"], plain=True) as made:
        await _group(made)
        free = await _beside_frames(made, seconds, connections, say)
    flags = [*FLAGS, "http.command_rates=false", f"server.gateways={gateways}"]
    async with rig(flags, plain=True, limited=True) as made:
        await _group(made)
        limited = await _limited(made, max(seconds, 2 * BURST_S), waiting, say)
    return {"bench": "http", "gateways": gateways, "connections": connections, **free, **limited, "machine": facts()}


async def _group(made: Rig) -> None:
    admin = await made.admin()
    option = ApplyJoinOption.FREE_ACCESS
    await admin.ask(frames.GroupCreate(GROUP, "Public", GROUP, "", "", "", option, []))
    admin.link.on_closed = lambda _: None
    admin.link.close()


# -- without limits


async def _beside_frames(made: Rig, seconds: float, connections: int, say: Say) -> dict[str, Any]:
    """Rounds of both, in turn."""
    swarm = made.swarm()
    await swarm.connect([ADMIN] * connections)
    callers = [await Caller.dial(made.process.http_port) for _ in range(connections)]
    asks, times = Requests(made), Times()
    found: dict[str, list[tuple[float, float]]] = {"frames": [], "http": []}
    refused = 0
    for number in range(ROUNDS + 1):
        warm = number == 0
        length_s = min(1.0, seconds) if warm else seconds / ROUNDS
        loads = [
            Load(member, [group_conversation(GROUP)], 1, encode_body([Text(TEXT)]), f"{number}-{i}")
            for i, member in enumerate(swarm.members)
        ]
        rates = {
            "frames": await _rate(made, length_s, lambda loads=loads, s=length_s: _by_frames(loads, s)),
            "http": await _rate(
                made, length_s, lambda s=length_s, t=Times() if warm else times: _by_http(callers, asks, s, t)
            ),
        }
        refused += sum(load.refused for load in loads)
        if not warm:
            for kind, rate in rates.items():
                found[kind].append(rate)
    swarm.close()
    for caller in callers:
        caller.close()
    http, beside = (_median(found[kind]) for kind in ("http", "frames"))
    say(f"{http[0]:.0f} sends a second over HTTP, {beside[0]:.0f} over frames")
    return {
        "sends_per_s": round(http[0]),
        "p50_ms": round(times.percentile_ms(50), 2),
        "p99_ms": round(times.percentile_ms(99), 2),
        "ratio_to_frames": round(http[0] / beside[0], 3) if beside[0] else 0.0,
        "frames_sends_per_s": round(beside[0]),
        "cpu_us_per_send": round(http[1]),
        "frames_cpu_us_per_send": round(beside[1]),
        "frames_refused": refused,
    }


def _median(rows: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(row[0] for row in rows), statistics.median(row[1] for row in rows)


async def _rate(made: Rig, seconds: float, job: Callable[[], Any]) -> tuple[float, float]:
    """What is accepted in a second, and the server's CPU time for one, in microseconds."""
    before, began_s = made.usage(), time.monotonic()
    accepted = await job()
    took_s = time.monotonic() - began_s
    return accepted / took_s, (made.usage().cpu_s - before.cpu_s) * 1e6 / max(1, accepted)


async def _by_frames(loads: list[Load], seconds: float) -> int:
    for load in loads:
        load.start()
    await asyncio.sleep(seconds)
    await stop_all(loads)
    return sum(load.accepted for load in loads)


async def _by_http(callers: list[Caller], asks: Requests, seconds: float, times: Times) -> int:
    end_s = time.monotonic() + seconds
    accepted = 0

    async def one(caller: Caller) -> None:
        nonlocal accepted
        while (began_s := time.monotonic()) < end_s:
            code = code_of(await caller.ask(asks.send(GROUP, TEXT)))
            times.add(time.monotonic() - began_s)
            if code:
                raise ValueError(f"a send over HTTP was refused: {code}")
            accepted += 1

    await asyncio.gather(*(one(caller) for caller in callers))
    return accepted


# -- with limits


class Waiting:
    """Callers that send as fast as they are answered, and what becomes of their sends."""

    def __init__(self) -> None:
        self.passed: list[float] = []
        """When each was answered that passed."""
        self.refused = self.under_way = 0
        self._random = random.Random(1)

    async def sends(self, caller: Caller, asks: Requests) -> None:
        """Until it is cancelled."""
        try:
            while True:
                self.under_way += 1
                code = code_of(await caller.ask(asks.send(GROUP, TEXT)))
                self.under_way -= 1
                if code == 0:
                    self.passed.append(time.monotonic())
                else:
                    self.refused += 1
                    await asyncio.sleep(RETRY_S * self._random.uniform(0.5, 1.5))
        finally:
            caller.close()


async def _limited(made: Rig, seconds: float, waiting: int, say: Say) -> dict[str, Any]:
    """More sends than may pass, and a read beside them."""
    asks, state, reads, most = Requests(made), Waiting(), Times(), 0
    port = made.process.http_port
    reader, callers = await Caller.dial(port), [await Caller.dial(port) for _ in range(waiting)]
    began_s = time.monotonic()
    jobs = [asyncio.create_task(state.sends(caller, asks)) for caller in callers]
    try:
        while (now_s := time.monotonic()) < began_s + seconds:
            body = await reader.ask(asks.of("im_open_login_svc/account_import", UserID="somebody"))
            if code := code_of(body):
                raise ValueError(f"a request that is no send was refused: {code}")
            if now_s > began_s + BURST_S:
                reads.add(time.monotonic() - now_s)
                most = max(most, state.under_way)
            await asyncio.sleep(0.05)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        reader.close()
    measured = [at for at in state.passed if at > began_s + BURST_S]
    li02 = len(measured) / (time.monotonic() - began_s - BURST_S)
    say(f"with limits {li02:.1f} sends a second, {most} waited at most, {state.refused} were refused")
    return {
        "li02_per_s": round(li02, 1),
        "queue_max": most,
        "refused_by_limit": state.refused,
        "callers": waiting,
        "read_p99_ms_meanwhile": round(reads.percentile_ms(99), 1),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be: more sends than LI-02 lets pass, a queue without a bound, a send over frames that was refused."""
    found = []
    most = DEFAULTS.backend_sends_per_s
    if not most * LI02_LEAST <= report["li02_per_s"] <= most * LI02_MOST:
        found.append(f"li02_per_s {report['li02_per_s']}, {most} allowed")
    if report["queue_max"] > DEFAULTS.backend_queue_max + most:
        found.append(f"queue_max {report['queue_max']}")
    if report["frames_refused"]:
        found.append(f"frames_refused {report['frames_refused']}")
    return found
