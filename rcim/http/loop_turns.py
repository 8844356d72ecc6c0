"""The part of each turn of the loop that callers over HTTP have: users over frames wait for none of them.

1. Parsing what arrives, beginning requests and reading their bodies takes at most TURN_S of one turn of the loop, and
   the step that was begun last; then whatever else is ready goes on. Where nothing else is, the next turn follows at
   once, so a quiet server holds up no back end.
2. What has to wait takes turns by address, a piece each: a caller with a thousand connections slows only its own address.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from rcim.http.steps import Steps

T = TypeVar("T")

TURN_S = 0.002
"""Of one turn of the loop, as much as users' input may have (`input_turn_ms`) or less."""
REQUEST_S = 0.000_1
"""What beginning and answering a request takes besides its operation: it is counted when the request begins."""
PIECE_BYTES = 8 * 1024
"""Of input that is parsed at a time: up to 1 ms, if each byte is a chunk of its own."""

Job = Callable[[], bool]
"""Does one piece of work and says whether there is more of it."""


class LoopTurns:
    """See the module's text. One for all connections of a process."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._left_s = TURN_S
        """Of the present turn."""
        self._waiting: dict[str, deque[Job]] = {}
        """Jobs by address, in the order of the addresses' turns."""
        self._scheduled = False

    def free(self) -> bool:
        """True if nobody waits and some of this turn is left: work may be done at once, and counted with `spend`."""
        return not self._waiting and self._left_s > 0

    def spend(self, seconds: float) -> None:
        """So much of this turn was used."""
        self._left_s -= seconds
        self._schedule()

    def wait(self, address: str, job: Job) -> None:
        """Do the job piece by piece, when it is this address' turn."""
        self._waiting.setdefault(address, deque()).append(job)
        self._schedule()

    async def begin_request(self, address: str) -> None:
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

    async def run(self, address: str, steps: Steps[T]) -> T:
        """The result of these steps for a caller there, each of them done when it is this address' turn. Raises what a
        step raises."""
        while self.free():
            began_s = perf_counter()
            try:
                next(steps)
            except StopIteration as end:
                found: T = end.value
                return found
            finally:
                self.spend(perf_counter() - began_s)
        done: asyncio.Future[T] = self._loop.create_future()

        def step() -> bool:
            if done.done():  # nobody waits for it any more
                return False
            try:
                next(steps)
            except StopIteration as end:
                done.set_result(end.value)
            except Exception as error:  # for whoever waits
                done.set_exception(error)
            else:
                return True
            return False

        self.wait(address, step)
        return await done

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._next_turn)

    def _next_turn(self) -> None:
        """Do pieces of one address after the other, as long as this turn lasts."""
        self._scheduled = False
        self._left_s = TURN_S
        while self._waiting and self._left_s > 0:
            address, jobs = next(iter(self._waiting.items()))
            del self._waiting[address]
            job = jobs.popleft()
            began_s = perf_counter()
            more = job()
            self.spend(perf_counter() - began_s)
            if more:
                jobs.append(job)
            if jobs:  # after all other addresses
                self._waiting[address] = jobs
