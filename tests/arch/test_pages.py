"""Pages name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("protocol-spec/**/*.md")])
NAMED = re.compile(r"(?<![\w/.*-])((?:[a-z_]+/)+[a-z_0-9]+\.py)\b")
"""A source file with its folder: from the root of the repository, or from `rcim/`."""


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_files_that_a_page_names_exist(page: Path) -> None:
    missing = [
        name
        for name in NAMED.findall(page.read_text())
        if not any((ROOT / at / name).exists() for at in ("", "rcim"))
    ]
    assert missing == []
