"""Delivering events to a destination: when it may have some (circuit_breaker.py), and account of what it says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rcim.actor.events import key_of
from rcim.base import clock
from rcim.base.cancelling import is_cancelled
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.circuit_breaker import CircuitBreaker
from rcim.outbox.destination import UNKNOWN, Destination, Untaken
from rcim.outbox.event_ids import ids_of
from rcim.store.dead_letters import DeadLetters
from rcim.store.event_log import KeptEvent
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

ERROR_BYTES_MAX = 300


class Times(NamedTuple):
    """The times that a consumer needs, in milliseconds since 1970. An event older than `given_up_ms` becomes a dead
    letter when its next try fails; 0: none does."""

    now_ms: Callable[[], int] = clock.wall_ms
    given_up_ms: Callable[[], int] = int


class Delivering:
    """See the module's text. `writing` is the thread that writes the store. It is used from the loop."""

    def __init__(
        self,
        name: str,
        destination: Destination,
        breaker: CircuitBreaker,
        *,
        letters: DeadLetters,
        writing: Worker,
        times: Times,
    ) -> None:
        self._name = name
        self.destination = destination
        self.breaker = breaker
        self._letters = letters
        self._writing = writing
        self.times = times
        self.delivered = self.failed = self.dead = 0
        """Events that were taken, tries that were not, and events that became dead letters, since the start."""
        self.last_error = ""
        self.last_error_ms = 0

    def count_on_from(self, before: Delivering) -> None:
        """What `before` has counted, and its last error, are of the same consumer, which other settings have begun anew
        (OP-03)."""
        self.delivered += before.delivered
        self.failed += before.failed
        self.dead += before.dead
        self.last_error, self.last_error_ms = before.last_error, before.last_error_ms

    async def give(self, events: Sequence[KeptEvent], entered: int) -> Sequence[Untaken]:
        """Give these on, for which so many the circuit breaker has let pass; returns those that were not taken."""
        taken, failed, asked_s = False, set[str](), 0.0
        try:
            untaken = await self._delivered(events)
            tried = [one for one in untaken if one.reason and not one.for_good]
            failed = {key_of(one.event.event) for one in tried or untaken}
            taken = len(untaken) < len(events) or any(one.for_good for one in untaken)
            asked_s = max((one.retry_after_s for one in untaken), default=0.0)
            self.delivered += len(events) - len(untaken)
            self.failed += len(tried)
            if tried:
                self._note(tried[0].reason)
            return untaken
        finally:
            self.breaker.leave(entered, taken=taken, failed=failed, asked_s=asked_s)

    async def _delivered(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        """What the destination says of them. After a fault of its own they are given one by one, so that only the event
        that is the reason comes again, with what follows of its key."""
        untaken = await self._handed(events)
        if untaken is not None:
            return untaken
        left: list[Untaken] = []
        held: set[str] = set()
        for one in events:
            key = key_of(one.event)
            if key in held:
                left.append(Untaken(one))
                continue
            again = await self._handed([one]) if len(events) > 1 else None
            left += [Untaken(one, UNKNOWN)] if again is None else again
            if again is None or any(not untaken.for_good for untaken in again):
                held.add(key)
        return left

    async def _handed(self, events: Sequence[KeptEvent]) -> Sequence[Untaken] | None:
        """What the destination returns. None: it has raised, or was cancelled by something that it waited for."""
        try:
            return await self.destination.deliver(events)
        except asyncio.CancelledError:
            if is_cancelled():
                raise
            log.warning(
                "events were not taken: delivering was cancelled",
                consumer=self._name,
                events=len(events),
                **ids_of(events[0]),
            )
        except Exception:  # a fault of whoever takes them
            log.exception("events were not taken", consumer=self._name, events=len(events), **ids_of(events[0]))
        return None

    def _note(self, reason: str) -> None:
        self.last_error = reason.encode()[:ERROR_BYTES_MAX].decode(errors="ignore")
        self.last_error_ms = self.times.now_ms()

    def dead_of(self, untaken: Sequence[Untaken]) -> list[tuple[KeptEvent, str]]:
        """Those of them that are not given on again, and why: for good, or because they were tried for too long."""
        before_ms = self.times.given_up_ms()
        return [
            (one.event, one.reason)
            for one in untaken
            if one.for_good or (one.reason and one.event.event.time_ms < before_ms)
        ]

    async def bury(self, dead: Sequence[tuple[KeptEvent, str]], following: Mapping[int, int]) -> bool:
        """These become dead letters, and the consumer has had what is below these numbers; False: the store can't be
        written, and nothing has changed."""
        try:
            await self._writing.run(lambda: self._letters.bury(self._name, dead, following, self.times.now_ms()))
        except StoreError as error:
            log.error(
                "dead letters can't be kept: their events are delivered again", consumer=self._name, error=error
            )
            return False
        self.dead += len(dead)
        self._note(dead[0][1])
        for one, reason in dead:
            log.warning(
                "an event was given up and is a dead letter now", consumer=self._name, **ids_of(one), error=reason
            )
            self.destination.forget(one.shard, {one.number})
        return True
