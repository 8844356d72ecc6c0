"""How much a user has not read, by conversation (RX-08): what a sync that begins anew would say, and nothing else of it.

It is read in steps, as a sync is, so that others have their turn in between. The PAGES_MAX * PAGE conversations with the
newest changes are looked at, and unread messages count in COUNTED_MAX of them (RX-04).
"""

from __future__ import annotations

import msgspec

from rcim.actor.queries import SyncQuery, UnreadQuery
from rcim.store.answers import SyncPage, UnreadCounts
from rcim.store.backend import ReadView
from rcim.store.scan import Scan
from rcim.store.syncing import COUNTED_MAX, Syncing, SyncScan

PAGE = 100
PAGES_MAX = 20
"""Of a user with more conversations the others have long been silent; each page costs about 3 ms."""


class UnreadScan(Scan):
    """A count in progress: the next page to ask for, or the sync that looks for it, and what was found so far."""

    __slots__ = ("asks", "counts", "pages")

    def __init__(self, query: UnreadQuery) -> None:
        super().__init__(query, query.user_id)
        self.asks: SyncQuery | SyncScan = SyncQuery(
            query.user_id, 0, 0, limit=PAGE, types=query.types, now_ms=query.now_ms
        )
        self.counts: dict[str, int] = {}
        self.pages = 0


def go_on(syncing: Syncing, view: ReadView, scan: UnreadScan) -> UnreadCounts | UnreadScan:
    """One step more: the answer, or the scan with which to go on. Raises StoreError."""
    asks = scan.asks
    found = syncing.go_on(view, asks) if isinstance(asks, SyncScan) else syncing.begin(view, asks)
    if isinstance(found, SyncScan):
        scan.asks = found
        return scan
    scan.counts |= {row.key: row.unread for row in found.rows if row.unread and not row.removed}
    scan.pages += 1
    if not found.more or found.counted >= COUNTED_MAX or scan.pages == PAGES_MAX:
        wanted = scan.query.conversations or scan.counts
        counts = {key: count for key, count in scan.counts.items() if key in wanted}
        return UnreadCounts(counts, found.more or found.counted >= COUNTED_MAX)
    scan.asks = _following(scan.query, found)
    return scan


def _following(query: UnreadQuery, page: SyncPage) -> SyncQuery:
    """The page after this one, of the same state of the store."""
    first = SyncQuery(query.user_id, 0, page.upto, limit=PAGE, types=query.types, now_ms=query.now_ms)
    return msgspec.structs.replace(first, after=page.after, counted=page.counted, store_id=page.store_id)
