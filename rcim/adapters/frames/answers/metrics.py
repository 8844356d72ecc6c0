"""The answer to ADMIN_METRICS (OP-02)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames

BEYOND = (1 << 64) - 1
"""The bound of a histogram's last bucket."""


def metrics_ok(result: results.Metrics) -> frames.AdminMetricsOk:
    """A page of figures."""
    return frames.AdminMetricsOk([_entry(row) for row in result.rows], result.missing, result.next)


def _entry(row: results.MetricRow) -> frames.MetricEntry:
    bounds = [*row.bounds, BEYOND] if row.counts else []
    return frames.MetricEntry(
        name=row.name,
        kind=row.kind,
        labels=[frames.MetricLabel(name, value) for name, value in row.labels.items()],
        value=row.value,
        buckets=[frames.MetricBucket(bound, count) for bound, count in zip(bounds, row.counts, strict=True)],
    )
