"""Paging by `Offset`, as the vendor has it, over lists that are read by cursor (GR-05).

A client that goes from page to page sends the offset at which the page before has ended. The cursor of that place is
remembered, so each page costs its own rows; and a row that comes or goes before it moves nothing. Any other offset is
counted from the beginning of the list.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rcim.adapters.tencent.codes import TencentError

T = TypeVar("T")
Fetch = Callable[[str, int], Awaitable[tuple[list[T], str]]]
"""Reads a page behind a cursor, of so many rows at the most: its rows, and the next cursor; empty: there are no more."""
PLACES_MAX = 1000
COUNTED_MAX = 10_000
"""Rows that are counted from the beginning at the most: 100 pages."""
PAGE_MAX = 100
"""Rows asked for at once."""


class Places:
    """The cursors of offsets at which pages have ended. Of more than PLACES_MAX those used longest ago are forgotten."""

    def __init__(self) -> None:
        self._cursors: OrderedDict[tuple[str, int], str] = OrderedDict()

    def find(self, what: str, offset: int) -> str:
        """The cursor of this place of a list; empty: it is not known."""
        return self._cursors.get((what, offset), "")

    def note(self, what: str, offset: int, cursor: str) -> None:
        """A page of the list has ended here."""
        self._cursors[what, offset] = cursor
        self._cursors.move_to_end((what, offset))
        if len(self._cursors) > PLACES_MAX:
            self._cursors.popitem(last=False)


async def page_at(
    places: Places, what: str, fetch: Fetch[T], offset: int, limit: int, *, wrong: int
) -> tuple[list[T], int]:
    """Up to `limit` rows of the list `what` from `offset` on, and the offset of the next page; 0: there is none. Raises
    TencentError(wrong) for an offset above COUNTED_MAX at which no page has ended lately."""
    cursor = places.find(what, offset)
    at = offset if cursor else 0
    if offset - at > COUNTED_MAX:
        raise TencentError(wrong, f"Offset is above {COUNTED_MAX}, and not where the page before has ended")
    found: list[T] = []
    while True:
        wanted = offset - at if at < offset else limit - len(found)
        rows, cursor = await fetch(cursor, min(wanted, PAGE_MAX))
        if at >= offset:
            found += rows
        at += len(rows)
        if not cursor:
            return found, 0
        if at >= offset and len(found) >= limit:
            places.note(what, at, cursor)
            return found, at


async def all_rows(fetch: Fetch[T], most: int) -> list[T]:
    """The rows of a list from its beginning, as many as there are, and `most` at the most."""
    found: list[T] = []
    cursor = ""
    while len(found) < most:
        rows, cursor = await fetch(cursor, min(most - len(found), PAGE_MAX))
        found += rows
        if not cursor:
            break
    return found
