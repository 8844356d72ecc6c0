"""The index of the requirements: which files cite each ID, in the code and in the tests. The rules themselves stand in
docs/reference/requirements.md, written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PAGE = "docs/reference/requirements.md"
CODE, TESTS = ("rcim", "tools", "bench"), ("tests",)
"""Folders whose Python files count as code, and as tests."""
PLANNED = "[planned"

_HEADING = re.compile(r"^(?:- |\| )\*\*([A-Z][A-Z0-9]-\d\d)\*\*", re.MULTILINE)
_CITED = re.compile(r"\b([A-Z][A-Z0-9])-(\d\d)(?: to (?:\1-)?(\d\d))?\b")


class Rule(NamedTuple):
    """One requirement, as the page has it."""

    id: str
    text: str

    @property
    def planned(self) -> bool:
        """True if nothing of it is built yet."""
        return self.text.rstrip(" |\n").endswith("[planned]")


def rules(page: str) -> list[Rule]:
    """The requirements on the page, in its order."""
    starts = list(_HEADING.finditer(page))
    found = []
    for number, start in enumerate(starts):
        stop = starts[number + 1].start() if number + 1 < len(starts) else len(page)
        text = page[start.start() : stop]
        # A rule ends with its bullet, or its row of the table.
        ends = [at for at in (text.find("\n\n"), text.find("\n- ", 1), text.find("\n|", 1)) if at > 0]
        found.append(Rule(start.group(1), text[: min(ends)] if ends else text))
    return found


def cited(text: str) -> set[str]:
    """The IDs that a text cites; `SC-02 to SC-04` cites three."""
    found = set()
    for area, first, last in _CITED.findall(text):
        found.update(f"{area}-{number:02}" for number in range(int(first), int(last or first) + 1))
    return found


def citations(root: Path, folders: Iterable[str]) -> dict[str, list[str]]:
    """By ID: the Python files in these folders of `root` that cite it."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            for id_ in cited(path.read_text(encoding="utf-8")):
                found.setdefault(id_, []).append(path.relative_to(root).as_posix())
    return found


def index(root: Path) -> str:
    """The page with the index."""
    code, tests = citations(root, CODE), citations(root, TESTS)
    lines = [
        "# Index of the requirements",
        "",
        "For each ID of [requirements.md](requirements.md): the files that cite it. `make spec` makes this page.",
        "",
        "| ID | code | tests |",
        "|---|---|---|",
    ]
    for rule in rules((root / PAGE).read_text(encoding="utf-8")):
        if rule.id in code or rule.id in tests:
            cells = (" ".join(f"`{name}`" for name in found.get(rule.id, ())) for found in (code, tests))
            lines.append(f"| {rule.id} | " + " | ".join(cells) + " |")
        else:
            lines.append(f"| {rule.id} | planned | |")
    return "\n".join(lines) + "\n"
