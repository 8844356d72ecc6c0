"""`rcim-bench limits`: what a delivery costs beside what it can at best cost, in one run on one machine.

For each number of connections, for plain and TLS, and for k messages in one write: a raw writer without a protocol
(rawwriter.py) and rcim, in turn, with the same number of bytes to the same number of sockets at the same moments.
The receivers are the same for both: they count (counting.py), and of rcim's a share checks every message.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rcim_bench.counting import BYTES, RECORDS, Counting
from rcim_bench.crowd import Crowd
from rcim_bench.rig import facts, pin_apart, rig, usage

from rcim.base.errors import RcimError
from rcim.client.trust import client_context
from rcim.load.swarm import STAMP, stamped
from rcim.session.tls import TlsCore
from rcim.wire import frames
from rcim.wire.schema import Frame

TICKS_PER_S = 10.0
DELIVERIES_PER_S = 40_000
"""Ticks are so far apart that each is a pass of its own, over 10,000 sockets with TLS too: 10 a second, or fewer."""
CHECKING = 100
"""Of rcim's members, so many check."""
CONNECTING_AT_ONCE = 64
RAW_DONE_S = 60.0
RAW_SOCKET = "socket"
"""A bare send on each socket: the limit."""
RAW_LOOP = "loop"
"""Through the loop's transports, as the server does."""


class _Sink(asyncio.Protocol):
    """The handshake with a raw writer; then `ready` gets the transport."""

    def __init__(self, tls: TlsCore | None, ready: Callable[[Any], None]) -> None:
        self._tls = tls
        self._ready = ready
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        if self._tls is None:
            self._ready(transport)
        else:
            transport.write(self._tls.data_to_send())

    def data_received(self, data: bytes) -> None:
        assert self._tls is not None
        self._tls.receive(data)
        self._transport.write(self._tls.data_to_send())
        if self._tls.ready:
            self._ready(self._transport)
            self._tls = None


async def _connect_sinks(counting: Counting, members: int, port: int, certificate: str) -> None:
    context = client_context(certificate) if certificate else None
    gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    loop = asyncio.get_running_loop()

    async def one() -> None:
        async with gate:
            ready: asyncio.Future[Any] = loop.create_future()
            tls = TlsCore(context, server_side=False, server_hostname="localhost") if context else None
            await loop.create_connection(lambda: _Sink(tls, ready.set_result), "127.0.0.1", port)
            counting.take(await ready)

    await asyncio.gather(*(one() for _ in range(members)))


async def raw(way: str, members: int, size: int, ticks: float, seconds: float, certificate: str) -> dict[str, float]:
    """The raw writer: CPU for each write, in µs, and the share of its bytes that did not arrive."""
    before = os.sched_getaffinity(0)
    _, move = pin_apart()
    arguments = ["-m", "rcim_bench.rawwriter", way, str(size), str(ticks), str(seconds), certificate]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    move()
    assert process.stdin is not None and process.stdout is not None
    counting = Counting(asyncio.get_running_loop(), RECORDS if certificate else BYTES)
    try:
        port = json.loads(await process.stdout.readline())["port"]
        await _connect_sinks(counting, members, port, certificate)
        own = usage(os.getpid())
        process.stdin.write(b"go\n")
        async with asyncio.timeout(seconds + RAW_DONE_S):
            said = json.loads(await process.stdout.readline())
        used = usage(os.getpid())
        process.stdin.write(b"end\n")
        # What is under way arrives before the writer's end is seen.
        while counting.ended < len(counting):
            await asyncio.sleep(0.02)
        missing = said["writes"] * size - counting.total
    finally:
        counting.close()
        if process.returncode is None:
            process.kill()
        await process.communicate()
        os.sched_setaffinity(0, before)
    return {
        "cpu_us": said["cpu_s"] * 1e6 / max(1, said["writes"]),
        "lost": missing,
        "generator": (used.cpu_s - own.cpu_s) / (used.at - own.at),
    }


