"""The bench of metrics, small: both servers have their turns, and its figures are there (OP-02)."""

from __future__ import annotations

import pytest
from rcim_bench import metrics


@pytest.mark.slow
async def test_both_servers_have_their_turns() -> None:
    report = await metrics.run(metrics.Extent(5, 37, 10, 0.3, 2), lambda _: None)
    assert metrics.failures(report) == [] and len(report["rows"]) == 2
    for name in ("delivery", "send"):
        assert report[f"cpu_us_per_{name}_on"] > 0 and report[f"cpu_us_per_{name}_off"] > 0
    assert report["ratio"] > 0 and report["ratio_send"] > 0


def test_what_is_wrong_fails_the_bench() -> None:
    assert metrics.failures({"wrong": ["3 sends refused"]}) == ["3 sends refused"]
