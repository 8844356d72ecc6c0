"""`rcim-bench scenario NAME`: the figures that the server is to reach, each by a command.

A scene measures at `scale` 1 what its row says, and at a smaller scale the same with fewer connections and less time
(for a try-out and for the tests; its figures then mean nothing). Correctness is part of each: lost, duplicated and
reordered are counted and make the command fail. A target that is not reached is reported and does not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from rcim_bench.rig import facts

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much of a scene is run: 1 is all of it."""

    scale: float

    def count(self, full: int, least: int) -> int:
        """A number of things: `full` at scale 1, never below `least`."""
        return max(least, round(full * self.scale))

    def seconds(self, full: float, least: float = 0.5) -> float:
        """A time in seconds."""
        return max(least, full * self.scale)


@dataclass(frozen=True)
class Target:
    """What a figure of the report is to be: at most (or at least) `bound`."""

    key: str
    bound: float
    at_least: bool = False

    def reached(self, report: dict[str, Any]) -> bool:
        """Whether `report` reaches it. A dotted key goes into a nested table."""
        value: Any = report
        for part in self.key.split("."):
            value = value[part]
        return bool(value >= self.bound if self.at_least else value <= self.bound)

    def __str__(self) -> str:
        return f"{self.key} {'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass(frozen=True)
class Scene:
    """One row: what is measured, and what it is to reach."""

    name: str
    figure: str
    run: Callable[[Size, Say], Awaitable[dict[str, Any]]]
    targets: tuple[Target, ...]


def scenes() -> dict[str, Scene]:
    """All scenes by name, in the order of the table."""
    from rcim_bench.scenes import rooms, small, state

    return {scene.name: scene for scene in (*rooms.SCENES, *small.SCENES, *state.SCENES)}


WRONG = ("lost", "duplicated", "reordered", "refused")
"""Keys of a report that have to be 0."""


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be."""
    return [f"{name} {report[name]}" for name in WRONG if report.get(name)]


async def run(name: str, scale: float, say: Say) -> dict[str, Any]:
    """Measure the scene `name`; returns its report. Raises ValueError for an unknown name, and as the scene does."""
    known = scenes()
    if name not in known:
        raise ValueError(f"no scenario {name!r}; there are {', '.join(known)}")
    scene = known[name]
    found = await scene.run(Size(scale), say)
    found.pop("bench", None)
    return {
        "bench": "scenario",
        "scenario": name,
        "figure": scene.figure,
        "scale": scale,
        "targets": {str(target): target.reached(found) if scale >= 1 else None for target in scene.targets},
        **found,
        "machine": facts(),
    }
