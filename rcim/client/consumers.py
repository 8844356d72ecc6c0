"""The client's requests about what leaves the server: the consumers of the event log (CB-04)."""

from __future__ import annotations

from rcim.client.requests import Requests
from rcim.wire import frames


class ConsumerRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED. A consumer is called as its section of the
    settings: `callbacks`, `receivers.NAME`. Each raises RcimError with the server's code, NO_SUCH_CONSUMER among them."""

    async def consumers(self) -> list[frames.OutboxConsumer]:
        """All consumers, by name."""
        return await self._pages(
            lambda after: frames.OutboxList(after, 0), frames.OutboxListOk, lambda page: page.consumers
        )

    async def consumer(self, name: str) -> tuple[frames.OutboxConsumer, dict[str, int]]:
        """One consumer, and what its destination has counted since the start, by name."""
        found = await self.request(frames.OutboxShow(name), frames.OutboxShowOk)
        return found.consumers[0], {stat.name: stat.value for stat in found.counts}

    async def pause_consumer(self, name: str) -> None:
        """It passes nothing on until it is resumed, also after a restart. Events wait for it, within the server's
        bounds."""
        await self.request(frames.OutboxPause(name), frames.OutboxPauseOk)

    async def resume_consumer(self, name: str) -> None:
        """It goes on, and tries at once whatever waits for another try."""
        await self.request(frames.OutboxResume(name), frames.OutboxResumeOk)

    async def replay_consumer(self, name: str, from_time_ms: int) -> int:
        """It passes on once more what has happened since then (milliseconds since 1970) and is still kept; returns how
        many events these are, with those that it does not want."""
        return (await self.request(frames.OutboxReplay(name, from_time_ms), frames.OutboxReplayOk)).events

    async def dead_letters(self, name: str, limit: int = 100) -> list[frames.DeadLetterEntry]:
        """Up to `limit` events that it has given up, the oldest first."""
        found: list[frames.DeadLetterEntry] = []
        after = 0
        while len(found) < limit:
            page = await self.request(
                frames.OutboxDead(name, after, min(limit - len(found), 50)), frames.OutboxDeadOk
            )
            found += page.letters
            after = page.next_id
            if not after:
                break
        return found

    async def retry_dead_letters(self, name: str, letter_id: int = 0) -> frames.OutboxDeadRetryOk:
        """Pass on a dead letter once more, or with 0 all that there are, each once; returns how many were taken and were
        not. They come out of the order in which they happened."""
        taken = not_taken = after = 0
        reason = ""
        while True:
            ask = frames.OutboxDeadRetry(name, letter_id, after)
            found = await self.request(ask, frames.OutboxDeadRetryOk)
            taken, not_taken, after = taken + found.taken, not_taken + found.not_taken, found.next_id
            reason = found.reason or reason
            if not after or letter_id:
                return frames.OutboxDeadRetryOk(taken, not_taken, reason, 0)

    async def drop_dead_letters(self, name: str, letter_id: int = 0) -> int:
        """Remove a dead letter, or with 0 all that there are; returns how many went."""
        dropped = 0
        while True:
            found = await self.request(frames.OutboxDeadDrop(name, letter_id), frames.OutboxDeadDropOk)
            dropped += found.dropped
            if not found.more or letter_id:
                return dropped
