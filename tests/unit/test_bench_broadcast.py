"""`rcim-bench broadcast`, very small: that it runs, and what fails a run."""

from __future__ import annotations

from rcim_bench import broadcast


async def test_small() -> None:  # SY-03
    report = await broadcast.run(60, 20, 0, 1, 2, lambda _: None)
    assert report["later"] == 40 and report["broadcasts"] == 1
    assert broadcast.failures(report | {"others_p99_ratio": 1.0}) == []


def test_what_is_wrong_fails_a_run() -> None:
    good = {"online": 2, "online_received": 2, "later": 3, "later_received": 3, "doubled": 0}
    good |= {"writes_per_offline_user": 0.0, "others_p99_ratio": 1.5}
    assert broadcast.failures(good) == []
    for name, value in (
        ("online_received", 1),
        ("later_received", 2),
        ("doubled", 1),
        ("writes_per_offline_user", 0.5),
        ("others_p99_ratio", 2.5),
    ):
        assert len(broadcast.failures(good | {name: value})) == 1, name
