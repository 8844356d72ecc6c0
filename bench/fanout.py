"""`rcim-bench fanout`: one sender, a group of N, R messages a second for S seconds; every delivery is checked.

Open loop: the schedule is made before, and a latency counts from the moment a message was due, whenever it was sent.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rcim_bench.crowd import SETTLE_S, Crowd
from rcim_bench.latency import encoded, percentiles_ms
from rcim_bench.rig import Rig, facts, usage

from rcim.base.errors import RcimError
from rcim.load.swarm import SwarmMember, stamped
from rcim.wire import frames
from rcim.wire.schema import Frame

GROUP = "bench"
WARM_UP_S = 1.0


@dataclass
class Counts:
    """What the sender saw."""

    offered: int = 0
    accepted: int = 0
    refused: int = 0
    lag_ns_max: int = 0


async def send_paced(
    sender: SwarmMember, conversation: str, rate: float, seconds: float, payload: int, tag: str
) -> Counts:
    """Send on schedule; returns when every send is answered or SETTLE_S have passed."""
    loop = asyncio.get_running_loop()
    counts = Counts()
    total = int(rate * seconds)
    done = asyncio.Event()
    start_ns = time.monotonic_ns() + 10_000_000

    def answered(found: Frame | RcimError) -> None:
        if isinstance(found, frames.SendOk):
            counts.accepted += 1
        else:
            counts.refused += 1
        if counts.accepted + counts.refused == total:
            done.set()

    for number in range(total):
        due_ns = start_ns + int(number * 1e9 / rate)
        wait = (due_ns - time.monotonic_ns()) / 1e9
        if wait > 0:
            await asyncio.sleep(wait)
        counts.lag_ns_max = max(counts.lag_ns_max, time.monotonic_ns() - due_ns)
        counts.offered += 1
        sender.send(conversation, f"{tag}{number:06d}", stamped(due_ns, number, payload), answered)
    try:
        async with asyncio.timeout(SETTLE_S):
            await done.wait()
    except TimeoutError:
        pass
    assert loop.is_running()
    return counts


async def run(
    rig: Rig,
    members: int,
    rate: float,
    seconds: float,
    payload: int,
    say: Callable[[str], None],
    checked: int | None = None,
) -> dict[str, Any]:
    """Measure; returns the report. Raises RcimError or OSError if the members can't be brought in."""
    before_rss = rig.usage().rss_kib
    crowd = Crowd(rig, f"{GROUP}-{os.getpid()}-{time.time_ns() & 0xFFFFFF}")
    say(f"connecting {members} members")
    await crowd.gather(members, checked)
    rss = rig.usage().rss_kib
    say("warming up")
    warm = await send_paced(crowd.sender, crowd.conversation, rate, WARM_UP_S, payload, "warm-")
    await crowd.settle(warm.accepted)
    warm_lost = crowd.account(warm.accepted).lost
    crowd.mark()
    say(f"sending {rate:g} messages a second for {seconds:g} s")
    own_before, server_before = usage(os.getpid()), rig.usage()
    counts = await send_paced(crowd.sender, crowd.conversation, rate, seconds, payload, "m-")
    await crowd.settle(counts.accepted)
    own_after, server_after = usage(os.getpid()), rig.usage()
    found = crowd.account(counts.accepted)
    wall_s = own_after.at - own_before.at
    server_cpu_s = server_after.cpu_s - server_before.cpu_s
    report = {
        "bench": "fanout",
        "members": members,
        **crowd.facts(),
        "rate": rate,
        "seconds": seconds,
        "payload": payload,
        "tls": rig.process.tls,
        "offered": counts.offered,
        "accepted": counts.accepted,
        "refused": counts.refused,
        "expected_deliveries": counts.accepted * members,
        "delivered": found.delivered,
        "lost": found.lost + warm_lost,
        "duplicated": found.duplicated,
        "reordered": found.reordered,
        "resyncs": crowd.tally.resyncs,
        "deliveries_per_s": round(found.delivered / wall_s, 1),
        "server_cpu_us_per_delivery": round(server_cpu_s * 1e6 / max(1, found.delivered), 3),
        "server_cpu_share": round(server_cpu_s / wall_s, 3),
        "server_rss_kib_per_connection": round((rss - before_rss) / members, 2),
        "generator_cpu_share": round((own_after.cpu_s - own_before.cpu_s) / wall_s, 3),
        "send_lag_ms_max": round(counts.lag_ns_max / 1e6, 3),
        "connect_s": round(crowd.connect_s, 2),
        "latency_ms": percentiles_ms(crowd.tally.latency),
        "latency_histogram": encoded(crowd.tally.latency) if crowd.tally.latency else "",
        "closed": dict(crowd.tally.closed),
        "pinned": rig.pinned,
        "machine": facts(),
    }
    await crowd.close()
    return report


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be: anything lost, doubled or out of order, and sends that were not accepted."""
    return [f"{name} {report[name]}" for name in ("lost", "duplicated", "reordered", "refused") if report[name]]
