"""How long to wait before connecting again: twice as long each time, at random below it, so that many clients of one
server do not come back together."""

from __future__ import annotations

import random

FIRST_MS = 200
SOON_MS = 5000
"""The bound in the first minute: who was away for a short time is back soon after it. The server lets those who come
together in one by one (`handshake_turn_ms`), so that they need not keep themselves away for long."""
SOON_FOR_MS = 60_000
MOST_MS = 30_000


class Backoff:
    """Full jitter: each wait is at random between 0 and a bound that doubles from FIRST_MS, up to SOON_MS in the first
    minute and to MOST_MS after it."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bound_ms = FIRST_MS
        self._since_ms: int | None = None
        """Steady time of the first wait since it went well."""

    def next_ms(self, now_ms: int) -> float:
        """The next wait in milliseconds; `now_ms` is steady time."""
        if self._since_ms is None:
            self._since_ms = now_ms
        most = SOON_MS if now_ms - self._since_ms < SOON_FOR_MS else MOST_MS
        wait = self._rng.uniform(0, min(self._bound_ms, most))
        self._bound_ms = min(self._bound_ms * 2, most)
        return wait

    def within(self, after_ms: int, most_ms: int) -> float:
        """A wait that the server asked for (GOING_AWAY): `after_ms`, and at random up to `most_ms` more."""
        return after_ms + self._rng.uniform(0, most_ms)

    def reset(self) -> None:
        """It went well: begin anew."""
        self._bound_ms = FIRST_MS
        self._since_ms = None
