"""The counters and gauges of the process with the conversations, as metrics (OP-02)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from rcim.base import metrics as m
from rcim.base.meters import Figure, figure
from rcim.base.metrics import Metric
from rcim.base.terms import Priority
from rcim.dispatch.counters import Counters
from rcim.flow.offers import Figures, Rule

COUNTED: dict[str, Metric] = {
    "commands": m.COMMANDS,
    "commits": m.COMMITS,
    "failed_commits": m.COMMITS_FAILED,
    "records": m.RECORDS,
    "events_written": m.EVENTS_WRITTEN,
    "events_lost": m.EVENTS_LOST,
    "loads": m.ACTOR_LOADS,
    "actors_loaded": m.ACTORS,
    "devices_replaced": m.DEVICES_REPLACED,
    "rows_trimmed": m.ROWS_TRIMMED,
    "refused_damaged": m.DAMAGED,
    "clock_in_doubt": m.CLOCK_IN_DOUBT,
    "clock_doubts": m.CLOCK_DOUBTS,
    "sweeps_skipped_for_clock": m.SWEEPS_SKIPPED,
}
"""What `Dispatcher.counted` has, by name, and the metric that it is."""


class Owner(Protocol):
    """The dispatcher, as far as its figures go."""

    counters: Counters

    def counted(self) -> dict[str, int]: ...

    def messages_by_kind(self) -> Mapping[str, int]: ...


def owner_figures(owner: Owner, flow: Mapping[str, Figures]) -> Iterator[Figure]:
    """`flow`: what frequency control has counted, by type of group (FC-08)."""
    counted = owner.counted()
    for name, metric in COUNTED.items():
        yield figure(metric, counted[name])
    for kind, count in owner.counters.refused_by.items():
        yield figure(m.COMMANDS_REFUSED, count, kind.value)
    for conversation, count in owner.messages_by_kind().items():
        yield figure(m.MESSAGES, count, conversation)
    for priority in Priority:
        label = priority.name.lower()
        yield figure(m.PASSED, sum(one.passed[priority] for one in flow.values()), label)
        for rule in Rule:
            held = sum(one.held(rule)[priority] for one in flow.values())
            yield figure(m.HELD_BACK, held, label, rule.name.lower())
