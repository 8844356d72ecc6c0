"""What callers are told of an error: its meaning as the specification has it, without the ids of requirements."""

from __future__ import annotations

import re

from rcim.adapters.native.table import ROUTES
from rcim.base.errors import ADMIN_REQUIRED, ALL

ID = re.compile(r"\b[A-Z]{2}-\d\d\b")


def test_callers_are_told_no_ids_of_requirements() -> None:
    assert ADMIN_REQUIRED.documented == "Only an app administrator may do this (ID-08)."
    assert ADMIN_REQUIRED.meaning == "Only an app administrator may do this."
    assert [one.name for one in ALL if ID.search(one.meaning)] == []
    assert [one.name for one in ROUTES if ID.search(one.about)] == []
