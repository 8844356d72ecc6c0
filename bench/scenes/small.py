"""Few members: two, many groups of ten, and many groups beside a hot one."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from typing import Any

from rcim_bench.crowd import JOINS_AT_ONCE, SETTLE_S, Crowd
from rcim_bench.fanout import send_paced
from rcim_bench.latency import percentiles_ms
from rcim_bench.load import Load, stop_all
from rcim_bench.rig import rig, usage
from rcim_bench.scenario import Say, Scene, Size, Target

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames
from rcim.wire.schema import Frame

PAYLOAD = 200
PAIR_PER_S = 20.0
MEMBERS = 10
"""Members of a small group."""
SENDERS, WINDOW = 20, 32
OTHERS_PER_S = 50.0
"""Messages a second of all groups beside the hot one together."""
HOT_PER_S = 40.0


async def _delivered(swarm: Swarm, expected: int) -> None:
    """Wait until the members have got `expected` deliveries together, SETTLE_S at the most."""
    end = time.monotonic() + SETTLE_S
    while swarm.tally.delivered < expected and time.monotonic() < end:
        await asyncio.sleep(0.01)


async def make_groups(members: list[SwarmMember], prefix: str, groups: int) -> list[str]:
    """`groups` groups of MEMBERS, each user in as many as the numbers give; returns the conversations."""
    gate = asyncio.Semaphore(JOINS_AT_ONCE)
    many = len(members)

    async def one(number: int) -> str:
        inside = [members[(number + i * (many // MEMBERS)) % many] for i in range(MEMBERS)]
        name = f"{prefix}{number:05d}"
        create = frames.GroupCreate(
            name, "ChatRoom", name, "", "", "", ApplyJoinOption.FREE_ACCESS, [m.user_id for m in inside[1:]]
        )
        async with gate:
            await inside[0].ask(create)
        return group_conversation(name)

    return list(await asyncio.gather(*(one(number) for number in range(groups))))


async def pair(size: Size, say: Say) -> dict[str, Any]:
    """Two members, an idle server, TLS: one sends now and then, the other one's latency counts."""
    seconds = size.seconds(10)
    async with rig() as made:
        crowd, other = Crowd(made, "pair"), made.swarm()
        await crowd.gather(1)
        await other.connect(["other"])
        await other.members[0].ask(frames.GroupJoin("pair", ""))
        say(f"sending {PAIR_PER_S:g} messages a second for {seconds:g} s")
        warm = await send_paced(crowd.sender, crowd.conversation, PAIR_PER_S, 0.5, PAYLOAD, "w")
        await _delivered(other, warm.accepted)
        other.tally.delivered, other.tally.latency = 0, Counter()
        counts = await send_paced(crowd.sender, crowd.conversation, PAIR_PER_S, seconds, PAYLOAD, "m")
        await _delivered(other, counts.accepted)
        tally = other.tally
        found = {
            "messages": counts.accepted,
            "refused": counts.refused,
            "delivered": tally.delivered,
            "lost": counts.accepted - tally.delivered,
            "duplicated": tally.duplicated,
            "reordered": tally.reordered,
            "send_lag_ms_max": round(counts.lag_ns_max / 1e6, 3),
            "latency_ms": percentiles_ms(tally.latency),
        }
        other.close()
        await crowd.close()
        return found


async def small_groups(size: Size, say: Say) -> dict[str, Any]:
    """Sends to 1,000 groups of 10, plain: as fast as they are answered; then with all members online too."""
    groups, seconds = size.count(1000, 10), size.seconds(5)
    rows = []
    for online in (False, True):
        async with rig(plain=True) as made:
            swarm = made.swarm()
            users = [f"u{i:05d}" for i in range(max(MEMBERS, groups))]
            say(f"{groups} groups of {MEMBERS}, their members {'online' if online else 'not online'}")
            await swarm.connect(users)
            keys = await make_groups(swarm.members, "s", groups)
            if not online:
                swarm.close()
                await asyncio.sleep(0.2)
            rows.append({"members_online": online, **await _small_load(made, swarm, keys, seconds, online)})
            swarm.close()
    offline, with_all = rows
    return {
        "groups": groups,
        "window": WINDOW,
        "senders": SENDERS,
        "durable_sends_per_s": offline["durable_sends_per_s"],
        "durable_sends_per_s_all_online": with_all["durable_sends_per_s"],
        "refused": sum(row["refused"] for row in rows),
        "lost": with_all["lost"],
        "duplicated": with_all["duplicated"],
        "reordered": with_all["reordered"],
        "rows": rows,
    }


