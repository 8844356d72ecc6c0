"""What the demos that try things show: a table that fills at a terminal, lines where that is too narrow, or JSON."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Generic

import uvloop
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table as RichTable
from rich.text import Text

from rcim.app.processes.process import ServerFailed
from rcim.base.errors import RcimError
from rcim.base.terminal import reason_of
from rcim.client.link import ConnectionGone
from rcim.demo.trying import NO_OWNER, Result, T, Trial

UNBROKEN = "\N{NO-BREAK SPACE}"


class Sheet(Generic[T]):
    """What came of each trial, by column, as it is filled and shown.

    `says` ends the sentence "all of it as ..."; `notes` are printed below. In a terminal of `wide` columns a row of the
    table is one line; in one of less than `least` there are lines in place of a table.
    """

    def __init__(
        self,
        trials: Sequence[Trial[T]],
        columns: Sequence[str],
        *,
        says: str,
        notes: str,
        as_json: bool,
        wide: int,
        least: int = 0,
    ) -> None:
        self.trials, self.columns, self.says, self.notes, self.as_json = trials, columns, says, notes, as_json
        self.results: list[dict[str, Result]] = [{} for _ in trials]
        getattr(sys.stdout, "reconfigure", dict)(errors="replace")  # without UTF-8 there are no check marks
        self._console = Console()
        self._narrow = self._console.width < wide
        table = self._console.is_terminal and not as_json and self._console.width >= least
        self._live = Live(console=self._console) if table else None

    def put(self, at: int, column: str, result: Result) -> None:
        """Something has come of a row in a column."""
        self.results[at][column] = result
        if self._live is not None:
            fit = (self._console.height - 6) // (3 if self._narrow else 1)
            self._live.update(self._drawn(range(max(0, at - fit), at + 1)), refresh=True)

    def end_row(self, at: int, columns: Sequence[str]) -> None:
        """A row is tried in these columns."""
        if self._live is None and not self.as_json:
            found = self.results[at]
            cells = [f"{name} {found[name].shown()}" for name in columns if name in found]
            width = self._console.width if self._console.is_terminal else 0
            print(line(f"{self.trials[at].rule} {self.trials[at].text}:", cells, width), flush=True)

    @contextlib.contextmanager
    def live(self) -> Iterator[None]:
        """While it is entered the table is shown, if there is one; all of it at the end."""
        with self._live or contextlib.nullcontext():
            yield
            if self._live is not None:
                self._live.update(self._drawn(range(len(self.trials))))

    def _drawn(self, rows: Iterable[int]) -> RichTable:
        """These rows for a terminal; codes go over several lines where it is narrow."""
        made = RichTable("rule", "tried", *self.columns, box=box.SIMPLE, padding=(0, 1, 0, 0))
        for at in rows:
            found = self.results[at]
            cells = [found[name].shown() if name in found else "" for name in self.columns]
            cells = [cell.replace("_", "_\n") for cell in cells] if self._narrow else cells
            styled = [Text(cell, {"✓": "green", "!": "bold red"}.get(cell[:1], "yellow")) for cell in cells]
            made.add_row(self.trials[at].rule, self.trials[at].text, *styled)
        for column in made.columns:
            column.overflow = "fold"
        return made

    def concluded(self, kind: str) -> bool:
        """Print the end of it; True if all is as it should be. `kind`: under which name JSON has the columns."""
        results = [result for row in self.results for result in row.values() if result.found != NO_OWNER]
        wrong = sum(not result.good for result in results)
        if self.as_json:
            rows = [
                {"rule": trial.rule, "trial": trial.text, "results": found}
                for trial, found in zip(self.trials, self.results, strict=True)
            ]
            said = {kind: self.columns, "rows": rows, "tried": len(results), "different": wrong}
            print(json.dumps(said, default=asdict))
            return not wrong
        print(self.notes)
        ending = f"FAILED: {wrong} not as {self.says}" if wrong else f"all of it as {self.says}"
        print(f"{len(results)} things tried, {ending}")
        return not wrong


def line(head: str, cells: Sequence[str], width: int) -> str:
    """A row as a line; in a terminal of `width` columns as several, with no cell broken where it fits. 0: one line."""
    text = f"{head} {'; '.join(cells)}"
    if not width:
        return text
    whole = f"{head} {'; '.join(cell.replace(' ', UNBROKEN) for cell in cells)}"
    filled = textwrap.fill(whole, width, subsequent_indent="    ", break_on_hyphens=False)
    return filled.replace(UNBROKEN, " ")


def shown(sheet: Sheet[T], play: Callable[[Path], Awaitable[None]], kind: str) -> bool:
    """Run `play`, which fills the sheet, on a data directory that is removed afterwards; True if all is as it should
    be. `kind`: what the columns are."""
    folder = Path(tempfile.mkdtemp(prefix="rcim-demo-"))

    async def played() -> None:
        await play(folder)

    try:
        with sheet.live():
            uvloop.run(played())
    except (ServerFailed, RcimError, ConnectionGone, OSError) as error:
        print(f"rcim: the demo failed: {reason_of(error)}", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return sheet.concluded(kind)
