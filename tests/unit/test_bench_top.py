"""`rcim-bench top`, very small: that it runs, what it says is wrong, and that its pictures are drawn (OP-02)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rcim_bench import top, top_picture

from rcim.base.terms import HotSort


def test_what_is_wrong_fails_a_run() -> None:
    assert top.failures({"conversations": 10, "wanted": 10}) == []
    assert top.failures({"conversations": 9, "wanted": 10}) == ["9 conversations"]


@pytest.mark.slow
async def test_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top, "EACH", 20)
    said: list[str] = []
    report = json.loads(json.dumps(await top.run(50, 2, said.append)))
    assert top.failures(report) == [] and report["conversations"] == 50
    assert report["refresh_ms"] > 0 and report["server_cpu_ms_per_refresh"] >= 0
    assert [row["sort"] for row in report["rows"]] == [sort.name for sort in HotSort]


@pytest.mark.slow
async def test_pictures(tmp_path: Path) -> None:
    report = await top_picture.draw(tmp_path, lambda _: None, 0.1)
    assert len(report["files"]) == 2
    for name in report["files"]:
        assert "rcim" in Path(name).read_text(encoding="utf-8")
    assert "lobby" in (tmp_path / "top-conversations.svg").read_text(encoding="utf-8")
