"""Posting callbacks about what has happened to one receiver: how many at a time, with which key, and what counts as taken
(CB-01, CB-04)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rcim.base import clock
from rcim.base.limited_log import LimitedLog
from rcim.hooks.profile import Callback, Profile
from rcim.hooks.receiver import ReceiverSpec
from rcim.outbox.callbacks.batches import Batches, Posted
from rcim.outbox.callbacks.pacing import Pacing
from rcim.outbox.destination import UNKNOWN
from rcim.web.client import CONNECTIONS_MAX, FAULTS, WebClient
from rcim.web.faults import Fault, FaultKind, fault_of, fault_of_status

log = LimitedLog("rcim.outbox")

AT_ONCE = CONNECTIONS_MAX
"""Requests of one receiver that are under way. Its URLs have equal shares: one that is slow takes no place of another."""
BEGUN, PACE_S = 5, 0.004
"""Requests of one receiver that begin in so many seconds. With its answer one takes 200 microseconds of the loop."""
TAKEN = frozenset({200, 201, 202, 204})
"""The HTTP statuses that say that the receiver has a callback."""
TOO_LARGE = 413
EVENT_HEADER = "X-Rcim-Event"
"""The idempotency key of a callback that goes alone."""
BATCH_HEADER = "X-Rcim-Batch"
"""How many callbacks a batch has."""


class ToldReceiver(NamedTuple):
    """A receiver, as far as it is told what has happened. With `batch_max` of more than 1 up to so many callbacks go in
    one request, after a wait of at most `batch_wait_ms`."""

    spec: ReceiverSpec
    profile: Profile
    client: WebClient
    batch_max: int = 1
    batch_wait_ms: int = 0


class Posting:
    """See the module's text. Used from the loop; `close` at the end."""

    def __init__(self, receiver: ToldReceiver) -> None:
        self.receiver = receiver
        self.faults: Counter[FaultKind] = Counter()
        """How many requests were not taken, since the start, by why."""
        urls = {receiver.spec.url_of(command) for command in receiver.spec.commands}
        share = max(1, AT_ONCE // max(1, len(urls)))
        self._places = {url: asyncio.Semaphore(share) for url in urls}
        self._pacing = Pacing(BEGUN, PACE_S)
        """After the wait for a place: a receiver that answers a hundred requests at once would begin as many others."""
        self._batches: Batches | None = None
        if receiver.batch_max > 1:
            self._batches = Batches(self._post, receiver.batch_max, receiver.batch_wait_ms / 1000)

    async def send(self, callbacks: Sequence[Callback]) -> Posted:
        """Send callbacks of one command: one, or a run for a batch."""
        return await (self._batches.send(callbacks) if self._batches is not None else self._post(callbacks))

    async def _post(self, callbacks: Sequence[Callback]) -> Posted:
        receiver, command = self.receiver, callbacks[0].command
        url = receiver.spec.url_of(command)
        try:
            request = receiver.profile.request(url, callbacks)
        except Exception:  # a fault of ours: what waits behind it goes on
            log.exception("making a callback failed", callback=command, callback_id=callbacks[0].id)
            return Posted(UNKNOWN, for_good=True, divisible=True)
        named = {BATCH_HEADER: str(len(callbacks))} if len(callbacks) > 1 else {EVENT_HEADER: callbacks[0].id}
        request = request._replace(headers={**request.headers, **named})
        divisible = False
        try:
            async with self._places[url]:
                await self._pacing.turn()
                answer = await receiver.client.post(request)
        except FAULTS as error:
            fault = fault_of(error)
        else:
            if answer.status in TAKEN:
                return Posted()
            divisible = answer.status == TOO_LARGE
            fault = fault_of_status(answer, clock.wall_ms() / 1000)
        return self._not_taken(command, callbacks[0].id, fault, divisible=divisible)

    def _not_taken(self, command: str, callback_id: str, fault: Fault, *, divisible: bool) -> Posted:
        self.faults[fault.kind] += 1
        log.warning(
            "a callback was not taken and is sent again", callback=command, callback_id=callback_id, error=fault.text
        )
        return Posted(fault.text, fault.retry_after_s, divisible=divisible)

    async def close(self) -> None:
        """Give back the connections."""
        if self._batches is not None:
            await self._batches.close()
        await self.receiver.client.close()
