"""`rcim-bench metrics`: what measuring costs (OP-02): the same load on a server that measures and on one that does not.

Both servers are there all the time, on the same processor, and take turns: in each pair one of them is first. So what
else the machine does meets both. CPU time is that of the server that has the load. The median of the pairs counts.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from rcim_bench.crowd import Crowd
from rcim_bench.fanout import send_paced
from rcim_bench.load import Load, stop_all
from rcim_bench.rig import Rig, facts, pin_apart, rig
from rcim_bench.scenes.small import MEMBERS, PAYLOAD, SENDERS, WINDOW, make_groups

from rcim.load.swarm import SwarmMember, stamped

GROUP = "bench"
WARM_UP_S = 1.0
ON, OFF = "on", "off"


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    members: int
    """Of the one group, for deliveries."""
    rate: float
    """Messages a second to it."""
    groups: int
    """Groups of ten, for sends."""
    seconds: float
    """Of each turn of a server."""
    pairs: int


@dataclass
class _Side:
    """One of the two servers, and what it took."""

    made: Rig
    crowd: Crowd
    admins: list[SwarmMember] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)
    """CPU microseconds of each delivery, by turn."""
    sends: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    turns: int = 0

    async def gather(self, extent: Extent) -> None:
        """Bring everyone in."""
        await self.crowd.gather(extent.members, 1)
        makers = self.made.swarm()
        await makers.connect([f"u{i:05d}" for i in range(max(MEMBERS, extent.groups))])
        self.keys = await make_groups(makers.members, "s", extent.groups)
        makers.close()
        self.admins = [await self.made.admin() for _ in range(SENDERS)]
        await self._deliver(extent.rate, WARM_UP_S)
        await self._send(WARM_UP_S)

    async def turn(self, extent: Extent) -> None:
        """Deliveries for a while, then sends."""
        self.deliveries.append(await self._deliver(extent.rate, extent.seconds))
        self.sends.append(await self._send(extent.seconds))

    async def _deliver(self, rate: float, seconds: float) -> float:
        self.turns += 1
        self.crowd.mark()
        before = self.made.usage()
        counts = await send_paced(
            self.crowd.sender, self.crowd.conversation, rate, seconds, PAYLOAD, f"m{self.turns}-"
        )
        await self.crowd.settle(counts.accepted)
        after = self.made.usage()
        found = self.crowd.account(counts.accepted)
        if found.lost or found.duplicated or found.reordered or counts.refused:
            self.wrong.append(f"{found}, {counts.refused} sends refused")
        return (after.cpu_s - before.cpu_s) * 1e6 / max(1, found.delivered)

    async def _send(self, seconds: float) -> float:
        self.turns += 1
        body, step = stamped(0, 0, PAYLOAD), max(1, len(self.keys) // SENDERS)
        loads = [
            Load(one, self.keys[i * step :] + self.keys[: i * step], WINDOW, body, f"l{self.turns}-{i:02d}")
            for i, one in enumerate(self.admins)
        ]
        before = self.made.usage()
        for load in loads:
            load.start()
        await asyncio.sleep(seconds)
        await stop_all(loads)
        after = self.made.usage()
        refused = sum(load.refused for load in loads)
        if refused:
            self.wrong.append(f"{refused} sends refused")
        return (after.cpu_s - before.cpu_s) * 1e6 / max(1, sum(load.accepted for load in loads))

    async def close(self) -> None:
        """No more connections."""
        for admin in self.admins:
            admin.link.close()
        await self.crowd.close()


async def run(extent: Extent, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; returns the report. Raises RcimError or OSError if the members can't be brought in."""
    before = os.sched_getaffinity(0)
    async with AsyncExitStack() as stack:
        stack.callback(os.sched_setaffinity, 0, before)
        pinned, move = pin_apart()
        sides: dict[str, _Side] = {}
        for name in (ON, OFF):
            made = await stack.enter_async_context(rig([f"metrics.on={name == ON}"], pin=False))
            crowd = Crowd(made, f"{GROUP}-{os.getpid()}-{time.time_ns() & 0xFFFFFF}")
            sides[name] = _Side(made, crowd)
        move()
        for name, side in sides.items():
            say(f"metrics {name}: connecting {extent.members} members, making {extent.groups} groups")
            await side.gather(extent)
        for pair in range(extent.pairs):
            for name in (ON, OFF) if pair % 2 == 0 else (OFF, ON):
                await sides[name].turn(extent)
            on, off = sides[ON], sides[OFF]
            say(
                f"pair {pair + 1}: {on.deliveries[-1]:.3f} / {off.deliveries[-1]:.3f} us a delivery, "
                f"{on.sends[-1]:.1f} / {off.sends[-1]:.1f} us a send"
            )
        found = report(extent, sides[ON], sides[OFF], pinned)
        for side in sides.values():
            await side.close()
        return found


def report(extent: Extent, on: _Side, off: _Side, pinned: str) -> dict[str, Any]:
    """The medians over the pairs, and those of each pair's ratio."""
    rows = [
        {
            "cpu_us_per_delivery_on": round(a, 3),
            "cpu_us_per_delivery_off": round(b, 3),
            "ratio": _ratio(a, b),
            "cpu_us_per_send_on": round(c, 2),
            "cpu_us_per_send_off": round(d, 2),
            "ratio_send": _ratio(c, d),
        }
        for a, b, c, d in zip(on.deliveries, off.deliveries, on.sends, off.sends, strict=True)
    ]
    return {
        "bench": "metrics",
        "members": extent.members,
        "rate": extent.rate,
        "groups": extent.groups,
        "seconds": extent.seconds,
        "pairs": extent.pairs,
        **{name: round(statistics.median(row[name] for row in rows), 3) for name in rows[0]},
        "wrong": [*on.wrong, *off.wrong],
        "rows": rows,
        "pinned": pinned,
        "machine": facts(),
    }


def _ratio(on: float, off: float) -> float:
    return round(on / off, 4) if off else 0.0


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be: anything lost, doubled, out of order or refused."""
    return list(report["wrong"])
