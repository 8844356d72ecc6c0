"""The overview: rates of the whole server, and what frequency control passes and withholds by type and priority."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from rcim.client import Client
from rcim.top.rates import UPTIME, Rates, sparkline
from rcim.top.texts import count, duration, rate, shown
from rcim.wire import frames

RATES = (
    ("messages", "Messages"),
    ("deliveries", "Deliveries"),
    ("requests", "Requests"),
    ("commits", "Commits"),
    ("records", "Records"),
    ("withheld", "Withheld"),
    ("left_out", "Dropped (slow)"),
    ("logins", "Logins"),
    ("refused", "Refused"),
)
"""Counters of ADMIN_STATS, and `withheld`, which is the sum of ADMIN_FLOW; and what they are called."""
LEVELS = (
    ("connections", "connections"),
    ("users_online", "users online"),
    ("actors_loaded", "actors in memory"),
    ("conversations_online", "conversations heard"),
)
TROUBLE = (
    ("failed_commits", "failed commits"),
    ("refused_damaged", "refused: damaged data"),
    ("events_lost", "events lost"),
    ("audit_lost", "audit lines lost"),
    ("log_lines_dropped", "log lines dropped"),
    ("clock_in_doubt", "clock in doubt"),
)
"""Counters that should be 0."""
FLOW_LINES = 6


class Sample(NamedTuple):
    """What the server has counted, and when it was asked (seconds, monotonic)."""

    counters: Mapping[str, int]
    flow: list[frames.FlowEntry]
    at: float


def held(row: frames.FlowEntry) -> int:
    """Messages of a priority that were held back."""
    return row.held_by_total + row.held_by_priority


async def sample(client: Client) -> Sample:
    """Ask the server for a sample."""
    counters = await client.stats()
    flow = await client.flow()
    return Sample({**counters, "withheld": sum(map(held, flow))}, flow, time.monotonic())


class Overview:
    """Gathers samples. The flow of each type and priority has rates too."""

    def __init__(self) -> None:
        self.rates = Rates()
        self.last: Sample | None = None
        self._samples = 0

    def add(self, taken: Sample) -> None:
        """The newest sample."""
        named = {f"{row.name}\0{row.priority}\0{what}": value for row in taken.flow for what, value in _figures(row)}
        self.rates.add({**taken.counters, **named}, taken.at)
        self.last = taken

    def flow(self) -> list[tuple[frames.FlowEntry, float | None, float | None]]:
        """Types and priorities with the most messages offered a second, or held back: the row, and both rates."""
        rows = self.last.flow if self.last is not None else []
        found = [(row, self._rate(row, "offered"), self._rate(row, "held")) for row in rows if row.offered]
        found.sort(key=lambda one: (one[2] or 0, one[1] or 0, one[0].offered), reverse=True)
        return found

    def _rate(self, row: frames.FlowEntry, what: str) -> float | None:
        return self.rates.of(f"{row.name}\0{row.priority}\0{what}")

    def lines(self, width: int) -> list[str]:
        """The overview as text."""
        if self.last is None:
            return ["waiting for the server …"]
        counters = self.last.counters
        found = ["   ".join(f"{count(counters.get(name, 0))} {title}" for name, title in LEVELS), ""]
        bars = max(0, min(60, width - 36))
        found.append(f"{'a second':<16}{'now':>8}  {'total':>8}")
        for name, title in RATES:
            now = rate(self.rates.of(name))
            line = f"{title:<16}{now:>8}  {count(counters.get(name, 0)):>8}  "
            found.append(line + sparkline(self.rates.history(name), bars))
        trouble = [f"! {count(counters[name])} {title}" for name, title in TROUBLE if counters.get(name)]
        found += ["", "   ".join(trouble) if trouble else "no failed commits, nothing lost"]
        if flow := self.flow()[:FLOW_LINES]:
            found += ["", f"{'type':<16}{'priority':<10}{'offered/s':>10}{'withheld/s':>12}{'withheld':>10}"]
            found += [_flow_line(*one) for one in flow]
        return found

    @property
    def uptime(self) -> str:
        """How long the server has been running."""
        return duration(self.last.counters.get(UPTIME, 0)) if self.last is not None else ""

    def plain(self) -> dict[str, Any]:
        """The overview as JSON has it, for programs."""
        counters = dict(self.last.counters) if self.last is not None else {}
        per_s = {name: round(value, 3) for name, _ in RATES if (value := self.rates.of(name)) is not None}
        return {"counters": counters, "per_s": per_s}


def _flow_line(row: frames.FlowEntry, offered: float | None, back: float | None) -> str:
    names = f"{shown(row.name, 15):<16}{row.priority.name.lower():<10}"
    return f"{names}{rate(offered):>10}{rate(back):>12}{count(held(row)):>10}"


def _figures(row: frames.FlowEntry) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("offered", row.offered), ("held", held(row))
