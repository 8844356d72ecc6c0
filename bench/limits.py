"""`rcim-bench limits`: what a delivery costs beside what it can at best cost, in one run on one machine.

For each number of connections, for plain and TLS, and for k messages in one write: a raw writer without a protocol
(rawwriter.py) and rcim, in turn, with the same number of bytes to the same number of sockets at the same moments.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from rcim_bench.fanout import join_all, settle
from rcim_bench.rig import facts, pin_apart, rig, usage

from rcim.base.errors import RcimError
from rcim.base.terms import group_conversation
from rcim.client.swarm import STAMP, stamped
from rcim.client.trust import client_context
from rcim.session.tls import TlsCore
from rcim.wire import frames
from rcim.wire.schema import Frame

TICKS_PER_S = 10.0
"""Passes a second: far enough apart that each is a pass of its own, also over 10,000 sockets with TLS."""
CONNECTING_AT_ONCE = 64


class _Sink(asyncio.Protocol):
    """Receives from a raw writer and counts bytes of plaintext or, with TLS, of records."""

    def __init__(self, tls: TlsCore | None, ready: Callable[[], None]) -> None:
        self._tls = tls
        self._ready = ready
        self.received = 0
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        if self._tls is None:
            self._ready()
        else:
            transport.write(self._tls.data_to_send())

    def data_received(self, data: bytes) -> None:
        tls = self._tls
        if tls is None:
            self.received += len(data)
            return
        was_ready = tls.ready
        self.received += len(tls.receive(data))
        if not was_ready:
            self.transport.write(tls.data_to_send())
            if tls.ready:
                self._ready()


async def _raw(members: int, size: int, seconds: float, certificate: str) -> dict[str, float]:
    """The raw writer: CPU for each write, in µs, and how many of its bytes arrived."""
    before = os.sched_getaffinity(0)
    _, move = pin_apart()
    arguments = ["-m", "rcim_bench.rawwriter", str(size), str(TICKS_PER_S), str(seconds), certificate]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    move()
    assert process.stdin is not None and process.stdout is not None
    sinks: list[_Sink] = []
    try:
        port = json.loads(await process.stdout.readline())["port"]
        context = client_context(certificate) if certificate else None
        gate = asyncio.Semaphore(CONNECTING_AT_ONCE)

        async def one() -> None:
            async with gate:
                ready = asyncio.Event()
                tls = TlsCore(context, server_side=False, server_hostname="localhost") if context else None
                sink = _Sink(tls, ready.set)
                sinks.append(sink)
                await asyncio.get_running_loop().create_connection(lambda: sink, "127.0.0.1", port)
                await ready.wait()

        await asyncio.gather(*(one() for _ in range(members)))
        process.stdin.write(b"go\n")
        said = json.loads(await process.stdout.readline())
    finally:
        for sink in sinks:
            if sink.transport is not None:
                sink.transport.abort()
        if process.returncode is None:
            process.kill()
        await process.communicate()
        os.sched_setaffinity(0, before)
    return {"cpu_us": said["cpu_s"] * 1e6 / max(1, said["writes"]), "share": said["cpu_s"] / said["seconds"]}


async def _rcim(members: int, k: int, payload: int, seconds: float, plain: bool) -> dict[str, Any]:
    """rcim: k messages at each tick to a group; CPU of the whole server for each delivery, and what went wrong."""
    async with rig(("limits.out_slow_ms=60000",), plain=plain) as made:
        swarm = made.swarm()
        await swarm.connect([f"m{i}" for i in range(members)])
        await join_all(swarm, "limits")
        conversation, sender = group_conversation("limits"), swarm.members[0]
        accepted: list[int] = []

        def answered(found: Frame | RcimError) -> None:
            if isinstance(found, frames.SendOk):
                accepted.append(found.seq)

        async def ticks(count: int, tag: str) -> None:
            start = time.monotonic()
            for tick in range(count):
                await asyncio.sleep(max(0.0, start + tick / TICKS_PER_S - time.monotonic()))
                for n in range(k):
                    sender.send(conversation, f"{tag}{tick}-{n}", stamped(0, tick, payload), answered)

        await ticks(int(TICKS_PER_S / 2), "warm")
        await settle(swarm.tally, int(TICKS_PER_S / 2) * k * members)
        warm = swarm.tally.delivered
        before = usage(made.server_pid)
        count = int(TICKS_PER_S * seconds)
        await ticks(count, "m")
        await settle(swarm.tally, warm + count * k * members)
        after = usage(made.server_pid)
        tally = swarm.tally
        delivered = tally.delivered - warm
        swarm.close()
        await asyncio.sleep(0)
        return {
            "cpu_us": (after.cpu_s - before.cpu_s) * 1e6 / max(1, delivered),
            "share": (after.cpu_s - before.cpu_s) / (after.at - before.at),
            "lost": len(accepted) * members - tally.delivered + tally.gaps,
            "wrong": tally.duplicated + tally.reordered,
        }


async def run(
    members: list[int], ks: list[int], payload: int, seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure every combination; returns the report. Raises ServerFailed, RcimError or OSError."""
    message = frames.Deliver("g:limits", [_message(payload)]).encode()
    rows = []
    totals: Counter[str] = Counter()
    for count in members:
        for plain in (True, False):
            for k in ks:
                say(f"{count} connections, {'plain' if plain else 'TLS'}, k = {k}")
                async with rig(plain=plain) as made:  # for its certificate alone; it is idle meanwhile
                    certificate = "" if plain else str(made.data.certificate)
                    raw = await _raw(count, k * len(message), seconds, certificate)
                own = await _rcim(count, k, payload, seconds, plain)
                totals.update(lost=own["lost"], wrong=own["wrong"])
                raw_us, own_us = (
                    max(raw["cpu_us"] / k, 0.001),
                    max(own["cpu_us"], 0.001),
                )  # never 0: a row has to divide
                rows.append(
                    {
                        "connections": count,
                        "tls": not plain,
                        "k": k,
                        "raw_us": round(raw_us, 2),
                        "rcim_us": round(own_us, 2),
                        "ratio": round(own_us / raw_us, 2),
                        "raw_per_s": round(1e6 / raw_us),
                        "rcim_per_s": round(1e6 / own_us),
                    }
                )
    return {
        "bench": "limits",
        "payload": payload,
        "message_bytes": len(message),
        "ticks_per_s": TICKS_PER_S,
        "seconds": seconds,
        "lost": totals["lost"],
        "wrong": totals["wrong"],
        "rows": rows,
        "machine": facts(),
    }


def _message(payload: int) -> frames.Message:
    """A message as the members of the bench get it: the raw writer's bytes are as many."""
    assert payload >= STAMP.size
    return frames.Message(1, 1, 1, 2, "m0", "", "", "", "m10-0", stamped(0, 0, payload))  # type: ignore[arg-type]
