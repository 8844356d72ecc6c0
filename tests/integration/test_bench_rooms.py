"""`rcim-bench rooms`, small: absent members have left, nobody has missed anything, and its figures are there."""

from __future__ import annotations

import pytest
from rcim_bench import rooms


@pytest.mark.slow
async def test_small() -> None:  # CR-01, CR-03
    said: list[str] = []
    report = await rooms.run(40, 10, 1, 0.5, said.append)
    assert rooms.failures(report) == [] and said
    assert (report["members"], report["leave"], report["of_a_tenth"]["members"]) == (40, 10, 4)
    assert 1000 <= report["left_after_ms"]["p50"] <= report["left_after_ms"]["max"]
    assert report["attribute_deliveries_per_s"] > 0 and report["ratio_of_cost_per_leave"] > 0
    assert report["frames_per_member"] <= 2, "those who leave together are told together"


def test_what_is_lost_fails_a_run() -> None:
    assert rooms.failures({"lost": 3}) == ["3 lost"] and rooms.failures({"lost": 0}) == []
