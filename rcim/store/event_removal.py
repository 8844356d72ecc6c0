"""Which events go: those that nobody needs any more, and the oldest of those that are too old or too many.

1. Events that every consumer has had stay until `Bounds.kept_ms`, for a replay.
2. Beyond `bytes_max` the oldest of these go first, and then the oldest that somebody has not had.
3. Events of before `oldest_ms` go, whoever has not had them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence

import msgspec

from rcim.store.backend import ReadView
from rcim.store.event_rows import KEY_BYTES, key, place_of, time_of

NOTHING = 1 << 63
"""Later than every time: no event is kept that everybody has had."""


class Bounds(msgspec.Struct, frozen=True):
    """What the event log may hold; see the module's text. Times are in milliseconds since 1970."""

    oldest_ms: int
    bytes_max: int
    kept_ms: int = NOTHING


class Chosen(msgspec.Struct):
    """Rows of `events` that go, and their bytes."""

    rows: list[bytes]
    size: int = 0


def choose(view: ReadView, needed: Sequence[int], bounds: Bounds, size: int, limit: int) -> Chosen:
    """Up to `limit` events to remove. `needed`: by shard the number of the first one that somebody has not had; `size`:
    the bytes of all events."""
    found = Chosen([])
    _choose(view, [(0, number) for number in needed], bounds.kept_ms, size - bounds.bytes_max, limit, found)
    if len(found.rows) < limit:
        rest = [(number, NOTHING) for number in needed]
        _choose(view, rest, bounds.oldest_ms, size - bounds.bytes_max, limit, found)
    return found


def _choose(
    view: ReadView, ranges: Sequence[tuple[int, int]], from_ms: int, over: int, limit: int, found: Chosen
) -> None:
    """Add the oldest events of these ranges of numbers, as long as they are of before `from_ms`, or fewer than `over`
    bytes go."""
    heads = [_scan(view, shard, low, high) for shard, (low, high) in enumerate(ranges) if low < high]
    heap = [
        (time_of(first[1]), at, first) for at, head in enumerate(heads) if (first := next(head, None)) is not None
    ]
    heapq.heapify(heap)
    while heap and len(found.rows) < limit:
        time_ms, at, (row, data) = heap[0]
        if time_ms >= from_ms and found.size >= over:
            return
        found.rows.append(row)
        found.size += len(data) + KEY_BYTES
        following = next(heads[at], None)
        if following is None:
            heapq.heappop(heap)
        else:
            heapq.heapreplace(heap, (time_of(following[1]), at, following))


def _scan(view: ReadView, shard: int, low: int, high: int) -> Iterator[tuple[bytes, bytes]]:
    return view.scan("events", key(shard, low), key(shard, high) if high < NOTHING else key(shard + 1, 0))


def first_number(view: ReadView, shard: int) -> int | None:
    """The number of the oldest event of the shard; None: it has none."""
    row = next(_scan(view, shard, 0, NOTHING), None)
    return place_of(row[0])[1] if row is not None else None


def number_at(view: ReadView, shard: int, following: int, from_ms: int) -> int:
    """The number of the first event of the shard at this time or later; `following`, the number of the next event, if
    there is none. It reads about 20 events, whatever their number."""
    low = first_number(view, shard)
    high = following
    while low is not None and low < high:
        middle = (low + high) // 2
        row = next(_scan(view, shard, middle, NOTHING), None)
        if row is not None and time_of(row[1]) < from_ms:
            low = place_of(row[0])[1] + 1
        else:
            high = middle
    return high
