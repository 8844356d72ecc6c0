"""`rcim-bench flood`: a group is offered more than its limit; what passes, what is held back, and by which rule.

First a calm group beside one without a limit: how long the longest of their sends took. Then the flood. Everyone in the
group has to get exactly what passed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from rcim_bench.rig import Rig, facts

from rcim.base.terms import Priority, group_conversation
from rcim.load.flood import BODY, Flood, gather, inversions, most_within
from rcim.load.swarm import SwarmMember
from rcim.wire import frames

SENDERS = 40
CALM_S = 5.0
CALM_SHARE = 0.5
"""The calm groups are offered so much of the limit."""
LIMITED, UNLIMITED = "Limited", "Unlimited"
SETTLE_S = 30.0


def flags(limit: int) -> tuple[str, ...]:
    """Settings of a server with a type that has this limit, and one that has none."""
    rates = ("messages_per_s", "normal_per_s", "low_per_s", "lowest_per_s")
    return (
        f"types.{LIMITED}.base=ChatRoom",
        *(f"types.{LIMITED}.{rate}={limit}" for rate in rates),
        f"types.{UNLIMITED}.base=ChatRoom",
        *(f"types.{UNLIMITED}.{rate}=0" for rate in rates),
    )


def read_offer(text: str) -> dict[Priority, float]:
    """`High=10,Normal=60` as messages a second by priority. Raises ValueError."""
    found: dict[Priority, float] = {}
    for part in text.split(","):
        name, equals, number = part.partition("=")
        priority = Priority.__members__.get(name.strip().upper())
        if priority is None or not equals or not number.strip().isdigit():
            raise ValueError(f"--offer {part!r}: has to be PRIORITY=NUMBER; priorities are High, Normal, Low, Lowest")
        found[priority] = float(number)
    return found


async def run(
    rig: Rig, limit: int, offers: dict[Priority, float], seconds: float, seed: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure; returns the report. Raises RcimError or OSError."""
    swarm = rig.swarm()
    await swarm.connect([f"m{i:03d}" for i in range(SENDERS + 1)])
    owner, *senders = swarm.members
    calm, plain = await _calm([owner, *senders], limit, seed, say)
    group_id = "flood"
    await gather([owner, *senders], group_id, LIMITED)
    say(f"offering {sum(offers.values()):g} messages a second to a group with a limit of {limit}, for {seconds:g} s")
    before = [member.messages for member in swarm.members]
    cpu = rig.usage().cpu_s
    flood = Flood(senders, group_id, offers, seed)
    await flood.run(seconds)
    cpu = rig.usage().cpu_s - cpu
    passed = flood.counts(lambda m: m.passed)
    await _settle(swarm.members, [b + passed.total() for b in before])
    got = [m.messages - b for m, b in zip(swarm.members, before, strict=True)]
    admin = await rig.admin()
    figures = await admin.ask(frames.AdminFlow(group_id))
    assert isinstance(figures, frames.AdminFlowOk)
    admin.link.close()
    held = flood.counts(lambda m: m.held_back)
    inverted = inversions(flood.messages)
    times = [m.time_ms for m in flood.messages if m.passed]
    report = {
        "bench": "flood",
        "limit": limit,
        "offer": {p.name: rate for p, rate in offers.items()},
        "seconds": seconds,
        "seed": seed,
        "offered": len(flood.messages),
        "passed": passed.total(),
        "held_back": held.total(),
        "inversions": inverted.total(),
        "longest_delay_ms_when_calm": calm[-1],
        "longest_delay_ms_of_a_plain_send": plain[-1],
        "p50_delay_ms_when_calm": calm[len(calm) // 2],
        "p50_delay_ms_of_a_plain_send": plain[len(plain) // 2],
        "most_in_5_s": most_within(times, 5000),
        "most_in_1_s": most_within(times, 1000),
        "longest_wait_ms": max((m.answered_ms - m.at_ms for m in flood.messages), default=0),
        "members": len(swarm.members),
        "lost": sum(max(0, passed.total() - one) for one in got),
        "duplicated": swarm.tally.duplicated + sum(max(0, one - passed.total()) for one in got),
        "reordered": swarm.tally.reordered,
        "refused": sum(bool(m.refused) for m in flood.messages),
        "unanswered": sum(not m.answered_ms for m in flood.messages),
        "figures_differ": _differ(figures, flood),
        "send_lag_ms_max": round(flood.lag_ms_max, 1),
        "server_cpu_us_per_offer": round(cpu * 1e6 / max(1, len(flood.messages)), 1),
        "rows": [
            {
                "priority": p.name,
                "offered": flood.counts(lambda _: True)[p],
                "passed": passed[p],
                "held_back": held[p],
                "inversions": inverted[p],
            }
            for p in Priority
        ],
        "machine": facts(),
    }
    swarm.close()
    await asyncio.sleep(0)
    return report


async def _calm(
    members: list[SwarmMember], limit: int, seed: int, say: Callable[[str], None]
) -> tuple[list[float], list[float]]:
    """The delays of a calm group with a limit, and of one without, in milliseconds, shortest first: sends to the one and
    the other in turn, so that what else the machine does hits both."""
    say(f"a calm group, beside one without a limit: {limit * CALM_SHARE:g} messages a second for {CALM_S:g} s")
    for name, type_ in (("calm", LIMITED), ("plain", UNLIMITED)):
        await gather(members, name, type_)
    delays: dict[str, list[float]] = {"calm": [], "plain": []}
    count = int(limit * CALM_SHARE * CALM_S)
    start = time.monotonic()
    for number in range(-10, count):  # the first ones are not counted
        for at, name in enumerate(("calm", "plain")):
            await asyncio.sleep(
                max(0.0, start + (2 * (number + 10) + at) / (2 * limit * CALM_SHARE) - time.monotonic())
            )
            sent = time.monotonic()
            member = members[1 + (number + seed) % (len(members) - 1)]
            await member.ask(
                frames.Send(group_conversation(name), f"{name}-{number}", Priority((number % 4) + 1), BODY)
            )
            if number >= 0:
                delays[name].append(round((time.monotonic() - sent) * 1000, 3))
    return sorted(delays["calm"]), sorted(delays["plain"])


async def _settle(members: list[SwarmMember], messages: list[int]) -> None:
    """Wait until each of the `members` has got as many `messages` as stand at its place; SETTLE_S at the most."""
    end = time.monotonic() + SETTLE_S
    while any(m.messages < n for m, n in zip(members, messages, strict=True)) and time.monotonic() < end:
        await asyncio.sleep(0.02)


def _differ(figures: frames.AdminFlowOk, flood: Flood) -> int:
    """How many of the server's own figures (FC-08) are not what the clients saw."""
    offered, passed, held = (flood.counts(one) for one in (lambda _: True, lambda m: m.passed, lambda m: m.held_back))
    return sum(
        (row.offered, row.passed, row.held_by_total + row.held_by_priority)
        != (offered[row.priority], passed[row.priority], held[row.priority])
        for row in figures.rows
    )


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be."""
    limit = report["limit"]
    names = ("inversions", "lost", "duplicated", "reordered", "refused", "unanswered", "figures_differ")
    wrong = [f"{name} {report[name]}" for name in names if report[name]]
    high = next(row for row in report["rows"] if row["priority"] == "HIGH")
    if high["held_back"] and report["offer"].get("HIGH", 0) <= limit * 0.8:  # jitter lets no second have more
        wrong.append(f"HIGH held back {high['held_back']}")
    for window, factor in (("5", 5), ("1", 2)):
        if report[f"most_in_{window}_s"] > factor * limit:
            wrong.append(f"most_in_{window}_s {report[f'most_in_{window}_s']} > {factor * limit}")
    return wrong