async def _small_load(made: Any, swarm: Swarm, keys: list[str], seconds: float, online: bool) -> dict[str, Any]:
    # An administrator may send anywhere (MS-06): the senders are no members, and get no deliveries.
    admins = [await made.admin() for _ in range(SENDERS)]
    tags = enumerate(admins)
    step = max(1, len(keys) // SENDERS)
    loads = [
        Load(a, keys[i * step :] + keys[: i * step], WINDOW, stamped(0, 0, PAYLOAD), f"l{i:02d}") for i, a in tags
    ]
    before, own = made.usage(), usage(os.getpid())
    for load in loads:
        load.start()
    await asyncio.sleep(seconds)
    await stop_all(loads)
    after, used = made.usage(), usage(os.getpid())
    accepted = sum(load.accepted for load in loads)
    wall_s = after.at - before.at
    tally = swarm.tally
    expected = accepted * MEMBERS if online else 0
    await _delivered(swarm, expected)
    for admin in admins:
        admin.link.close()
    return {
        "durable_sends_per_s": round(accepted / wall_s),
        "deliveries_per_s": round(tally.delivered / wall_s) if online else 0,
        "server_cpu_us_per_send": round((after.cpu_s - before.cpu_s) * 1e6 / max(1, accepted), 1),
        "server_cpu_share": round((after.cpu_s - before.cpu_s) / wall_s, 2),
        "generator_cpu_share": round((used.cpu_s - own.cpu_s) / wall_s, 2),
        "refused": sum(load.refused for load in loads),
        "lost": max(0, expected - tally.delivered) + tally.gaps if online else 0,
        "duplicated": tally.duplicated,
        "reordered": tally.reordered,
    }


async def hot(size: Size, say: Say) -> dict[str, Any]:
    """100 groups of 10 with a message now and then, first alone, then beside a group of 2,000 at 40 msg/s; TLS."""
    groups, seconds, members = size.count(100, 3), size.seconds(10), size.count(2000, 20)
    async with rig() as made:
        others, crowd = made.swarm(), Crowd(made, "hot")
        say(f"{groups} groups of {MEMBERS}, and one of {members}")
        await others.connect([f"u{i:05d}" for i in range(groups * MEMBERS)])
        keys = await make_groups(others.members, "o", groups)
        await crowd.gather(members, max(1, members // 20), prefix="h")
        say("without the hot one")
        without = await _others(others, keys, seconds)
        say("with it")
        heat = asyncio.create_task(
            send_paced(crowd.sender, crowd.conversation, HOT_PER_S, seconds + 1, PAYLOAD, "hot-")
        )
        await asyncio.sleep(0.5)
        beside = await _others(others, keys, seconds)
        counts = await heat
        await crowd.settle(counts.accepted)
        found = crowd.account(counts.accepted)
        tally = others.tally
        report = {
            "groups": groups,
            "hot_members": members,
            **crowd.facts(),
            "others_ms_without": without["latency_ms"],
            "others_ms_with": beside["latency_ms"],
            "hot_ms": percentiles_ms(crowd.tally.latency),
            "lost": without["lost"] + beside["lost"] + found.lost,
            "duplicated": tally.duplicated + found.duplicated,
            "reordered": tally.reordered + found.reordered,
            "refused": without["refused"] + beside["refused"] + counts.refused,
        }
        others.close()
        await crowd.close()
        return report


async def _others(others: Swarm, keys: list[str], seconds: float) -> dict[str, Any]:
    """A paced message to each group in turn, by a member of it; what all members of them got."""
    tally = others.tally
    tally.delivered, tally.latency = 0, Counter()
    by_id = {member.user_id: member for member in others.members}
    many = len(others.members)
    accepted = refused = 0

    def answered(found: Frame | RcimError) -> None:
        nonlocal accepted, refused
        accepted += isinstance(found, frames.SendOk)
        refused += not isinstance(found, frames.SendOk)

    start_ns = time.monotonic_ns() + 10_000_000
    total = int(OTHERS_PER_S * seconds)
    for number in range(total):
        due_ns = start_ns + int(number * 1e9 / OTHERS_PER_S)
        await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
        group = number % len(keys)
        member = by_id[f"u{group % many:05d}"]
        member.send(keys[group], f"{start_ns}-{number}", stamped(due_ns, number, PAYLOAD), answered)
    end = time.monotonic() + SETTLE_S
    while (accepted + refused < total or tally.delivered < accepted * MEMBERS) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return {
        "latency_ms": percentiles_ms(tally.latency),
        "lost": accepted * MEMBERS - tally.delivered + (total - accepted - refused) * MEMBERS,
        "refused": refused,
    }


SCENES = (
    Scene("pair", "two members, idle server, TLS: send to delivery", pair, (Target("latency_ms.p50", 2),)),
    Scene(
        "small-groups",
        "sends to 1,000 groups of 10, plain: durable sends a second on one core",
        small_groups,
        (Target("durable_sends_per_s", 10_000, at_least=True),),
    ),
    Scene("hot", "100 groups of 10 beside a hot group of 2,000 at 40 msg/s, TLS: the others' latency", hot, ()),
)
