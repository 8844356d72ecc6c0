"""`rcim-bench system`, very small: that it runs, and what it says is wrong."""

from __future__ import annotations

import json

import pytest
from rcim_bench import system


def test_what_is_wrong_fails_a_run() -> None:
    good = {"writes_per_offline_subscriber": 0.0, "online_lost": 0, "wrong": 0}
    assert system.failures(good) == []
    assert system.failures({**good, "online_lost": 2}) == ["online_lost 2"]


def test_rows_that_are_new_or_others_are_counted() -> None:
    before = {"members": {b"a": 1, b"b": 2}}
    assert system.written(before, {"members": {b"a": 1, b"b": 2}}) == 0
    assert system.written(before, {"members": {b"a": 9, b"b": 2, b"c": 3}}) == 2


async def test_no_more_are_online_than_subscribe() -> None:
    with pytest.raises(ValueError, match="there are 10 subscribers"):
        await system.run(10, 11, 1, print)


@pytest.mark.slow
async def test_small() -> None:  # SY-01
    said: list[str] = []
    report = json.loads(json.dumps(await system.run(200, 10, 0.5, said.append)))
    assert system.failures(report) == [] and said
    assert report["online_received"] == 10 and report["send_cpu_us_ratio"] > 0
