"""The bench of ultra groups, small: it finds what it put in, and everyone online hears each message (UG-01, UG-02)."""

from __future__ import annotations

import pytest
from rcim_bench import ultra

from tests.amount import some


@pytest.mark.slow
async def test_many_members_beside_few() -> None:
    rounds = some(1, of=2)
    report = await ultra.run(3000, 20, 4, True, lambda _: None, beside=300, rounds=rounds)
    assert ultra.failures(report) == []
    assert (report["members"], report["online"], report["channels"]) == (3000, 20, 4)
    assert report["ratio_to_10000_members"].keys() == {
        "start_s",
        "rss_mib",
        "login_ms",
        "send_to_delivery_ms",
        "sync_ms",
        "cpu_ms",
    }
    assert report["rounds"] == rounds and report["cpu_ms"].keys() == {"start", "login", "send", "sync"}


def test_what_is_wrong_fails_the_bench() -> None:
    assert ultra.failures({"wrong": ["3 members, not 4"]}) == ["3 members, not 4"]
