"""Cursors of SYNC and SEARCH: the position of the next page, in bytes that clients return unchanged."""

from __future__ import annotations

import struct
from typing import NamedTuple

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.store.answers import FoundPage, SyncPage

DONE = struct.Struct(">BQQ")
"""The cursor of a complete sync: 1, the store, and the commit up to which everything was sent."""
PART = struct.Struct(">BQQQQH")
"""The cursor between two pages, followed by a key: 2, the store, the first and the last commit, that of the last row,
and how many conversations are counted."""
PLACE = struct.Struct(">BQQ")
"""The cursor of a search, followed by a conversation: 3, the server's history, and a SEQ."""


class SyncPlace(NamedTuple):
    """The position at which a sync continues. All zero and empty: it begins."""

    store_id: int = 0
    since: int = 0
    upto: int = 0
    after: tuple[int, str] = (0, "")
    counted: int = 0


def _not_a_cursor() -> RcimError:
    return RcimError(BAD_PARAMETER, "cursor: not a cursor of this server; start again without one")


def read_sync(cursor: bytes) -> SyncPlace:
    """The position in the cursor of a sync. Raises RcimError(BAD_PARAMETER)."""
    try:
        if not cursor:
            return SyncPlace()
        if cursor[0] == 1:
            _, store_id, since = DONE.unpack(cursor)
            return SyncPlace(store_id, since)
        _, store_id, since, upto, stamp, counted = PART.unpack_from(cursor)
        if cursor[0] == 2:
            return SyncPlace(
                store_id=store_id,
                since=since,
                upto=upto,
                after=(stamp, cursor[PART.size :].decode()),
                counted=counted,
            )
    except (struct.error, UnicodeDecodeError):
        pass
    raise _not_a_cursor()


def of_sync(page: SyncPage) -> bytes:
    """The cursor that continues after this page (RX-03)."""
    if not page.more:
        return DONE.pack(1, page.store_id, page.upto)
    stamp, key = page.after
    return PART.pack(2, page.store_id, page.since, page.upto, stamp, page.counted) + key.encode()


def read_search(cursor: bytes) -> tuple[int, tuple[str, int]]:
    """The history of a search cursor, and the conversation and SEQ after which it continues. Raises
    RcimError(BAD_PARAMETER)."""
    try:
        if not cursor:
            return 0, ("", 0)
        kind, history_id, seq = PLACE.unpack_from(cursor)
        if kind == 3 and seq < 1 << 63:
            return history_id, (cursor[PLACE.size :].decode(), seq)
    except (struct.error, UnicodeDecodeError):
        pass
    raise _not_a_cursor()


def of_search(page: FoundPage) -> bytes:
    """The cursor that continues after this page; empty after the last one (RX-10)."""
    key, seq = page.after
    return PLACE.pack(3, page.history_id, seq) + key.encode() if page.more else b""
