"""Tables of the pages: each row has as many cells as its head, also where a cell has a `|` in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rcim_tools import spec
from rcim_tools.tables import row

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for where in ("*.md", "docs/**/*.md", "protocol-spec/**/*.md")
    for path in ROOT.glob(where)
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)


def cells(line: str) -> int:
    """How many cells a row has for who renders it: `|` parts them, in code too, `\\|` does not."""
    return len(re.findall(r"(?<!\\)\|", line.strip())) - 1


def tables(text: str) -> Iterator[list[str]]:
    """The rows of each table, outside of code blocks."""
    found: list[str] = []
    code = False
    for line in [*text.splitlines(), ""]:
        code ^= line.lstrip().startswith("```")
        if line.startswith("|") and not code:
            found.append(line)
        elif found:
            yield found
            found = []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_row_has_as_many_cells_as_its_head(page: Path) -> None:
    for head, *rows in tables(page.read_text(encoding="utf-8")):
        assert [line for line in rows if cells(line) != cells(head)] == []


def test_a_cell_with_a_bar_is_one_cell() -> None:
    assert row("a|b", 7, "`|`") == r"| a\|b | 7 | `\|` |"
    assert cells(row("a|b", 7)) == 2
    fillers = next(line for line in spec.WHOLE["docs/reference/settings.md"]().splitlines() if "word_fillers" in line)
    assert cells(fillers) == 4
