"""A query that is answered in steps, so that others have their turn in between."""

from __future__ import annotations

from typing import Any

from rcim.store import keys

SCAN_ROWS, SCAN_HEADS = 4000, 500
"""Memberships looked at in one step, and heads or profiles read for them: about 2 ms."""


class Scan:
    """A query that goes through a user's memberships, and how far it has come: it is asked again in place of the query
    until there is an answer."""

    __slots__ = ("low", "query", "user_id")

    def __init__(self, query: Any, user_id: str) -> None:
        self.query = query
        self.user_id = user_id
        self.low = user_id.encode() + keys.SEP
        """The next row to look at."""

    @property
    def end(self) -> bytes:
        """After the last of the user's rows."""
        return self.user_id.encode() + keys.AFTER_SEP
