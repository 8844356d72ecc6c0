"""The after-callbacks of `rcim-bench crash`: each acknowledged message has one, whatever was killed (CB-04)."""

from __future__ import annotations

import asyncio
import time

from rcim_bench.outbox import AFTER
from rcim_bench.outbox_receiver import Controlled

from rcim.app.processes.process import ServerProcess
from rcim.base.terms import BROADCAST_ALL, group_conversation

STILL_S = 30.0
"""If nothing more is told for so long, the rest is lost. A receiver is told at a bounded rate: much may wait."""


def callbacks_to(told: Controlled) -> list[str]:
    """The settings of a server that tells this receiver of each message, and drops none: a hundred kills with gateways
    leave more than events may have by default."""
    return [
        f"callbacks.url={told.url}",
        f"callbacks.commands={AFTER}",
        "callbacks.allow_private=true",
        "limits.events_bytes_max=4294967296",
    ]


async def all_told(process: ServerProcess, told: Controlled, acked: set[tuple[str, int]]) -> dict[str, int]:
    """One more life of the server, in which whatever is still to be told is told. `acked`: conversation and SEQ of all
    acknowledged messages. Returns what was told, and what was not. Raises ServerFailed."""
    wanted = {place for place in acked if place[0] != BROADCAST_ALL}  # of a broadcast there is no such callback
    await process.start()
    before, end = -1, 0.0
    while True:
        report = await told.report()
        heard = {(group_conversation(group), seq) for group, seqs in report["seqs"].items() for seq in seqs}
        if len(heard) > before:
            before, end = len(heard), time.monotonic() + STILL_S
        if wanted <= heard or time.monotonic() > end:
            break
        await asyncio.sleep(2)
    await process.stop()
    return {
        "callbacks": len(heard),
        "callbacks_doubled": report["doubled"],
        "callbacks_out_of_order": report["out_of_order"],
        "callbacks_lost": len(wanted - heard),
    }
