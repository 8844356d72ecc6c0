"""How much is tried of what has no end: an ordinary run takes some of the seeds, examples and cells, and
`pytest --thorough` takes all of them."""

from __future__ import annotations

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
