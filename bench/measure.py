"""`rcim-bench all FOLDER`: every measurement of the performance page, one JSON file each, in FOLDER.

One after the other, so that none disturbs another. What is there already is measured again only if it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rcim_bench import codec, commit, groups, http, limits, scenario, stages
from rcim_bench.peers import run as peers
from rcim_bench.rig import rig

Say = Callable[[str], None]
SCENARIO = "scenario-"
SLOW_PEERS = ("ejabberd", "prosody")
"""They fall so far behind at 40 messages a second to 1,000 that one round of them takes minutes."""


def measurements(rounds: int) -> dict[str, Callable[[Say], Awaitable[dict[str, Any]]]]:
    """All measurements by the name of their file."""

    async def commits(say: Say) -> dict[str, Any]:
        async with rig(plain=True) as made:
            return await commit.run(made, [1, 10, 100, 1000], [1, 20], 32, 3, 200, say)

    async def codecs(_: Say) -> dict[str, Any]:
        return codec.run(0.2)

    def scene(name: str) -> Callable[[Say], Awaitable[dict[str, Any]]]:
        return lambda say: scenario.run(name, 1.0, say)

    slow = list(SLOW_PEERS)
    fast = [d.name for d in peers.drivers() if not any(part in d.name.lower() for part in slow)]
    return {
        "limits": lambda say: limits.run([1000, 5000], [1, 4], 200, 3, rounds, limits.RAW_SOCKET, say),
        "limits-loop": lambda say: limits.run([1000, 5000], [1, 4], 200, 3, rounds, limits.RAW_LOOP, say),
        "limits-10000": lambda say: limits.run([10_000], [1, 4], 200, 3, 1, limits.RAW_SOCKET, say),
        "k": lambda say: limits.run([1000], [1, 2, 4, 8, 16], 200, 3, 1, limits.RAW_SOCKET, say),
        **{SCENARIO + name: scene(name) for name in scenario.scenes()},
        "stages": lambda say: stages.run(1000, 40, 5, 200, False, say),
        "stages-plain": lambda say: stages.run(1000, 40, 5, 200, True, say),
        "commit": commits,
        "codec": codecs,
        "groups": lambda say: groups.run(groups.FULL_MEMBERS, groups.FULL_GROUPS, groups.FULL_SECONDS, (), say),
        "http": lambda say: http.run(10, 64, 0, 1600, say),
        "peers": lambda say: peers.run(1000, 40, 5, 200, 16, rounds, fast, say),
        "peers-slow": lambda say: peers.run(1000, 40, 3, 200, 16, 1, slow, say),
    }


async def run(folder: Path, only: list[str], rounds: int, again: bool, say: Say) -> dict[str, Any]:
    """Measure what is asked for, or everything; returns which files were written.

    Raises ValueError for a name that there is not, and what a measurement raises.
    """
    known = measurements(rounds)
    unknown = [name for name in only if name not in known]
    if unknown:
        raise ValueError(f"no measurement {', '.join(unknown)}; there are {', '.join(known)}")
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, measure in known.items():
        path = folder / f"{name}.json"
        if (only and name not in only) or (path.exists() and not again and name not in only):
            continue
        say(f"== {name}")
        report = await measure(say)
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        rows.append({"measurement": name, "file": path.name, "wrong": ", ".join(scenario.failures(report))})
    return {"bench": "all", "folder": str(folder), "rows": rows}
