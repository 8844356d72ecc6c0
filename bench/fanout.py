"""`rcim-bench fanout`: one sender, a group of N, R messages a second for S seconds; every delivery is checked.

Open loop: the schedule is made before, and a latency counts from the moment a message was due, whenever it was sent.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rcim_bench.latency import encoded, percentiles_ms
from rcim_bench.rig import Rig, Usage, facts, usage

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.client.swarm import Swarm, SwarmMember, Tally, stamped
from rcim.wire import frames
from rcim.wire.schema import Frame

GROUP = "bench"
WARM_UP_S = 1.0
SETTLE_S = 10.0
"""How long after the last send the last delivery may come."""
JOINS_AT_ONCE = 200


@dataclass
class Counts:
    """What the sender saw."""

    offered: int = 0
    accepted: int = 0
    refused: int = 0
    lag_ns_max: int = 0


async def join_all(swarm: Swarm, group_id: str) -> None:
    """The first member makes the group, all others join it. Raises RcimError."""
    owner, others = swarm.members[0], swarm.members[1:]
    create = frames.GroupCreate(group_id, "Public", group_id[:30], "", "", "", ApplyJoinOption.FREE_ACCESS, [])
    await owner.ask(create)
    gate = asyncio.Semaphore(JOINS_AT_ONCE)

    async def join(member: SwarmMember) -> None:
        async with gate:
            await member.ask(frames.GroupJoin(group_id, ""))

    await asyncio.gather(*(join(member) for member in others))


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
        sender.send(conversation, f"{tag}{number}", stamped(due_ns, number, payload), answered)
    try:
        async with asyncio.timeout(SETTLE_S):
            await done.wait()
    except TimeoutError:
        pass
    assert loop.is_running()
    return counts


async def settle(tally: Tally, expected: int) -> None:
    """Wait for the last deliveries: until all have come, or none has come for a second, SETTLE_S at the most."""
    end = time.monotonic() + SETTLE_S
    last, since = -1, time.monotonic()
    while tally.delivered < expected and time.monotonic() < end:
        if tally.delivered != last:
            last, since = tally.delivered, time.monotonic()
        elif time.monotonic() - since > 1.0:
            return
        await asyncio.sleep(0.02)


async def run(
    rig: Rig, members: int, rate: float, seconds: float, payload: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure; returns the report. Raises RcimError or OSError if the members can't be brought in."""
    before_rss = usage(rig.server_pid).rss_kib if rig.server_pid else 0
    swarm = rig.swarm()
    say(f"connecting {members} members")
    started = time.monotonic()
    await swarm.connect([f"m{i}" for i in range(members)])
    connect_s = time.monotonic() - started
    rss = usage(rig.server_pid).rss_kib if rig.server_pid else 0
    group = f"{GROUP}-{os.getpid()}-{time.time_ns() & 0xFFFFFF}"
    await join_all(swarm, group)
    conversation = group_conversation(group)
    sender = swarm.members[0]
    say("warming up")
    warm = await send_paced(sender, conversation, rate, WARM_UP_S, payload, "warm-")
    await settle(swarm.tally, warm.accepted * members)
    warm_missing = warm.accepted * members - swarm.tally.delivered
    swarm.tally.delivered, swarm.tally.latency = 0, Counter()
    say(f"sending {rate:g} messages a second for {seconds:g} s")
    own_before, server_before = usage(os.getpid()), _usage_of(rig)
    counts = await send_paced(sender, conversation, rate, seconds, payload, "m-")
    await settle(swarm.tally, counts.accepted * members)
    own_after, server_after = usage(os.getpid()), _usage_of(rig)
    tally = swarm.tally
    expected = counts.accepted * members
    lost = expected + warm_missing - tally.delivered
    wall_s = own_after.at - own_before.at
    server_cpu_s = server_after.cpu_s - server_before.cpu_s
    report = {
        "bench": "fanout",
        "members": members,
        "rate": rate,
        "seconds": seconds,
        "payload": payload,
        "tls": rig.process.tls,
        "offered": counts.offered,
        "accepted": counts.accepted,
        "refused": counts.refused,
        "expected_deliveries": expected,
        "delivered": tally.delivered,
        "lost": max(lost, 0) + tally.gaps,
        "duplicated": tally.duplicated,
        "reordered": tally.reordered,
        "resyncs": tally.resyncs,
        "deliveries_per_s": round(tally.delivered / wall_s, 1),
        "server_cpu_us_per_delivery": round(server_cpu_s * 1e6 / max(1, tally.delivered), 3),
        "server_cpu_share": round(server_cpu_s / wall_s, 3),
        "server_rss_kib_per_connection": round((rss - before_rss) / members, 2),
        "generator_cpu_share": round((own_after.cpu_s - own_before.cpu_s) / wall_s, 3),
        "send_lag_ms_max": round(counts.lag_ns_max / 1e6, 3),
        "connect_s": round(connect_s, 2),
        "latency_ms": percentiles_ms(tally.latency),
        "latency_histogram": encoded(tally.latency) if tally.latency else "",
        "closed": dict(tally.closed),
        "pinned": rig.pinned,
        "machine": facts(),
    }
    swarm.close()
    await asyncio.sleep(0)
    return report


def _usage_of(rig: Rig) -> Usage:
    return usage(rig.server_pid) if rig.server_pid else Usage(0.0, 0, time.monotonic())


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be: anything lost, doubled or out of order, and sends that were not accepted."""
    return [f"{name} {report[name]}" for name in ("lost", "duplicated", "reordered", "refused") if report[name]]
