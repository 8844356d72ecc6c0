"""`rcim-bench groups`: groups in number and in size. Many in the store, many joins at once, many members and guests.

Each part is measured at a small size and at a large one; what does not depend on the size shows it by a ratio of about 1.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from rcim_bench import groups_joins, groups_rooms, groups_store
from rcim_bench.rig import facts
from rcim_bench.scenario import WRONG, Target

from rcim.app.processes.tuning import raise_file_limit

Say = Callable[[str], None]

FULL_MEMBERS, FULL_GROUPS, FULL_SECONDS = 10_000, 100_000, 10.0
"""The sizes that the targets are about."""
PARTS = (groups_store.PART, groups_joins.JOINS, groups_rooms.GUESTS)
SUMMED = (*WRONG, "wrong", "rows")
"""What more than one part has."""
WRONG_SHOWN = 20
TARGETS = {
    groups_store.PART: (
        Target(f"start_s.{FULL_GROUPS}", 5),
        Target("start_rss_growth_kib", 1024),
    ),
    groups_joins.JOINS: (Target(f"joins_frames_per_member.{FULL_MEMBERS}", FULL_SECONDS + 2),),
}


async def run(members: int, groups: int, seconds: float, only: Sequence[str], say: Say) -> dict[str, Any]:
    """Measure the parts `only`, or all; returns the report. Raises ValueError for a part that there is not, and
    RcimError, OSError or ServerFailed."""
    unknown = [name for name in only if name not in PARTS]
    if unknown:
        raise ValueError(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    raise_file_limit()
    parts: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        groups_store.PART: lambda: groups_store.run(groups, say),
        groups_joins.JOINS: lambda: groups_joins.run_joins(members, seconds, say),
        groups_rooms.GUESTS: lambda: groups_rooms.run_guests(members, seconds, say),
    }
    full = (members, groups, seconds) == (FULL_MEMBERS, FULL_GROUPS, FULL_SECONDS)
    report: dict[str, Any] = {"bench": "groups", "members": members, "groups": groups, "seconds": seconds}
    summed: dict[str, Any] = {**dict.fromkeys(WRONG, 0), "wrong": [], "rows": []}
    took: dict[str, float] = {}
    targets: dict[str, bool | None] = {}
    for name in PARTS:
        if only and name not in only:
            continue
        started = time.monotonic()
        found = await parts[name]()
        took[name] = round(time.monotonic() - started, 1)
        for key in SUMMED:
            summed[key] += found.pop(key, type(summed[key])())
        report |= found
        targets |= {str(target): target.reached(found) if full else None for target in TARGETS.get(name, ())}
    wrong = summed["wrong"]
    summed["wrong"] = wrong[:WRONG_SHOWN] + [f"and {len(wrong) - WRONG_SHOWN} more"] * (len(wrong) > WRONG_SHOWN)
    return {**report, "targets": targets, "took_s": took, **summed, "machine": facts()}


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be: anything lost, doubled, out of order, refused or wrong."""
    return [f"{name} {report[name]}" for name in WRONG if report[name]] + list(report["wrong"])
