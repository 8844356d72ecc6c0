"""`rcim-bench commit`: durable sends a second, by number of groups and of senders. Closed loop: each connection keeps
`window` sends under way, to all groups in turn. Nobody but the owner is in a group, so fan-out costs next to nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

from rcim_bench.load import Load, stop_all
from rcim_bench.rig import ADMIN, Rig, facts, usage

from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.load.swarm import stamped
from rcim.wire import frames

OWNERS = 20
"""Users that own the groups: each may be in so many and no more."""


async def run(
    rig: Rig,
    numbers: list[int],
    senders: list[int],
    window: int,
    seconds: float,
    payload: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Measure each number of groups with each number of senders; returns the report. Raises RcimError or OSError."""
    swarm = rig.swarm()
    owners = min(max(numbers), OWNERS)
    await swarm.connect([f"s{i}" for i in range(owners)])
    # An administrator may send anywhere (MS-06): the senders need not be members, and get no deliveries.
    await swarm.connect([ADMIN] * max(senders))
    admins = swarm.members[owners:]
    made = 0
    rows = []
    refused = 0
    for count in numbers:
        while made < count:
            name = f"c{made}"
            create = frames.GroupCreate(name, "ChatRoom", name, "", "", "", ApplyJoinOption.FREE_ACCESS, [])
            member = swarm.members[made % owners]
            await member.ask(create)
            made += 1
        keys = [group_conversation(f"c{i}") for i in range(count)]
        for number in senders:
            say(f"{count} groups, {number} senders")
            loads = [
                Load(
                    member, _from(keys, i * count // number), window, stamped(0, 0, payload), f"{count}-{number}-{i}"
                )
                for i, member in enumerate(admins[:number])
            ]
            row = await _measure(rig, loads, seconds)
            refused += sum(load.refused for load in loads)
            rows.append({"groups": count, "senders": number, **row})
    swarm.close()
    return {
        "bench": "commit",
        "window": window,
        "payload": payload,
        "tls": rig.process.tls,
        "refused": refused,
        "pinned": rig.pinned,
        "rows": rows,
        "machine": facts(),
    }


def _from(keys: list[str], first: int) -> list[str]:
    """The same keys, beginning elsewhere: each sender starts with another group."""
    return keys[first:] + keys[:first]


async def _measure(rig: Rig, loads: list[Load], seconds: float) -> dict[str, Any]:
    for load in loads:
        load.start()
    await asyncio.sleep(min(1.0, seconds / 2))
    before, own_before = rig.usage(), usage(os.getpid())
    accepted_before = sum(load.accepted for load in loads)
    stats_before = await rig.stats(loads[0].member)
    await asyncio.sleep(seconds)
    after, own_after = rig.usage(), usage(os.getpid())
    accepted = sum(load.accepted for load in loads) - accepted_before
    commits = (await rig.stats(loads[0].member))["commits"] - stats_before["commits"]
    await stop_all(loads)
    wall_s = after.at - before.at
    return {
        "durable_sends_per_s": round(accepted / wall_s),
        "sends_per_commit": round(accepted / max(1, commits), 1),
        "server_cpu_us_per_send": round((after.cpu_s - before.cpu_s) * 1e6 / max(1, accepted), 1),
        "server_cpu_share": round((after.cpu_s - before.cpu_s) / wall_s, 2),
        "generator_cpu_share": round((own_after.cpu_s - own_before.cpu_s) / wall_s, 2),
    }
