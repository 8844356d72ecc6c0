"""`rcim-bench groups`, very small: what it fills, what it counts, and that each part runs and finds nothing wrong."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from rcim_bench import groups, groups_joins, groups_rooms, groups_store
from rcim_bench.asking import Times, all_pages, by_figure, compared

from rcim.store.backend import LmdbBackend
from rcim.store.check import check


def times(*milliseconds: float) -> Times:
    made = Times()
    for value in milliseconds:
        made.add(value / 1000)
    return made


def test_percentiles_are_of_all_values() -> None:
    made = times(*range(1, 101))
    assert made.percentile_ms(50) == pytest.approx(51) and made.percentile_ms(99) == pytest.approx(100)
    assert len(made) == 100 and Times().percentile_ms(50) == 0


def test_two_sizes_side_by_side() -> None:
    small, large = compared("store", "GROUP_INFO", ("1 group", times(2, 2, 2)), ("9 groups", times(3, 3, 9)))
    assert (small["at"], small["p50_ms"], small["p50_ratio"]) == ("1 group", 2, 1)
    assert (large["requests"], large["p50_ms"], large["p99_ms"], large["p50_ratio"]) == (3, 3, 9, 1.5)
    assert compared("store", "none", ("a", Times()), ("b", Times()))[1]["p50_ratio"] == 0


def test_figures_turned() -> None:
    assert by_figure("x", {"a": {"s": 1, "ms": 2}, "b": {"s": 3, "ms": 4}}) == {
        "x_s": {"a": 1, "b": 3},
        "x_ms": {"a": 2, "b": 4},
    }


async def test_pages_to_the_end_or_so_many() -> None:
    pages = {"": (["a", "b"], "b"), "b": (["c"], "c"), "c": ([], "")}

    async def page(cursor: str) -> tuple[list[str], str]:
        return pages[cursor]

    assert await all_pages(page) == ["a", "b", "c"]
    assert await all_pages(page, 1) == ["a", "b"]


@pytest.mark.parametrize("count", [20, 39, 40, 1000])
def test_each_user_is_in_as_many_groups(count: int) -> None:
    members = [groups_store.users_of(number, count) for number in range(count)]
    assert all(len(set(users)) == groups_store.MEMBERS for users in members)
    assert set(Counter(user for users in members for user in users).values()) == {groups_store.MEMBERS}


async def test_what_is_filled_is_a_good_store(tmp_path: Path) -> None:
    await groups_store.fill(tmp_path / "store", 50)
    backend = LmdbBackend(tmp_path / "store")
    found = check(backend)
    backend.close()
    assert found.faults == []
    assert found.groups == 50


def test_what_is_wrong_fails_a_run() -> None:
    good = {"lost": 0, "duplicated": 0, "reordered": 0, "refused": 0, "wrong": []}
    assert groups.failures(good) == []
    assert groups.failures({**good, "lost": 2, "wrong": ["a list"]}) == ["lost 2", "a list"]


def test_who_fits_is_online(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim_bench.groups_rooms.resource.getrlimit", lambda _: (100, 20_000))
    assert groups_rooms.online_of(5000, 10_000) == 5000
    assert groups_rooms.online_of(10_000, 10_000) == 10_000 - groups_rooms.FILES_RESERVE
    with pytest.raises(ValueError, match="may open only 20000 files"):
        groups_rooms.online_of(10, 20_000)


async def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no part speed; there are store, joins, guests"):
        await groups.run(20, 40, 0.5, ["speed"], print)


@pytest.mark.slow
@pytest.mark.parametrize("part", groups.PARTS)
async def test_small(part: str) -> None:  # GT-12, GT-15, ID-06
    said: list[str] = []
    report = json.loads(json.dumps(await groups.run(20, 40, 0.5, [part], said.append)))
    assert groups.failures(report) == [] and said
    assert {row["part"] for row in report["rows"]} == {part} == set(report["took_s"])
    assert set(report["targets"].values()) <= {None}, "small figures reach nothing"
    if part == groups_joins.JOINS:
        assert report["joins_frames"]["20"] == report["joins_frames_by_server"]["20"] > 20
    if part == groups_rooms.GUESTS:
        assert report["messages_delivered"] == {"members": 5 * 20, "guests": 5 * 21}
