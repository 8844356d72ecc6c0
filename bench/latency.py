"""Latencies: from counts to an HDR histogram to percentiles. Never averaged, never taken from samples."""

from __future__ import annotations

from collections import Counter

from hdrh.histogram import HdrHistogram

from rcim.load.swarm import LATENCY_STEP_NS

LOWEST_US, HIGHEST_US, DIGITS = 1, 3_600_000_000, 3


def histogram(counts: Counter[int]) -> HdrHistogram:
    """The histogram, in microseconds, of counts by LATENCY_STEP_NS; each at the upper end of its step."""
    made = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    for step, count in counts.items():
        value_us = max(1, (step + 1) * LATENCY_STEP_NS // 1000)
        made.record_value(min(value_us, HIGHEST_US), count)
    return made


def percentiles_ms(counts: Counter[int]) -> dict[str, float]:
    """p50, p99, p999 and the maximum, in milliseconds; zeros if nothing was counted."""
    if not counts:
        return {"p50": 0.0, "p99": 0.0, "p999": 0.0, "max": 0.0}
    made = histogram(counts)
    found = {name: made.get_value_at_percentile(p) for name, p in (("p50", 50), ("p99", 99), ("p999", 99.9))}
    found["max"] = made.get_max_value()
    return {name: round(value / 1000, 3) for name, value in found.items()}


def encoded(counts: Counter[int]) -> str:
    """The whole histogram in HdrHistogram's own compressed form, for who wants to read more out of it."""
    text: bytes = histogram(counts).encode()
    return text.decode()
