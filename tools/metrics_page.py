"""docs/reference/metrics.md: every metric, from the table in the code (OP-02)."""

from __future__ import annotations

from rcim_tools import tables
from rcim_tools.pages import MADE

from rcim.base.metrics import LABELS, METRICS, Merge, Metric

MERGED = {Merge.SUM: "added up", Merge.MAX: "the largest", Merge.MIN: "the smallest"}


def page() -> str:
    """The page."""
    lines = [
        "# Metrics",
        "",
        MADE,
        "",
        "What `/metrics` and `rcim-admin stats --metrics` say of the whole server.",
        "[Monitoring](../operate/monitoring.md) says how to scrape them and what to alarm on. Times are in seconds,",
        "sizes in bytes. A counter begins at 0 with its process.",
        "The last column says how the figures of several processes become one.",
        "",
        "| metric | kind | labels | meaning | processes |",
        "|---|---|---|---|---|",
        *map(_row, METRICS),
        "",
        "## Labels",
        "",
        "Every label has a bounded set of values. Nothing that users or callers choose is ever one.",
        "",
        "| label | values |",
        "|---|---|",
        *(tables.row(f"`{name}`", text) for name, text in LABELS.items()),
        "",
        "## Buckets",
        "",
        "| histogram | bounds |",
        "|---|---|",
        *(
            tables.row(f"`{one.name}`", ", ".join(f"{bound:g}" for bound in one.bounds))
            for one in METRICS
            if one.bounds
        ),
    ]
    return "\n".join(lines) + "\n"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return tables.row(f"`{metric.name}`", metric.kind.name.lower(), labels, metric.help, MERGED[metric.merge])
