"""Requests one after the other, how long each took, and the same at two sizes side by side."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from rcim.load.swarm import SwarmMember
from rcim.wire.schema import Frame

T = TypeVar("T", bound=Frame)


class Times:
    """How long requests of one kind took. All values are kept, so that percentiles are exact."""

    def __init__(self) -> None:
        self._values_ms: list[float] = []

    def __len__(self) -> int:
        return len(self._values_ms)

    def add(self, seconds: float) -> None:
        """One more."""
        self._values_ms.append(seconds * 1000)

    def percentile_ms(self, percent: float) -> float:
        """The value that `percent` of all are not above; 0 if there is none."""
        values = sorted(self._values_ms)
        return values[min(len(values) - 1, int(len(values) * percent / 100))] if values else 0.0

    async def ask(self, member: SwarmMember, frame: Frame, answer: type[T]) -> T:
        """Ask, and count how long it took until the answer was there. Raises RcimError."""
        started = time.perf_counter()
        found = await member.ask(frame)
        self.add(time.perf_counter() - started)
        assert isinstance(found, answer)
        return found


def compared(part: str, request: str, small: tuple[str, Times], large: tuple[str, Times]) -> list[dict[str, Any]]:
    """Rows: the same request at a small size and at a large one, (what it is, times) each. `p50_ratio` of the large one
    is about 1 if the size does not count."""
    least = small[1].percentile_ms(50)
    rows = []
    for at, times in (small, large):
        p50, p99 = times.percentile_ms(50), times.percentile_ms(99)
        rows.append(
            {
                "part": part,
                "request": request,
                "at": at,
                "requests": len(times),
                "p50_ms": round(p50, 3),
                "p99_ms": round(p99, 3),
                "p50_ratio": round(p50 / least, 2) if least else 0.0,
            }
        )
    return rows


def by_figure(prefix: str, found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same figures of several things, turned: each figure with its value for each of the things."""
    names = next(iter(found.values()))
    return {f"{prefix}_{name}": {thing: figures[name] for thing, figures in found.items()} for name in names}


async def all_pages(page: Callable[[str], Awaitable[tuple[list[str], str]]], most: int = 0) -> list[str]:
    """All that is in the pages of a list, or what `most` of them hold; `page(cursor)` gives one and the next cursor."""
    found: list[str] = []
    cursor, pages = "", 0
    while True:
        rows, cursor = await page(cursor)
        found += rows
        pages += 1
        if not cursor or pages == most:
            return found
