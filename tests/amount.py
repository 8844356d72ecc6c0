"""How much is tried of what has no end: an ordinary run takes some of the seeds, examples and cells, and
`pytest --thorough` takes all of them."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator

import pytest

OPTION = "--thorough"

_thorough = False


def configure(config: pytest.Config) -> None:
    """Take the option, before a test module is imported."""
    global _thorough
    _thorough = bool(config.getoption(OPTION)) or config.getoption("markexpr") == "matrix"


def some(ordinary: int, *, of: int) -> int:
    """How many are tried in this run: `ordinary`, or with the option all `of` them."""
    return of if _thorough else ordinary


def codes() -> Iterator[int]:
    """All code points of Unicode; in an ordinary run, of those beyond 16 bits that are unassigned or private (nine in ten
    of all) one of 61, and those of 0xE0000 and more, of which some are ignorable."""
    share = some(61, of=1)
    for code in range(sys.maxunicode + 1):
        always = code < 0x10000 or code >> 12 == 0xE0
        if always or not code % share or unicodedata.category(chr(code)) not in ("Cn", "Co"):
            yield code
