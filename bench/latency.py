"""Latencies: from counts to percentiles, and to an HDR histogram for other tools. Never averaged, never from samples.

There is no library in it: the one for Python (hdrhistogram) is compiled, and has no wheel for Linux on ARM64
(docs/adr/0001-libraries.md).
"""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections import Counter

from rcim.load.swarm import LATENCY_STEP_NS

LOWEST_US, HIGHEST_US, DIGITS = 1, 3_600_000_000, 3
SUB_BUCKET_BITS = 11
"""Of DIGITS decimal digits: a value keeps so many of its leading bits."""
ENCODED, COMPRESSED = 0x1C849313, 0x1C849314
"""What HdrHistogram's encoding V2 begins with, and what its compressed form begins with."""
HEADER = struct.Struct(">IIIIQQd")
PERMILLE = {"p50": 500, "p99": 990, "p999": 999, "max": 1000}


def percentiles_ms(counts: Counter[int]) -> dict[str, float]:
    """p50, p99, p999 and the maximum, in milliseconds, of counts by LATENCY_STEP_NS, each at the upper end of its step;
    zeros if nothing was counted. A percentile is the smallest value that at least so many of all values do not exceed."""
    found = dict.fromkeys(PERMILLE, 0.0)
    total, seen = counts.total(), 0
    left = {name: -(-total * share // 1000) for name, share in PERMILLE.items()} if total else {}
    for step in sorted(counts):
        seen += counts[step]
        for name in [name for name, wanted in left.items() if seen >= wanted]:
            del left[name]
            found[name] = round((step + 1) * LATENCY_STEP_NS / 1e6, 3)
    return found


def encoded(counts: Counter[int]) -> str:
    """The whole histogram, in microseconds, in HdrHistogram's own compressed form (V2, in base64), for who wants to read
    more out of it."""
    by_slot: Counter[int] = Counter()
    for step, count in counts.items():
        by_slot[_slot(min(max(LOWEST_US, (step + 1) * LATENCY_STEP_NS // 1000), HIGHEST_US))] += count
    slots = bytearray()
    following = 0
    for slot in sorted(by_slot):
        if slot > following:
            slots += _zigzag(following - slot)  # so many empty ones
        slots += _zigzag(by_slot[slot])
        following = slot + 1
    header = HEADER.pack(ENCODED, len(slots), 0, DIGITS, LOWEST_US, HIGHEST_US, 1.0)
    packed = zlib.compress(header + slots)
    return b64encode(struct.pack(">II", COMPRESSED, len(packed)) + packed).decode()


def _slot(value: int) -> int:
    """Where HdrHistogram counts the value: below 2 ** SUB_BUCKET_BITS each has a slot, above it 2, 4, ... share one."""
    shift = max(0, value.bit_length() - SUB_BUCKET_BITS)
    return (shift << (SUB_BUCKET_BITS - 1)) + (value >> shift)


def _zigzag(value: int) -> bytes:
    """A number that may be negative, in groups of seven bits from the lowest on (LEB128)."""
    rest = value << 1 if value >= 0 else (-value << 1) - 1
    made = bytearray()
    while rest > 0x7F:
        made.append(rest & 0x7F | 0x80)
        rest >>= 7
    made.append(rest)
    return bytes(made)
