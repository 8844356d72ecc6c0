"""How many events may be with the destination: all that there are, or, when it takes none, one now and then.

1. As long as it takes events, there is no limit here.
2. When nothing is known of it yet, or what was given last was not taken, up to FAILURES_MAX events are tried. If none of
   them is taken, of so many keys (a single conversation that is refused does not count twice), the consumer pauses.
3. After the pause one event is tried. If it is not taken, the next pause is twice as long (backoff.py); if it is, all
   that waits goes on at once.
4. An event that was never tried waits for FRESH_S at the most, unless the destination has asked for a longer pause: it
   may refuse some conversations for ever and take the others.

So a dead receiver costs a few requests, however many conversations wait for it, and a receiver that is alive is asked
again within the longest pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from rcim.outbox.backoff import Backoff

FAILURES_MAX = 20
FRESH_S = 10.0
"""A dead receiver costs 360 requests an hour."""


class CircuitBreaker:
    """See the module's text. It is used from the loop. `recovered` is called when the destination takes events again."""

    def __init__(self, backoff: Backoff, recovered: Callable[[], None]) -> None:
        self._backoff = backoff
        self._recovered = recovered
        self._loop = asyncio.get_running_loop()
        self._under_way = 0
        self._failed: set[str] = set()
        """Keys of which nothing was taken since anything was."""
        self._proven = self._probing = False
        self._stopped = False
        self._pause_s = 0.0
        """The pause that the consumer is in; 0: it is in none."""
        self._due_s = self._fresh_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def paused(self) -> bool:
        """True if the consumer pauses because the destination takes nothing."""
        return self._pause_s > 0

    @property
    def due_s(self) -> float:
        """When the next event is tried, in the loop's time, while it is paused."""
        return self._due_s

    async def enter(self, most: int, *, fresh: bool = False) -> int:
        """Wait until events may be given on; returns how many, up to `most`, of which `leave` has to be told. 0: it is
        shut. `fresh`: they were never tried."""
        while not self._stopped:
            room = self._room(most, self._fresh_s if fresh else self._due_s)
            if room:
                self._under_way += room
                self._probing = self.paused
                return room
            waiter = self._loop.create_future()
            self._waiting.append(waiter)
            await waiter
        return 0

    def _room(self, most: int, due_s: float) -> int:
        if self.paused:
            return 1 if not self._under_way and self._loop.time() >= due_s else 0
        if self._proven:
            return most
        return max(0, min(most, FAILURES_MAX - len(self._failed) - self._under_way))

    def leave(self, entered: int, *, taken: bool, failed: Collection[str], asked_s: float = 0.0) -> None:
        """So many had entered. `taken`: the destination has taken one, or has said why never; `failed`: the keys of which
        it has taken nothing. `asked_s`: it has asked for so long a pause."""
        self._under_way -= entered
        probe, self._probing = self._probing, False
        if taken:
            self._failed.clear()
            self._proven = True
            if self.paused:
                self.reset()
                self._recovered()
        elif failed:
            self._proven = False
            if not self.paused:
                self._failed.update(failed)
                if len(self._failed) >= FAILURES_MAX:
                    self._begin(self._backoff.first_s, asked_s)
            elif probe:
                self._begin(self._backoff.longer(self._pause_s), asked_s)
        self._wake()

    def _begin(self, pause_s: float, asked_s: float) -> None:
        """Pause for `pause_s` seconds with jitter, or for `asked_s` if the destination has asked for longer."""
        self._pause_s = pause_s
        wait_s = self._backoff.wait_s(pause_s, asked_s)
        fresh_s = min(wait_s, max(FRESH_S, asked_s))
        self._due_s, self._fresh_s = self._loop.time() + wait_s, self._loop.time() + fresh_s
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(fresh_s, self._due)

    def _due(self) -> None:
        """The pause is over, or over for what is fresh; a timer may be a little early."""
        now_s = self._loop.time()
        left_s = (self._due_s if now_s >= self._fresh_s else self._fresh_s) - now_s
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._due)
        if now_s >= self._fresh_s:
            self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    def reset(self) -> None:
        """Forget what failed, and pause no longer."""
        self._pause_s = 0.0
        self._failed.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    def stop(self) -> None:
        """Nothing enters from now on."""
        self._stopped = True
        self.reset()

    def go_on(self) -> None:
        """Undo `stop`; nothing is known of the destination."""
        self._stopped = self._proven = False
