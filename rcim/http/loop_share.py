"""The share of the loop's time that callers over HTTP have, whoever they are: users over frames wait for none of them.

1. Parsing what arrives and beginning requests takes at most SHARE of the loop's time; TURN_S in one turn of the loop.
2. What has to wait takes turns by address, a piece each: a caller with a thousand connections slows only its own address.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

SHARE = 0.5
"""Of the loop's time. What operations cost after a request has begun is bounded elsewhere (LI-02, queries by user)."""
BURST_S = 0.004
"""What may be used at once after a pause."""
TURN_S = 0.002
REQUEST_S = 0.000_1
"""What beginning and answering a request takes besides its operation: it is counted when the request begins."""
PIECE_BYTES = 8 * 1024
"""Of input that is parsed at a time: up to 1 ms, if each byte is a chunk of its own."""

Job = Callable[[], bool]
"""Does one piece of work and says whether there is more of it."""


class LoopShare:
    """See the module's text. One for all connections of a process."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._credit_s = BURST_S
        self._counted_s = loop.time()
        self._waiting: dict[str, deque[Job]] = {}
        """Jobs by address, in the order of the addresses' turns."""
        self._timer: asyncio.Handle | None = None

    def free(self) -> bool:
        """True if nobody waits and some of the share is left: work may be done at once, and counted with `spend`."""
        if self._waiting:
            return False
        self._refill()
        return self._credit_s > 0

    def spend(self, seconds: float) -> None:
        """So much of the loop's time was used."""
        self._credit_s -= seconds

    def wait(self, address: str, job: Job) -> None:
        """Do the job piece by piece, when it is this address' turn."""
        self._waiting.setdefault(address, deque()).append(job)
        if self._timer is None:
            self._timer = self._loop.call_soon(self._take_turn)

    async def turn(self, address: str) -> None:
        """Wait until a request from there may begin; counts it."""
        if self.free():
            self.spend(REQUEST_S)
            return
        begun = self._loop.create_future()

        def begin() -> bool:
            if not begun.done():
                self.spend(REQUEST_S)
                begun.set_result(None)
            return False

        self.wait(address, begin)
        await begun

    def _refill(self) -> None:
        now_s = self._loop.time()
        self._credit_s = min(BURST_S, self._credit_s + (now_s - self._counted_s) * SHARE)
        self._counted_s = now_s

    def _take_turn(self) -> None:
        """Do pieces of one address after the other, as long as this turn and the share allow."""
        self._timer = None
        self._refill()
        left_s = min(TURN_S, self._credit_s)
        while self._waiting and left_s > 0:
            address, jobs = next(iter(self._waiting.items()))
            del self._waiting[address]
            job = jobs.popleft()
            credit_s, began_s = self._credit_s, perf_counter()
            more = job()
            self.spend(perf_counter() - began_s)
            left_s -= credit_s - self._credit_s
            if more:
                jobs.append(job)
            if jobs:  # after all other addresses
                self._waiting[address] = jobs
        if self._waiting:
            wait_s = max(TURN_S, -self._credit_s / SHARE)
            self._timer = self._loop.call_later(wait_s, self._take_turn)
