"""What stream and inbox need of the client: two requests that outlive reconnections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rcim.client.model import Where
from rcim.wire import frames


class Asker(Protocol):
    """See the module's text."""

    async def sync_page(self, cursor: bytes = b"", *, messages: int = 0) -> frames.SyncOk:
        """Client.sync_page."""

    async def history_page(
        self,
        where: Where,
        from_seq: int,
        to_seq: int,
        limit: int,
        backwards: bool = False,
        *,
        seqs: Iterable[int] = (),
    ) -> frames.HistoryOk:
        """Client.history_page."""

    @property
    def user_id(self) -> str:
        """Who is logged in."""
