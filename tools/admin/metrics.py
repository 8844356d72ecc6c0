"""The figures of all metrics, for `rcim-admin stats --metrics` (OP-02)."""

from __future__ import annotations

import sys
from typing import Any

from rcim.base.meters import MICROSECONDS
from rcim.base.metrics import is_in_seconds
from rcim.client import Client
from rcim.wire import frames

COLUMNS = ("metric", "labels", "value", "count", "mean", "p50", "p99")


async def all_metrics(client: Client) -> list[frames.MetricEntry]:
    """The figures of all processes; what is missing is said. Raises RcimError."""
    found: list[frames.MetricEntry] = []
    after = 0
    while True:
        page = await client.request(frames.AdminMetrics(after), frames.AdminMetricsOk)
        found += page.metrics
        if not after and page.missing:
            print(
                f"rcim-admin: {page.missing} processes of the server have not answered: their figures are missing",
                file=sys.stderr,
            )
        after = page.next
        if not after:
            return found


def metric_row(entry: frames.MetricEntry) -> dict[str, Any]:
    """A figure as a row: of a distribution how many values, their mean, and what half and 99 % of them are below, as far
    as the bounds of its buckets say; beyond the last bound it says so. Times are in seconds."""
    factor = MICROSECONDS if is_in_seconds(entry.name) else 1
    row: dict[str, Any] = {
        "metric": entry.name,
        "labels": ", ".join(f"{label.name}={label.value}" for label in entry.labels),
        **dict.fromkeys(COLUMNS[2:]),
    }
    if not entry.buckets:
        return {**row, "value": _number(entry.value / factor)}
    count = sum(bucket.count for bucket in entry.buckets)
    return {
        **row,
        "count": count,
        "mean": _number(entry.value / factor / count) if count else None,
        "p50": _quantile(entry, 0.5, factor),
        "p99": _quantile(entry, 0.99, factor),
    }


def _quantile(entry: frames.MetricEntry, share: float, factor: int) -> str | None:
    """The bound of the bucket in which this share of the values is reached."""
    count = sum(bucket.count for bucket in entry.buckets)
    if not count:
        return None
    seen = 0
    for bucket in entry.buckets[:-1]:
        seen += bucket.count
        if seen >= share * count:
            return f"<= {_number(bucket.bound / factor)}"
    return f"> {_number(entry.buckets[-2].bound / factor)}"


def _number(value: float) -> float | int:
    return int(value) if value == int(value) else float(f"{value:.4g}")
