"""`rcim-bench push`, very small: that it runs, and what it says is wrong."""

from __future__ import annotations

import json

import pytest
from rcim_bench import push


def test_what_is_wrong_fails_a_run() -> None:
    good = {"apns_wrong": 0, "pushes_lost": 0}
    assert push.failures(good) == []
    assert push.failures({**good, "pushes_lost": 3}) == ["pushes_lost 3"]


@pytest.mark.slow
async def test_small() -> None:  # PU-01
    said: list[str] = []
    report = json.loads(json.dumps(await push.run(40, 50, 0.5, said.append)))
    assert push.failures(report) == [] and said, report
    assert report["decisions"] == report["pushes"] == 40
    assert min(report[name] for name in ("decisions_per_s", "apns_sends_per_s", "server_cpu_us_per_push")) > 0
