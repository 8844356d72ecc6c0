"""The performance page: it is what was measured, and says so where nothing was."""

from __future__ import annotations

from pathlib import Path

import pytest
from rcim_bench import measure, report, scenario

MEASURED = Path(__file__).parents[2] / "docs" / "explanation" / "performance"


def test_the_page_is_what_was_measured() -> None:
    found = report.load(MEASURED)
    assert MEASURED.with_suffix(".md").read_text(encoding="utf-8") == report.page(found), (
        "rcim-bench report writes it again"
    )
    for name in ("k", "stages", "commit", "peers"):
        assert (MEASURED / f"{name}.svg").stat().st_size > 1000


def test_everything_was_measured_and_nothing_was_wrong() -> None:
    found = report.load(MEASURED)
    assert found.keys() == measure.measurements(1).keys()
    for name, one in found.items():
        if not name.startswith("peers"):
            assert scenario.failures(one) == [], name
        else:
            own = [row for row in one["rows"] if row["peer"] == "rcim"]
            assert all(row[key] == 0 for row in own for key in ("lost", "duplicated", "reordered"))
    assert "**no**" in report.page(found) or "Every target was reached." in report.page(found)


def test_every_scenario_has_its_row() -> None:
    assert report.SHOWN.keys() == scenario.scenes().keys()
    found = report.load(MEASURED)
    for name, keys in report.SHOWN.items():
        for key in keys:
            report.value_of(found[report.SCENARIO + name], key)


def test_what_was_not_measured_is_said(tmp_path: Path) -> None:
    (tmp_path / "codec.json").write_bytes((MEASURED / "codec.json").read_bytes())
    text = report.page(report.load(tmp_path))
    assert "| not measured |" in text and "\nNot measured.\n" in text


def test_no_figures_no_page(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no measurement there"):
        report.load(tmp_path)
    (tmp_path / "k.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"k\.json: "):
        report.load(tmp_path)


async def test_an_unknown_measurement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no measurement fast; there are limits, "):
        await measure.run(tmp_path, ["fast"], 1, False, print)


async def test_what_is_there_is_not_measured_again(tmp_path: Path) -> None:
    for name in measure.measurements(1):
        (tmp_path / f"{name}.json").write_text("{}", encoding="utf-8")
    assert (await measure.run(tmp_path, [], 1, False, print))["rows"] == []
    again = await measure.run(tmp_path, ["codec"], 1, False, lambda _: None)
    assert [row["measurement"] for row in again["rows"]] == ["codec"]
    assert report.load(tmp_path)["codec"]["bench"] == "codec"
