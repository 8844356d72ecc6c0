"""`rcim-bench sizing`, very small: that it runs, and that the formulas that do not depend on time hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rcim_bench import sizing

FOUND = sizing.Coefficients(
    base_kib=1000,
    gateway_kib=500,
    kib_per_connection=20,
    kib_per_conversation=10,
    base_descriptors=25,
    descriptors_per_connection=1,
    cpu_us_per_connection_s=2,
    cpu_us_per_send=300,
    cpu_us_per_send_busy=30,
    cpu_us_per_delivery=10,
    disk_bytes_per_message=150,
    disk_bytes_per_byte=1.5,
    wire_bytes_per_delivery=140,
    wire_bytes_per_byte=1,
)


def test_the_formulas() -> None:
    assert FOUND.memory_kib(100, 50) == 1000 + 2000 + 500
    assert FOUND.descriptors(100) == 125
    assert FOUND.cpu_share(10_000, 100, 5000) == pytest.approx(0.1)
    assert FOUND.disk_bytes(10, 200) == 4500 and FOUND.wire_bytes(10, 200) == 3400


def test_a_formula_that_is_off_fails_a_run() -> None:
    rows = [{"what": what, "predicted": 1, "measured": 1, "ratio": 1.0} for what in sizing.WITHIN]
    assert sizing.failures({"rows": rows}) == []
    for what, most in sizing.WITHIN.items():
        for ratio in (most + 0.01, 1 / most - 0.01, 0.0):
            wrong = [row | ({"ratio": ratio} if row["what"] == what else {}) for row in rows]
            assert [text.partition(":")[0] for text in sizing.failures({"rows": wrong})] == [what]


@pytest.mark.slow
async def test_small() -> None:
    said: list[str] = []
    report: dict[str, Any] = json.loads(
        json.dumps(await sizing.run(sizing.Extent(200, 100, 400, 0.5, 1), said.append))
    )
    rows = {row["what"]: row["ratio"] for row in report["rows"]}
    assert set(rows) == set(sizing.WITHIN) and said
    assert rows["descriptors"] == pytest.approx(1, abs=0.05) and 0.5 < rows["memory"] < 2
    assert 0.5 < rows["bandwidth"] < 2
    found = report["coefficients"]
    assert found["descriptors_per_connection"] == pytest.approx(1, abs=0.05)
    assert found["wire_bytes_per_byte"] == pytest.approx(1, abs=0.2) and found["disk_bytes_per_byte"] >= 1
