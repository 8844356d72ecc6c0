"""What `rcim-bench flood` and `rcim demo flood` judge by, on histories made by hand; and both of them, small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rcim_bench import flood as bench
from rcim_bench.rig import rig

from rcim.base.terms import Priority
from rcim.demo import flood as demo_flood
from rcim.load.flood import Offered, inversions, most_within
from tests.e2e.test_commands import run

H, N, LOW = Priority.HIGH, Priority.NORMAL, Priority.LOW


def passed(priority: Priority, at: int, time: int) -> Offered:
    return Offered(priority, at, time + 1, 1, time)


def held(priority: Priority, at: int, answered: int) -> Offered:
    return Offered(priority, at, answered, held_back=True)


def test_inversions() -> None:  # FC-01, FC-03, MS-12
    assert inversions([]).total() == 0
    early = [passed(LOW, 0, 1), held(N, 500, 900)]
    assert inversions(early).total() == 0, "it had gone before the group was near its limit"
    after = [passed(H, 0, 1), held(N, 500, 900), passed(LOW, 600, 700)]
    assert inversions(after) == {LOW: 1}
    assert inversions([held(N, 500, 600), passed(LOW, 600, 1499)]) == {LOW: 1}, "its second counts as a whole"
    assert inversions([held(N, 500, 600), passed(LOW, 600, 1500)]).total() == 0
    assert inversions([passed(H, 0, 1), held(LOW, 500, 900), passed(N, 600, 700)]).total() == 0


def test_windows() -> None:  # FC-02
    assert most_within([], 1000) == 0
    assert most_within([0, 999, 1000, 1999, 2000], 1000) == 2
    assert most_within([5, 5, 5], 1) == 3


@pytest.mark.parametrize("text", ["High", "Higher=3", "High=x", "High=-1", ""])
def test_offers_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="PRIORITY=NUMBER"):
        bench.read_offer(text)


def test_failures_of_a_report() -> None:
    good = {
        "limit": 40,
        "offer": {"HIGH": 10.0},
        "rows": [{"priority": "HIGH", "held_back": 0}],
        "most_in_5_s": 200,
        "most_in_1_s": 80,
        **dict.fromkeys(
            ("inversions", "lost", "duplicated", "reordered", "refused", "unanswered", "figures_differ"), 0
        ),
    }
    assert bench.failures(good) == []
    assert bench.failures({**good, "most_in_5_s": 201, "inversions": 2}) == ["inversions 2", "most_in_5_s 201 > 200"]
    assert bench.failures({**good, "rows": [{"priority": "HIGH", "held_back": 3}]}) == ["HIGH held back 3"]


def even(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a report has where each message comes to the server at its time. On a machine that stands still for a second
    many come at once, and in no order; tests/property/test_frequency.py judges all patterns of arrival."""
    return {"inversions": 0, "rows": [row | {"held_back": 0} for row in rows]}


@pytest.mark.slow
async def test_the_bench_small() -> None:  # FC-02, FC-03, FC-05, FC-08
    offers = bench.read_offer("High=5,Normal=30,Low=300")
    async with rig(bench.flags(20), plain=True, pin=False) as made:
        report = await bench.run(made, 20, offers, 2, 1, lambda _: None)
    assert report["held_back"] > 0
    assert bench.failures(report | even(report["rows"])) == []


@pytest.mark.slow
async def test_the_demo_small(tmp_path: Path) -> None:
    code, out, error = await run("rcim", "demo", "flood", "--seconds", "3", "--json", cwd=tmp_path)
    found = json.loads(out)
    wrong = found.pop("wrong")
    assert code == bool(wrong), out + error
    # What is held back, and in which order, depends on when each message comes to the server: see `even`.
    assert [text for text in wrong if "held back" not in text and "inversions" not in text] == []
    assert found["flood"]["priorities"]["LOW"]["held_back"] > 0
    for part in found.values():
        part["inversions"] = 0
        for row in part["priorities"].values():
            row["held_back"] = 0
    assert demo_flood.wrong(found) == []
    found["flood"]["inversions"] = 1
    found["calm"]["priorities"]["LOW"]["held_back"] = found["flood"]["priorities"]["HIGH"]["held_back"] = 2
    assert demo_flood.wrong(found) == ["flood: 1 inversions", "calm: LOW 2 held back", "flood: 2 HIGH held back"]
