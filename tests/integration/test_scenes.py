"""Every scenario of the bench, small: it runs, nothing is lost, and its targets name figures that it gives."""

from __future__ import annotations

import pytest
from rcim_bench import scenario


@pytest.mark.slow
@pytest.mark.parametrize("name", list(scenario.scenes()))
async def test_small(name: str) -> None:  # FC-06, RX-07
    said: list[str] = []
    report = await scenario.run(name, 0.01, said.append)
    assert scenario.failures(report) == []
    assert report["scenario"] == name and said
    assert {key for key in scenario.WRONG if key in report}, "it counts what went wrong"
    scene = scenario.scenes()[name]
    assert {str(target): None for target in scene.targets} == report["targets"], "small figures reach nothing"
    for target in scene.targets:
        assert target.reached(report) in (True, False)


async def test_an_unknown_one_is_refused() -> None:
    with pytest.raises(ValueError, match="no scenario 'fast'; there are group-5000, "):
        await scenario.run("fast", 1, print)


def test_wrong_figures_fail_a_run() -> None:
    assert scenario.failures({"lost": 0, "duplicated": 2, "refused": 1}) == ["duplicated 2", "refused 1"]


def test_a_target_is_a_bound() -> None:
    report = {"a": 2.0, "b": {"p99": 5}}
    assert scenario.Target("a", 2).reached(report) and not scenario.Target("a", 1.9).reached(report)
    assert scenario.Target("b.p99", 5, at_least=True).reached(report)
    assert not scenario.Target("b.p99", 6, at_least=True).reached(report)
    assert str(scenario.Target("b.p99", 6, at_least=True)) == "b.p99 ≥ 6"
