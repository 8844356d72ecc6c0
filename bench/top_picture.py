"""The picture of `rcim top` for the documentation: a server with some life in it, and the view of it as SVG."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim_bench.rig import rig

from rcim.base.terms import ApplyJoinOption, Priority
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.top.source import Source, Target
from rcim.top.view import TopView
from rcim.wire import frames

GROUPS = (
    *(
        "lobby",
        "support",
        "sports",
        "music",
        "films",
        "chess",
        "travel",
        "cooking",
        "news",
        "games",
        "books",
        "science",
    ),
    *("gardening", "photos", "cars", "trains", "history", "weather", "market", "school"),
)
"""The first is the busiest."""
USERS = 40
WARM_UP_S = 14.0
SIZE = (104, 28)
VIEWS = ("overview", "conversations")


async def draw(folder: Path, say: Callable[[str], None], seconds: float = WARM_UP_S) -> dict[str, Any]:
    """Run a server, let users talk for some seconds, and write `top-overview.svg` and `top-conversations.svg` into
    `folder`. Raises ServerFailed, RcimError and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    async with rig(("app.administrators=administrator",), frequency=True) as made:
        swarm = made.swarm()
        source = Source(Target(made.data.path))
        stop = asyncio.Event()
        try:
            members = await _fill(swarm)
            say(f"{USERS} users talk in {len(GROUPS)} groups for {seconds:g} s")
            talking = asyncio.create_task(_talk(members, stop))
            files = await _views(source, folder, seconds)
            stop.set()
            await talking
        finally:
            await source.close()
            swarm.close()
    return {"bench": "top-picture", "files": files}


async def _fill(swarm: Swarm) -> list[SwarmMember]:
    members = [await swarm.connect_one(f"user{number:02d}") for number in range(USERS)]
    for at, name in enumerate(GROUPS):
        there = [member.user_id for member in members[: max(3, USERS - 2 * at)]]
        group = frames.GroupCreate(name, "Public", name, "", "", "", ApplyJoinOption.FREE_ACCESS, there[1:])
        found = await members[0].ask(group)
        if not isinstance(found, frames.GroupCreateOk):
            raise ValueError(f"{name}: {type(found).__name__}")
    return members


async def _talk(members: list[SwarmMember], stop: asyncio.Event) -> None:
    """Users send to groups, to the first ones most; one group gets more than it may have."""
    dice, number = random.Random(5), 0
    while not stop.is_set():
        for _ in range(4):
            at = min(int(dice.expovariate(0.35)), len(GROUPS) - 1)
            number += 1
            priority = dice.choice([Priority.NORMAL, Priority.NORMAL, Priority.LOW, Priority.HIGH])
            member = members[dice.randrange(3)]
            member.send(f"g:{GROUPS[at]}", f"m{number}", stamped(0, number, 120), lambda _: None, priority)
        await asyncio.sleep(0.02)


async def _views(source: Source, folder: Path, seconds: float) -> list[str]:
    app = TopView(source, 0.5)
    files = []
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(seconds)
        for at, name in enumerate(VIEWS):
            await pilot.press(str(at + 1))
            await pilot.pause(1.2)
            path = folder / f"top-{name}.svg"
            path.write_text(app.export_screenshot(title="rcim top"), encoding="utf-8")
            files.append(str(path))
    return files
