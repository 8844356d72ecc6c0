"""The client's requests for any range of a conversation's history, page by page (AB-04, RX-06)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from rcim.client.model import Where
from rcim.client.requests import Requests
from rcim.wire import frames

PAGE = 100


class RangeRequests(Requests):
    """Part of Client. Each raises RcimError with the server's code."""

    async def history_range(
        self, where: Where, *, from_seq: int = 0, to_seq: int = 0, from_time_ms: int = 0, to_time_ms: int = 0
    ) -> AsyncIterator[frames.Message]:
        """All messages of the range, oldest first, as the user may see them: by SEQ, by time (milliseconds since 1970),
        or both; 0 is no bound. They are asked for as they are taken. What is sent meanwhile is in it, up to the newest
        message at the time of the first page."""
        while True:
            frame = frames.History(
                conversation=self._conversation(where),
                from_seq=from_seq,
                to_seq=to_seq,
                limit=PAGE,
                backwards=False,
                from_time_ms=from_time_ms,
                to_time_ms=to_time_ms,
            )
            page = await self.request(frame, frames.HistoryOk)
            for message in page.messages:
                yield message
            if not page.more or not page.messages:
                return
            to_seq = to_seq or page.newest_seq
            from_seq = page.messages[-1].seq + 1
