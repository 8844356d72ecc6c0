"""`rcim demo flood`: a group is offered far more than its limit, live: what comes, what passes, by priority."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerFailed, ServerProcess
from rcim.app.settings.all_settings import App
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terminal import reason_of
from rcim.base.terms import Priority
from rcim.client.trust import client_context
from rcim.load.flood import Flood, gather, inversions
from rcim.load.swarm import Swarm
from rcim.rules.built_in_types import BUILT_IN
from rcim.session.usersig import mint

SENDERS = 40
TYPE = "ChatRoom"
CALM = {Priority.HIGH: 1.0, Priority.NORMAL: 8.0, Priority.LOW: 8.0, Priority.LOWEST: 3.0}
FLOOD = {Priority.HIGH: 10.0, Priority.NORMAL: 60.0, Priority.LOW: 130.0, Priority.LOWEST: 40.0}
CALM_SHARE = 0.3
"""So much of the time the group is below its limit, then it is flooded."""
PICTURE_S = 0.25
BAR = 40
FLAGS = (
    "limits.sends_per_min=0",  # a member here sends as much as forty people would
    "limits.requests_per_min=0",
    "limits.drain_grace_ms=300",
    "log.level=error",
)


def drawn(flood: Flood, what: str) -> Any:
    """The last second, and all so far."""
    from rich.table import Table

    since = clock.wall_ms() - 1000
    table = Table(title=f"{what}; the limit is {BUILT_IN[TYPE].messages_per_s} messages a second")
    for name in ("priority", "offered/s", "passed/s", "", "held back so far"):
        table.add_column(name, justify="left" if name in ("", "priority") else "right")
    offered = flood.counts(lambda m: m.at_ms > since)
    passed = flood.counts(lambda m: m.passed and m.time_ms > since)
    held = flood.counts(lambda m: m.held_back)
    most = max([*flood.offers.values(), 1])
    for p in Priority:
        full, empty = (round(BAR * min(1.0, n / most)) for n in (passed[p], offered[p]))
        bar = f"[green]{'█' * full}[/green][dim]{'░' * max(0, empty - full)}[/dim]"
        table.add_row(p.name, str(offered[p]), str(passed[p]), bar, str(held[p]))
    return table


async def play(folder: Path, seconds: float, seed: int, show: Callable[[Flood, str], None]) -> dict[str, Any]:
    """Calm, then the flood; returns what became of it. Raises ServerFailed, RcimError or OSError."""
    process = ServerProcess(folder, FLAGS)
    await process.start()
    swarm: Swarm | None = None
    try:
        data = DataDir(folder)
        key, tls, now_s = data.key(), client_context(data.certificate), int(time.time())
        swarm = Swarm(
            process.host,
            process.port,
            tls,
            lambda user: mint(sdkappid=App().sdkappid, key=key, user_id=user, now_s=now_s, expire_s=86400),
        )
        await swarm.connect([f"member-{i}" for i in range(SENDERS + 1)])
        await gather(swarm.members, "flood", TYPE)
        parts: dict[str, Any] = {}
        for what, offers, share in (("calm", CALM, CALM_SHARE), ("flood", FLOOD, 1 - CALM_SHARE)):
            flood = Flood(swarm.members[1:], "flood", offers, seed)
            running = asyncio.create_task(flood.run(seconds * share, what))
            while not running.done():
                show(flood, what)
                await asyncio.wait([running], timeout=PICTURE_S)
            await running
            show(flood, what)
            parts[what] = _summary(flood)
        return parts
    finally:
        if swarm is not None:
            swarm.close()
        await process.stop()


def _summary(flood: Flood) -> dict[str, Any]:
    offered, passed = flood.counts(lambda _: True), flood.counts(lambda m: m.passed)
    held = flood.counts(lambda m: m.held_back)
    return {
        "priorities": {p.name: {"offered": offered[p], "passed": passed[p], "held_back": held[p]} for p in Priority},
        "inversions": inversions(flood.messages).total(),
        "unanswered": sum(not m.answered_ms for m in flood.messages),
        "refused": sum(bool(m.refused) for m in flood.messages),
    }


def wrong(parts: dict[str, Any]) -> list[str]:
    """What of it may not be."""
    found = [
        f"{what}: {parts[what][name]} {name}"
        for what in parts
        for name in ("inversions", "unanswered", "refused")
        if parts[what][name]
    ]
    calm, flood = (parts[what]["priorities"] for what in ("calm", "flood"))
    found += [f"calm: {p} {row['held_back']} held back" for p, row in calm.items() if row["held_back"]]
    if flood["HIGH"]["held_back"]:
        found.append(f"flood: {flood['HIGH']['held_back']} HIGH held back")
    return found


def run(seconds: float, seed: int, as_json: bool) -> bool:
    """Show it; True if section 6 was kept."""
    from rich.console import Console
    from rich.live import Live

    getattr(sys.stdout, "reconfigure", dict)(errors="replace")
    console = Console()
    live = Live(console=console) if console.is_terminal and not as_json else None
    said = 0.0

    def show(flood: Flood, what: str) -> None:
        nonlocal said
        if live is not None:
            live.update(drawn(flood, what), refresh=True)
        elif not as_json and time.monotonic() - said > 1:
            said = time.monotonic()
            passed, held = flood.counts(lambda m: m.passed), flood.counts(lambda m: m.held_back)
            cells = "; ".join(f"{p.name} passed {passed[p]}, held back {held[p]}" for p in Priority)
            print(f"{what}: {cells}", flush=True)

    folder = Path(tempfile.mkdtemp(prefix="rcim-demo-"))
    try:
        with live or contextlib.nullcontext():
            parts = uvloop.run(play(folder, seconds, seed, show))
    except (ServerFailed, RcimError, OSError) as error:
        print(f"rcim: the demo failed: {reason_of(error)}", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    faults = wrong(parts)
    if as_json:
        print(json.dumps({**parts, "wrong": faults}))
        return not faults
    for what, part in parts.items():
        cells = "; ".join(
            f"{name} offered {row['offered']}, passed {row['passed']}, held back {row['held_back']}"
            for name, row in part["priorities"].items()
        )
        print(f"{what}: {cells}")
    good = "below the limit everything passed; above it no HIGH was held back, and nothing lower overtook"
    print("; ".join(faults) or good)
    return not faults
