"""How much `rcim-bench` measures: by default, with `--quick`, and as the command line says; and where the report goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from rcim_bench import cli_beside, console, limits
from rcim_bench.peers import run as peers
from typer.testing import CliRunner

PAIR = typer.Typer()
PAIR.command()(cli_beside.limits)
PAIR.command()(cli_beside.peers)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What a scenario was asked to measure; nothing is measured."""
    found: list[tuple[Any, ...]] = []

    def run(*extent: Any) -> dict[str, Any]:
        found.append(extent[:-1])
        return {"bench": "none", "rows": [], "lost": 0, "wrong": 0, "raw_lost_bytes": 0}

    monkeypatch.setattr(limits, "run", run)
    monkeypatch.setattr(peers, "run", run)
    monkeypatch.setattr(cli_beside, "run", lambda job: job())
    return found


@pytest.mark.parametrize(
    ("command", "extent"),
    [
        ("limits", ([1000, 5000, 10000], [1, 4], 200, 4, 3, "socket")),
        ("limits --quick", ([1000], [1, 4], 200, 1, 1, "socket")),
        ("limits --quick --members 20,30 --seconds 2", ([20, 30], [1, 4], 200, 2, 1, "socket")),
        ("peers", (1000, 40, 5, 200, 16, 3, [])),
        ("peers --quick", (200, 40, 1, 200, 16, 1, [])),
        ("peers --quick --members 50 --rounds 2 --only redis", (50, 40, 1, 200, 16, 2, ["redis"])),
    ],
)
def test_how_much_is_measured(asked: list[tuple[Any, ...]], command: str, extent: tuple[Any, ...]) -> None:
    done = CliRunner().invoke(PAIR, command.split())
    assert done.exit_code == 0, done.output
    assert asked == [extent]


def test_a_report_that_cannot_be_written_is_shown_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "no such folder" / "report.json"
    with pytest.raises(typer.Exit) as end:
        console.finish({"bench": "x", "found": 42}, str(file), [])
    said = capsys.readouterr()
    assert end.value.exit_code == 2 and "42" in said.out and f"{file}: No such file" in said.err


def test_rows_that_are_wider_than_the_terminal_are_lists(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"peer": "rcim", "p50_ms": 1.5, "note": ""}, {"peer": "redis", "p50_ms": None, "note": "not installed"}]
    monkeypatch.setenv("COLUMNS", "80")
    console.table({"bench": "x", "rows": rows})
    narrow = capsys.readouterr().out
    assert "p50 ms" in narrow and narrow.count("note") == 1, "a table with a head"
    console.table({"bench": "x", "rows": [row | {f"figure_{i}": 10**6 for i in range(12)} for row in rows]})
    wide = capsys.readouterr().out
    assert wide.count("figure 11") == 2 and wide.count("p50 ms") == 1 and wide.count("not installed") == 1
    assert max(map(len, wide.splitlines())) <= 80
