"""One picture of the server, for scripts: as text or as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from rcim.base.terminal import printable, printable_json
from rcim.top.boards import BOARDS, Board, Choice, Found, plain_row
from rcim.top.overview import Overview, sample
from rcim.top.source import Away, Source, Target, TopError

ROWS = 20


async def picture(source: Source, interval_s: float, search: str = "") -> dict[str, Any]:
    """Everything once; rates are of `interval_s`. Raises Away and TopError."""
    overview = Overview()
    overview.add(await source.ask(sample))
    await asyncio.sleep(interval_s)
    overview.add(await source.ask(sample))
    found: dict[str, Any] = {"server": source.address, "overview": overview}
    for board in BOARDS:
        choice = Choice(board.sort, search=search if board.pages else "", limit=ROWS)
        found[board.name] = await source.ask(lambda client, b=board, c=choice: b.fetch(client, c))  # type: ignore[misc]
    return found


def as_json(found: dict[str, Any]) -> str:
    """The picture for programs."""
    made: dict[str, Any] = {"server": found["server"], "overview": found["overview"].plain()}
    for board in BOARDS:
        rows: Found = found[board.name]
        made[board.name] = {"found": rows.found, "rows": [plain_row(row) for row in rows.rows]}
    return printable_json(json.dumps(made, indent=2, ensure_ascii=False))


def table(board: Board, rows: Found) -> list[str]:
    """A board as lines of text."""
    cells = [[column.title for column in board.columns]]
    cells += [[column.text(row) for column in board.columns] for row in rows.rows]
    widths = [max(len(line[at]) for line in cells) for at in range(len(board.columns))]
    lines = [
        "  ".join(
            cell.rjust(width) if column.number else cell.ljust(width)
            for cell, width, column in zip(line, widths, board.columns, strict=True)
        ).rstrip()
        for line in cells
    ]
    return [f"{board.title} ({len(rows.rows)} of {rows.found})", *lines]


def as_text(found: dict[str, Any]) -> str:
    """The picture for people."""
    overview: Overview = found["overview"]
    lines = [f"{found['server']}   running {overview.uptime}", "", *overview.lines(100)]
    for board in BOARDS:
        lines += ["", *table(board, found[board.name])]
    return printable("\n".join(lines), lines=True)


def run(target: Target, interval_s: float, *, to_json: bool, search: str = "") -> None:
    """Print one picture. Raises TopError."""

    async def job() -> str:
        source = Source(target)
        try:
            found = await picture(source, interval_s, search)
        except Away as error:
            raise TopError(f"no answer from the server: {error}") from None
        finally:
            await source.close()
        return as_json(found) if to_json else as_text(found)

    text = asyncio.run(job())
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
