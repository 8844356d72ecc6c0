"""Figures of metrics as rows that cross the bus, and those of several processes added up (OP-02)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rcim.base.meters import MICROSECONDS, Figure
from rcim.base.metrics import BY_NAME, Merge
from rcim.store.answers import MetricRow

ROW_BYTES = 40
"""What a row takes in a frame besides its texts and buckets."""
LABEL_BYTES, BUCKET_BYTES = 8, 24
"""A label besides its texts, and a bucket."""


def rows_of(figures: Iterable[Figure]) -> list[MetricRow]:
    """Figures as rows, those of one metric and the same labels added up."""
    return added_up([[_row(one) for one in figures]])


def _row(one: Figure) -> MetricRow:
    metric = one.metric
    factor = MICROSECONDS if metric.in_seconds else 1
    return MetricRow(
        name=metric.name,
        kind=metric.kind.name.lower(),
        labels=dict(zip(metric.labels, one.labels, strict=True)),
        value=one.value,
        bounds=[round(bound * factor) for bound in metric.bounds],
        counts=list(one.counts),
    )


def added_up(parts: Iterable[Sequence[MetricRow]]) -> list[MetricRow]:
    """The rows of several processes as one server has them, by name and labels. Counters, histograms and most gauges are
    added; of those where a sum says nothing it is the largest or the smallest (`Metric.merge`)."""
    found: dict[tuple[str, tuple[str, ...]], MetricRow] = {}
    for rows in parts:
        for row in rows:
            key = row.name, tuple(row.labels.values())
            before = found.get(key)
            found[key] = row if before is None else _merged(before, row)
    return [found[key] for key in sorted(found)]


def _merged(one: MetricRow, other: MetricRow) -> MetricRow:
    merge = BY_NAME[one.name].merge
    if merge is Merge.SUM:
        value = one.value + other.value
    else:
        value = (max if merge is Merge.MAX else min)(one.value, other.value)
    counts = [a + b for a, b in zip(one.counts, other.counts, strict=True)]
    return MetricRow(one.name, one.kind, one.labels, value, one.bounds, counts)


def bytes_of(row: MetricRow) -> int:
    """What a row takes in a frame, at the most."""
    labels = sum(LABEL_BYTES + len(name.encode()) + len(value.encode()) for name, value in row.labels.items())
    return ROW_BYTES + len(row.name) + labels + BUCKET_BYTES * len(row.counts)
