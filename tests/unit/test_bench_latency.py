"""Percentiles of the benches, and their histograms in HdrHistogram's form."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections import Counter

import pytest
from rcim_bench.latency import encoded, percentiles_ms

HEADER = "00000000000000030000000000000001" + "00000000d693a400" + "3ff0000000000000"
"""No offset, three digits, from 1 us to an hour, in the unit of the values."""


@pytest.mark.parametrize(
    ("counts", "slots"),
    [
        ({0: 1}, "6302"),
        ({0: 3, 7: 2, 39: 1, 40: 5, 41: 300, 1000: 7, 99_999: 1}, "6306b90504fd18025f0a2fd80481480ecd6a02"),
        ({80_000_000: 2, 12: 70_000}, "930ae0c508d1e00204"),
    ],
)
def test_a_histogram_is_what_hdrhistogram_writes(counts: dict[int, int], slots: str) -> None:
    """The slots are those that the library hdrhistogram 0.10.8 has written."""
    data = b64decode(encoded(Counter(counts)))
    packed = data[8:]
    assert data[:8] == bytes.fromhex("1c849314") + len(packed).to_bytes(4)
    size = (len(slots) // 2).to_bytes(4).hex()
    assert zlib.decompress(packed).hex() == "1c849313" + size + HEADER + slots


def test_percentiles_are_of_all_values_and_not_of_a_sample() -> None:
    every = Counter(range(1000))  # 0.05 ms, 0.1 ms, ... 50 ms
    assert percentiles_ms(every) == {"p50": 25.0, "p99": 49.5, "p999": 49.95, "max": 50.0}
    rare = Counter({0: 998, 20: 1, 200_000_000: 1})
    assert percentiles_ms(rare) == {"p50": 0.05, "p99": 0.05, "p999": 1.05, "max": 10_000_000.05}
    assert percentiles_ms(Counter({3: 1})) == dict.fromkeys(("p50", "p99", "p999", "max"), 0.2)
    assert percentiles_ms(Counter()) == dict.fromkeys(("p50", "p99", "p999", "max"), 0.0)
