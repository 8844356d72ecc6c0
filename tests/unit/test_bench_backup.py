"""`rcim-bench backup`, very small: that it runs, and what it says is wrong."""

from __future__ import annotations

import json

import pytest
from rcim_bench import backup


def test_what_is_wrong_fails_a_run() -> None:
    good = {"acknowledged_missing": 0, "refused": 0, "send_p99_ratio": 1.2, "store_faults": []}
    assert backup.failures(good) == []
    assert backup.failures({**good, "acknowledged_missing": 2}) == ["acknowledged_missing 2"]
    assert backup.failures({**good, "send_p99_ratio": 1.21}) == ["send_p99_ratio 1.21 is above 1.2"]
    assert backup.failures({**good, "store_faults": ["x"]}) == ["the restored store does not agree with itself"]


@pytest.mark.slow
async def test_small() -> None:  # ST-03
    said: list[str] = []
    report = json.loads(json.dumps(await backup.run(2, 100, 0.5, 1, 0, said.append)))
    assert backup.failures({**report, "send_p99_ratio": 0.0}) == [] and said
    assert report["backups"] >= 1 and report["bytes"] > 1 << 20 and report["acknowledged"] > 0
    assert [row["backup"] for row in report["rows"]] == ["no", "yes"]
