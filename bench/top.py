"""`rcim-bench top`: what a refresh of the live view costs the server that is watched (OP-02), with many conversations in
memory. The same requests as `rcim top` makes with its table of conversations open."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any

from rcim_bench.rig import facts, rig

from rcim.base.terms import ApplyJoinOption, HotSort, Priority
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames

AT_ONCE = 32
EACH = 500
"""Conversations that one user makes."""
ROWS = 20
BUSY = 100
"""Conversations in which something is sent before it is measured."""
FLAGS = ("app.administrators=administrator", "limits.actor_idle_ms=3600000", "limits.requests_in_flight_max=64")
Say = Callable[[str], None]


async def _ask(
    member: SwarmMember, frame: frames.AdminHot | frames.AdminStats | frames.AdminFlow, reply: type
) -> Any:
    found = await member.ask(frame)
    if not isinstance(found, reply):
        raise ValueError(f"{type(found).__name__} is no answer to {type(frame).__name__}")
    return found


async def _fill(swarm: Swarm, conversations: int, say: Say) -> SwarmMember:
    """Make the conversations: each is in memory from then on. A user can't be in very many: some make a few each.
    Returns the first of them."""
    makers = [await swarm.connect_one(f"maker{number}") for number in range(-(-conversations // EACH))]

    async def make(maker: SwarmMember, numbers: range) -> None:
        for first in range(numbers.start, numbers.stop, AT_ONCE):
            some = range(first, min(first + AT_ONCE, numbers.stop))
            await asyncio.gather(*(maker.ask(_group(number)) for number in some))

    for number, maker in enumerate(makers):
        await make(maker, range(number * EACH, min((number + 1) * EACH, conversations)))
        if number % 20 == 19:
            say(f"{(number + 1) * EACH} of {conversations} conversations")
    return makers[0]


def _group(number: int) -> frames.GroupCreate:
    return frames.GroupCreate(f"t{number:06d}", "Public", "n", "", "", "", ApplyJoinOption.FREE_ACCESS, [])


async def run(conversations: int, refreshes: int, say: Say) -> dict[str, Any]:
    """Fill a server, refresh so many times, and say what that took. Raises ServerFailed, RcimError and ValueError."""
    async with rig(FLAGS) as made:
        swarm = made.swarm()
        try:
            maker = await _fill(swarm, conversations, say)
            member = await swarm.connect_one("administrator")
            for number in range(min(BUSY, EACH, conversations)):
                await asyncio.gather(
                    *(
                        maker.ask(frames.Send(f"g:t{number:06d}", f"{at}", Priority.NORMAL, stamped(0, at, 100)))
                        for at in range(1 + number % 5)
                    )
                )
            rows = [await _row(made.usage, member, sort, refreshes) for sort in HotSort]
            page = await _ask(member, frames.AdminHot(HotSort.IN_10S, False, "", 0, ROWS), frames.AdminHotOk)
        finally:
            swarm.close()
        worst = max(rows, key=lambda row: row["server_cpu_ms"])
        first = rows[0]
        return {
            "bench": "top",
            **facts(),
            "wanted": conversations,
            "conversations": page.found,
            "refreshes": refreshes,
            "refresh_ms": first["refresh_ms"],
            "server_cpu_ms_per_refresh": first["server_cpu_ms"],
            "server_cpu_ms_per_refresh_worst": worst["server_cpu_ms"],
            "worst_sort": worst["sort"],
            "rows": rows,
        }


async def _row(usage: Callable[[], Any], member: SwarmMember, sort: HotSort, refreshes: int) -> dict[str, Any]:
    """Refresh again and again, by one order."""
    times: list[float] = []
    before = usage()
    for _ in range(refreshes):
        began = time.perf_counter()
        await _ask(member, frames.AdminStats(), frames.AdminStatsOk)
        await _ask(member, frames.AdminFlow(""), frames.AdminFlowOk)
        await _ask(member, frames.AdminHot(sort, False, "", 0, ROWS), frames.AdminHotOk)
        times.append(time.perf_counter() - began)
    return {
        "sort": sort.name,
        "refresh_ms": round(statistics.median(times) * 1000, 2),
        "server_cpu_ms": round((usage().cpu_s - before.cpu_s) / refreshes * 1000, 2),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be: fewer conversations than were made."""
    return [] if report["conversations"] >= report["wanted"] else [f"{report['conversations']} conversations"]
