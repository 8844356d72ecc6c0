"""What the commands of `rcim-bench` have in common: options, how they are run, how their reports are given out."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rcim.base.errors import RcimError
from rcim.base.terminal import printable

JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the report as JSON; `-` is standard output.")
]
PlainOption = Annotated[bool, typer.Option("--plain", help="Without TLS.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.NAME=VALUE", help="A setting of the server.")
]
ServerOption = Annotated[
    str | None, typer.Option(metavar="HOST:PORT", help="A running server, with --data.", show_default="starts one")
]
DataOption = Annotated[Path | None, typer.Option("--data", help="Data directory of --server.")]


UNBOUNDED = 10_000
"""Columns of a console on which every table has its full width."""


def say(text: str) -> None:
    """Tell what is going on, apart from the report."""
    print(printable(text, lines=True), file=sys.stderr, flush=True)


def numbers_of(option: str, text: str) -> list[int]:
    """Numbers with commas between; wrong ones end with a line and exit status 2."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdigit() and 0 < int(part) <= 10_000 for part in parts):
        say(f"rcim-bench: {option} {text}: has to be numbers from 1 to 10000 with commas between")
        raise typer.Exit(2)
    return [int(part) for part in parts]


def finish(report: dict[str, Any], json_to: str | None, failed: list[str]) -> None:
    """Give out the report; exit status 1 if something in it may not be."""
    if json_to == "-":
        print(json.dumps(report, indent=2))
    else:
        table(report)
        if json_to is not None:
            _write(report, Path(json_to))
    if failed:
        say("FAILED: " + ", ".join(failed))
        raise typer.Exit(1)


def _write(report: dict[str, Any], path: Path) -> None:
    """The report as a file; if that can't be written, the table has been shown, and the exit status is 2."""
    try:
        path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        say(f"rcim-bench: --json {path}: {error.strerror or error}")
        raise typer.Exit(2) from None


def table(report: dict[str, Any]) -> None:
    """The report for people. Rows that are wider than the terminal are lists, one after the other."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    made = Table(title=str(report.get("bench", "")), show_header=False)
    for name, value in report.items():
        if name not in ("bench", "latency_histogram", "rows", "rounds_detail"):
            made.add_row(name, json.dumps(value) if isinstance(value, dict | list) else printable(str(value)))
    console.print(made)
    found = report.get("rows") or []
    if found:
        rows = Table()
        for name in found[0]:
            rows.add_column(name.replace("_", " "), justify="right", no_wrap=True)
        for row in found:
            rows.add_row(*map(_cell, row.values()))
        if Console(width=UNBOUNDED).measure(rows).maximum <= console.width:
            console.print(rows)
            return
    for row in found:
        one = Table(show_header=False)
        for name, value in row.items():
            if value not in (None, ""):
                one.add_row(name.replace("_", " "), _cell(value))
        console.print(one)


def _cell(value: Any) -> str:
    """A value of a row; of figures by name a line each, with a slash between what belongs together."""
    if not isinstance(value, dict):
        return printable(str(value))
    lines = []
    for name, figures in value.items():
        told = " / ".join(map(str, figures.values())) if isinstance(figures, dict) else str(figures)
        lines.append(f"{name} {told}")
    return printable("\n".join(lines), lines=True)


def run(job: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Run a scenario on its own loop; what can't be done ends with a line and exit status 2."""
    # Imported here: `--help` does without them.
    import uvloop

    from rcim.app.processes.process import ServerFailed

    async def main() -> dict[str, Any]:
        return await job()

    try:
        return uvloop.run(main())
    except (TimeoutError, ServerFailed, RcimError, OSError, ValueError) as error:
        say(f"rcim-bench: {error or type(error).__name__}")
        raise typer.Exit(2) from None
