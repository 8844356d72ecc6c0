"""Frames of app administrators: the figures of all metrics (OP-02)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U32, U64, StructList, str8

LABELS_MAX, BUCKETS_MAX, METRICS_MAX = 8, 32, 1000
"""Labels and buckets of a figure, and figures of a page."""


@row("MetricLabel")
class MetricLabel(Struct, frozen=True, gc=False):
    """A label of a metric."""

    name: A[str, str8(64, 1), "Its name."]
    value: A[str, str8(128), "Its value: known from the program or its settings, never a text of a user."]


@row("MetricBucket")
class MetricBucket(Struct, frozen=True, gc=False):
    """A bucket of a histogram."""

    bound: A[int, U64, "The highest value in it; 2^64 - 1 in the last one, which has all higher ones."]
    count: A[int, U64, "How many values are in it: above the bound before and at most at this one."]


@row("MetricEntry")
class MetricEntry(Struct, frozen=True, gc=False):
    """A figure of a metric, with these labels."""

    name: A[str, str8(96, 1), "Name of the metric, as `/metrics` has it."]
    kind: A[str, str8(16, 1), "counter, gauge or histogram."]
    labels: A[list[MetricLabel], StructList(MetricLabel, LABELS_MAX), "Its labels."]
    value: A[
        int,
        U64,
        "The value; of a histogram the sum of all values. Values of metrics whose names end in `_seconds` or "
        "`_seconds_total`, and the bounds of their buckets, are in microseconds.",
    ]
    buckets: A[list[MetricBucket], StructList(MetricBucket, BUCKETS_MAX), "Of a histogram: its buckets."]


@frame(
    0x0FB0,
    "ADMIN_METRICS",
    "client",
    "request",
    reply="ADMIN_METRICS_OK",
    rules=(
        "A page after the first is of the figures that the first was of, unless somebody has asked for a first page "
        "since.",
    ),
    errors=("ADMIN_REQUIRED", "METRICS_OFF"),
    admin=True,
)
class AdminMetrics(Frame, frozen=True, gc=False):
    """Asks for a page of the figures of all metrics, of the whole server (OP-02)."""

    after: A[int, U32, "0 for the first page, else `next` of the previous page."]


@frame(0x8FB0, "ADMIN_METRICS_OK", "server", "reply", admin=True)
class AdminMetricsOk(Frame, frozen=True, gc=False):
    """A page of figures, by name and labels."""

    metrics: A[list[MetricEntry], StructList(MetricEntry, METRICS_MAX), "The figures."]
    missing: A[int, U32, "Processes of the server whose figures are not among them: they have not answered in time."]
    next: A[int, U32, "The `after` of the next page; 0: this is the last page."]
