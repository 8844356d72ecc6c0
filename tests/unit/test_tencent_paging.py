"""Offsets over lists that are read by cursor: every row once, wherever a client begins (AB-02, GR-05)."""

from __future__ import annotations

import pytest

from rcim.adapters.tencent import paging
from rcim.adapters.tencent.codes import TencentError
from rcim.adapters.tencent.paging import Places, all_rows, page_at


class Rows:
    """A list that gives at most three rows at once, and sometimes none though there are more."""

    def __init__(self, count: int) -> None:
        self.rows = [f"{number:05}" for number in range(count)]
        self.asked = 0

    async def fetch(self, cursor: str, count: int) -> tuple[list[str], str]:
        self.asked += 1
        if cursor.endswith("!"):
            cursor = cursor[:-1]
        elif cursor and self.asked % 3 == 0:
            return [], cursor + "!"
        left = [row for row in self.rows if row > cursor]
        page = left[: min(count, 3)]
        return page, page[-1] if len(left) > len(page) else ""


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20, 21, 50])
async def test_pages_have_every_row_once(limit: int) -> None:
    rows, places, seen, offset = Rows(20), Places(), [], 0
    while True:
        page, following = await page_at(places, "list", rows.fetch, offset, limit, wrong=1)
        seen += page
        assert len(page) <= limit
        if not following:
            break
        assert following == offset + limit
        offset = following
    assert seen == rows.rows
    assert await all_rows(rows.fetch, 100) == rows.rows
    assert await all_rows(rows.fetch, 7) == rows.rows[:7]


async def test_any_offset_is_counted_from_the_beginning() -> None:
    rows, places = Rows(20), Places()
    for offset in (0, 5, 19, 20, 1000):
        page, _ = await page_at(places, "list", rows.fetch, offset, 4, wrong=1)
        assert page == rows.rows[offset : offset + 4], offset
    with pytest.raises(TencentError) as refused:
        await page_at(places, "list", rows.fetch, paging.COUNTED_MAX + 1, 4, wrong=10004)
    assert refused.value.code == 10004


async def test_a_place_stays_where_it_was() -> None:
    rows, places = Rows(20), Places()
    first, following = await page_at(places, "list", rows.fetch, 0, 6, wrong=1)
    del rows.rows[2]
    second, _ = await page_at(places, "list", rows.fetch, following, 6, wrong=1)
    assert second == [f"{number:05}" for number in range(6, 12)], "a row that has gone before it moves nothing"
    other, _ = await page_at(places, "other list", rows.fetch, following, 6, wrong=1)
    assert other == [f"{number:05}" for number in range(7, 13)], "a place is one of its own list"
    assert len(first) == 6


async def test_places_are_bounded() -> None:
    places = Places()
    for number in range(paging.PLACES_MAX + 1):
        places.note("list", number, f"c{number}")
    assert places.find("list", 0) == "" and places.find("list", 1) == "c1"
    assert places.find("list", paging.PLACES_MAX) == f"c{paging.PLACES_MAX}"
