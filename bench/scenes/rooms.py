"""One conversation with many members: paced, alone, and as fast as it goes."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from rcim_bench import fanout, limits
from rcim_bench.crowd import Crowd
from rcim_bench.rig import Rig, rig, usage
from rcim_bench.scenario import WRONG, Say, Scene, Size, Target

from rcim.base.errors import RcimError
from rcim.load.swarm import stamped
from rcim.wire import frames
from rcim.wire.schema import Frame

RATE = 40.0
"""Messages a second of a paced group: the limit of a whole group (FC-02)."""
PAYLOAD = 200
WINDOW = 16
"""Messages under way when it goes as fast as it can."""


async def _paced(members: int, seconds: float, plain: bool, say: Say) -> dict[str, Any]:
    """The fan-out, and beside it a raw writer that writes as many bytes to as many sockets in as many rounds."""
    async with rig(plain=plain, frequency=True) as made:
        admin = await made.admin()
        found = await fanout.run(made, members, RATE, seconds, PAYLOAD, say)
        stats = await made.stats(admin)
        k = stats["deliveries"] / max(1, stats["visits"])
        admin.link.close()
        certificate = "" if plain else str(made.data.certificate)
        rounds_per_s = RATE / max(k, 1.0)
        say(f"a raw writer: {rounds_per_s:.1f} rounds a second, k = {k:.2f}")
        size = int(max(k, 1.0) * limits.delivery_bytes(PAYLOAD))
        raw = await limits.raw(limits.RAW_SOCKET, members, size, rounds_per_s, min(seconds, 5.0), certificate)
    found["messages_per_write"] = round(k, 2)
    found["raw_writer_cpu_share"] = round(raw["cpu_us"] * members * rounds_per_s / 1e6, 3)
    found["ratio_to_raw_writer"] = round(found["server_cpu_share"] / max(found["raw_writer_cpu_share"], 1e-9), 2)
    return found


async def group_5000(size: Size, say: Say) -> dict[str, Any]:
    """5,000 members online, TLS, 40 messages a second."""
    return await _paced(size.count(5000, 20), size.seconds(10), False, say)


async def room_10000(size: Size, say: Say) -> dict[str, Any]:
    """10,000 members online, TLS, 40 messages a second."""
    return await _paced(size.count(10_000, 20), size.seconds(10), False, say)


async def paced_1000(size: Size, say: Say) -> dict[str, Any]:
    """1,000 members online, plain, 40 messages a second: what is compared with other servers."""
    return await _paced(size.count(1000, 20), size.seconds(10), True, say)


async def alone(size: Size, say: Say) -> dict[str, Any]:
    """One message at a time to 1,000 members, beside the raw writer."""
    rounds = 3 if size.scale >= 1 else 1
    found = await limits.run([size.count(1000, 20)], [1], PAYLOAD, size.seconds(4), rounds, limits.RAW_SOCKET, say)
    plain, tls = found["rows"]
    return {
        "lost": found["lost"],
        "duplicated": found["wrong"],
        "ratio_plain": plain["ratio"],
        "ratio_tls": tls["ratio"],
        "rows": found["rows"],
    }


async def saturated(size: Size, say: Say) -> dict[str, Any]:
    """1,000 members, plain, 16 messages under way: a message counts as under way until the first one has seen it."""
    members, seconds = size.count(1000, 20), size.seconds(5)
    async with rig(plain=True) as made:
        crowd = Crowd(made, "saturated")
        say(f"connecting {members} members")
        await crowd.gather(members, max(1, members // 20))
        say("sending")
        return await _saturate(made, crowd, members, seconds)


GATEWAYS = 2
GATEWAY_RATES = (RATE, 2 * RATE)


async def gateways(size: Size, say: Say) -> dict[str, Any]:
    """The room of 10,000 in one process and with two gateways; server and generator are free on all processors."""
    members = size.count(10_000, 20)
    rows = []
    for rate in GATEWAY_RATES:
        for count in (0, GATEWAYS):
            async with rig((f"server.gateways={count}",), pin=False) as made:
                say(f"{count} gateways: {rate:g} messages a second to {members} members")
                found = await fanout.run(made, members, rate, size.seconds(10), PAYLOAD, say)
            rows.append(
                {
                    "rate": rate,
                    "gateways": count,
                    "server_cpu_share": found["server_cpu_share"],
                    "us_per_delivery": found["server_cpu_us_per_delivery"],
                    "p50_ms": found["latency_ms"]["p50"],
                    "p99_ms": found["latency_ms"]["p99"],
                    "generator_cpu": found["generator_cpu_share"],
                    **{name: found[name] for name in WRONG},
                }
            )
    return {
        "members": members,
        **{name: sum(row[name] for row in rows) for name in WRONG},
        "rows": rows,
    }


async def _saturate(made: Rig, crowd: Crowd, members: int, seconds: float) -> dict[str, Any]:
    number = accepted = refused = seen = 0
    stopping = False
    quiet = asyncio.Event()

    def answered(found: Frame | RcimError) -> None:
        nonlocal accepted, refused
        if isinstance(found, frames.SendOk):
            accepted += 1
        else:
            refused += 1

    def send() -> None:
        nonlocal number
        number += 1
        crowd.sender.send(crowd.conversation, f"s-{number:07d}", stamped(0, number, PAYLOAD), answered)

    def arrived(_: str, message: frames.Message) -> None:
        nonlocal seen
        if message.seq <= seen:
            return  # other checkers got it in another frame
        seen = message.seq
        if not stopping:
            send()
        elif seen == number:
            quiet.set()

    crowd.swarm.decoded.on_message = arrived
    before, own = made.usage(), usage(os.getpid())
    for _ in range(WINDOW):
        send()
    await asyncio.sleep(seconds)
    stopping = True
    async with asyncio.timeout(limits.RAW_DONE_S):
        await quiet.wait()
    await crowd.settle(accepted)
    after, used = made.usage(), usage(os.getpid())
    found = crowd.account(accepted)
    await crowd.close()
    wall_s = after.at - before.at
    return {
        "members": members,
        **crowd.facts(),
        "window": WINDOW,
        "accepted": accepted,
        "refused": refused,
        "delivered": found.delivered,
        "lost": found.lost,
        "duplicated": found.duplicated,
        "reordered": found.reordered,
        "deliveries_per_s": round(found.delivered / wall_s),
        "server_cpu_us_per_delivery": round((after.cpu_s - before.cpu_s) * 1e6 / max(1, found.delivered), 3),
        "server_cpu_share": round((after.cpu_s - before.cpu_s) / wall_s, 3),
        "generator_cpu_share": round((used.cpu_s - own.cpu_s) / wall_s, 3),
    }


SCENES = (
    Scene(
        "group-5000",
        "one group, 5,000 members online, 40 msg/s, 200 B, TLS, durable replies",
        group_5000,
        (Target("server_cpu_share", 0.5), Target("latency_ms.p50", 60), Target("latency_ms.p99", 150)),
    ),
    Scene(
        "room-10000",
        "one room, 10,000 members online, 40 msg/s, TLS, durable replies, one core",
        room_10000,
        (Target("server_cpu_share", 1.0), Target("latency_ms.p99", 250)),
    ),
    Scene(
        "paced-1000",
        "1,000 members, 40 msg/s, plain: CPU per delivery and p50, to compare with `rcim-bench peers`",
        paced_1000,
        (),
    ),
    Scene(
        "saturated",
        "1,000 members, plain, 16 messages under way: deliveries a second, to compare with `rcim-bench peers`",
        saturated,
        (),
    ),
    Scene(
        "gateways",
        "10,000 members, 40 and 80 msg/s, TLS: one process, and two gateways; two cores with the generator on them",
        gateways,
        (),
    ),
    Scene(
        "alone",
        "CPU per delivery of one message alone (k = 1), 1,000 members, beside the raw writer",
        alone,
        (Target("ratio_plain", 1.25), Target("ratio_tls", 1.5)),
    ),
)
