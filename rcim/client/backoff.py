"""How long to wait before connecting again: twice as long each time, at random below it, so that many clients of one
server do not come back together."""

from __future__ import annotations

import random

FIRST_MS = 200
MOST_MS = 30_000


class Backoff:
    """Full jitter: each wait is at random between 0 and a bound that doubles from FIRST_MS to MOST_MS."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bound_ms = FIRST_MS

    def next_ms(self) -> float:
        """The next wait in milliseconds."""
        wait = self._rng.uniform(0, self._bound_ms)
        self._bound_ms = min(self._bound_ms * 2, MOST_MS)
        return wait

    def within(self, most_ms: int) -> float:
        """A wait that the server asked for (GOING_AWAY)."""
        return self._rng.uniform(0, most_ms)

    def reset(self) -> None:
        """It went well: begin anew."""
        self._bound_ms = FIRST_MS