async def _rcim(members: int, k: int, payload: int, ticks: float, seconds: float, plain: bool) -> dict[str, float]:
    """rcim: k messages at each tick to a group; CPU of the whole server for each delivery, and what went wrong."""
    async with rig(("limits.out_slow_ms=60000",), plain=plain) as made:
        crowd = Crowd(made, "limits")
        await crowd.gather(members, CHECKING)
        accepted: list[int] = []

        def answered(found: Frame | RcimError) -> None:
            if isinstance(found, frames.SendOk):
                accepted.append(found.seq)

        async def send(count: int, tag: str) -> None:
            start = time.monotonic()
            for tick in range(count):
                await asyncio.sleep(max(0.0, start + tick / ticks - time.monotonic()))
                together = [(f"{tag}{tick:05d}-{n}", stamped(0, tick, payload)) for n in range(k)]
                crowd.sender.send_together(crowd.conversation, together, answered)
            await asyncio.sleep(1 / ticks)

        warm_ticks = int(ticks / 2) + 1
        await send(warm_ticks, "w")
        await crowd.settle(warm_ticks * k)
        warm = crowd.account(len(accepted))
        accepted.clear()
        crowd.mark()
        before, own = made.usage(), usage(os.getpid())
        count = int(ticks * seconds)
        await send(count, "m")
        await crowd.settle(count * k)
        after, used = made.usage(), usage(os.getpid())
        found = crowd.account(len(accepted))
        await crowd.close()
        return {
            "cpu_us": (after.cpu_s - before.cpu_s) * 1e6 / max(1, found.delivered),
            "lost": found.lost + warm.lost + (count * k - len(accepted)) * members,
            "wrong": found.duplicated + found.reordered,
            "generator": (used.cpu_s - own.cpu_s) / (used.at - own.at),
        }


async def run(
    members: list[int],
    ks: list[int],
    payload: int,
    seconds: float,
    rounds: int,
    way: str,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Measure every combination, `rounds` times each in turn, the raw writer and rcim one after the other.

    `way` is how the raw writer writes: RAW_SOCKET or RAW_LOOP.

    Returns the report, with medians. Raises ServerFailed, RcimError or OSError.
    """
    message_bytes = delivery_bytes(payload)
    rows = []
    totals: Counter[str] = Counter()
    for count in members:
        ticks = min(TICKS_PER_S, DELIVERIES_PER_S / count)
        for plain in (True, False):
            for k in ks:
                pairs: list[tuple[dict[str, float], dict[str, float]]] = []
                for number in range(rounds):
                    say(f"{count} connections, {'plain' if plain else 'TLS'}, k = {k}, round {number + 1}")
                    async with rig(plain=plain) as made:  # for its certificate alone; it is idle meanwhile
                        certificate = "" if plain else str(made.data.certificate)
                        beside = await raw(way, count, k * message_bytes, ticks, seconds, certificate)
                    own = await _rcim(count, k, payload, ticks, seconds, plain)
                    totals.update(lost=int(own["lost"]), wrong=int(own["wrong"]), raw_lost_bytes=int(beside["lost"]))
                    pairs.append((beside, own))
                rows.append(_row(count, plain, k, pairs))
    return {
        "bench": "limits",
        "payload": payload,
        "message_bytes": message_bytes,
        "seconds": seconds,
        "rounds": rounds,
        "raw_writer": way,
        "members_checking": min(CHECKING, *members),
        "lost": totals["lost"],
        "wrong": totals["wrong"],
        "raw_lost_bytes": totals["raw_lost_bytes"],
        "rows": rows,
        "machine": facts(),
    }


def _row(count: int, plain: bool, k: int, pairs: list[tuple[dict[str, float], dict[str, float]]]) -> dict[str, Any]:
    raw_us = [max(raw["cpu_us"] / k, 0.001) for raw, _ in pairs]  # never 0: a row has to divide
    own_us = [max(own["cpu_us"], 0.001) for _, own in pairs]
    ratios = [own / raw for raw, own in zip(raw_us, own_us, strict=True)]
    raw, own = statistics.median(raw_us), statistics.median(own_us)
    return {
        "connections": count,
        "tls": not plain,
        "k": k,
        "raw_us": round(raw, 2),
        "rcim_us": round(own, 2),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_min": round(min(ratios), 2),
        "ratio_max": round(max(ratios), 2),
        "raw_per_s": round(1e6 / raw),
        "rcim_per_s": round(1e6 / own),
        "generator_cpu": round(max(one["generator"] for pair in pairs for one in pair), 2),
    }


def delivery_bytes(payload: int) -> int:
    """Bytes of a delivery as the members of a bench get it: the raw writer's are as many."""
    assert payload >= STAMP.size
    body = stamped(0, 0, payload)
    message = frames.Message(1, 1, 1, 2, "m00000", "", "", "", "m00010-0", body)  # type: ignore[arg-type]
    return len(frames.Deliver("g:limits", [message]).encode())
