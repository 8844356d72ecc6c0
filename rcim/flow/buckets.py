"""Token buckets (LI-01, LI-02). Pure: time is an argument, milliseconds of a steady clock.

A bucket holds `burst` tokens and fills at an even rate. It is kept as one number: the time at which it would be full.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from enum import IntEnum

MINUTE_MS = 60_000
TOLERANCE_MS = 0.001
"""What sums of steps may be off by."""


class Rate:
    """`burst` tokens at once, and as many again every `period_ms`; 0: no limit."""

    __slots__ = ("_period_ms", "_span_ms", "_step_ms", "limited")

    def __init__(self, burst: int, period_ms: int) -> None:
        self.limited = burst > 0
        self._period_ms = period_ms
        self._step_ms = period_ms / burst if burst else 0.0
        self._span_ms = period_ms - self._step_ms
        """How far ahead of now the time of being full may be for another token to be there."""

    def take(self, full_ms: float, now_ms: int) -> tuple[float, int]:
        """Take a token of a bucket that is full at `full_ms`: (when it is full then, 0), or (as before, how many
        milliseconds until there is a token)."""
        if full_ms - now_ms > self._period_ms + TOLERANCE_MS:
            full_ms = now_ms  # no bucket is that empty: the clock was set back
        full = max(full_ms, now_ms)
        wait = full - now_ms - self._span_ms
        if wait > TOLERANCE_MS:
            return full_ms, math.ceil(wait)
        return full + self._step_ms, 0


class Operation(IntEnum):
    """LI-01: what is counted apart."""

    SEND = 0
    READ = 1
    OTHER = 2


class UserRates:
    """LI-01 for all users of one process: `per_min` by Operation, the burst a whole minute's. Who has done nothing for a
    minute has full buckets and is forgotten."""

    __slots__ = ("_rates", "_users", "limited")

    def __init__(self, per_min: tuple[int, int, int]) -> None:
        self._rates = tuple(Rate(count, MINUTE_MS) for count in per_min)
        self._users: OrderedDict[str, tuple[list[float], int]] = OrderedDict()
        """User to when its buckets are full, and when it was here last; who was here last stands last."""
        self.limited = any(rate.limited for rate in self._rates)

    def __len__(self) -> int:
        return len(self._users)

    def take(self, user_id: str, operation: Operation, now_ms: int) -> int:
        """0: the user may. Else in how many milliseconds it may; nothing is taken then."""
        rate = self._rates[operation]
        if not rate.limited:
            return 0
        users = self._users
        found = users.get(user_id)
        full = found[0] if found is not None else [0.0] * len(Operation)
        full[operation], wait = rate.take(full[operation], now_ms)
        users[user_id] = (full, now_ms)
        users.move_to_end(user_id)
        for _ in range(2):  # two out for one in: it shrinks without ever stopping for long
            first = next(iter(users))
            if now_ms - users[first][1] <= MINUTE_MS:
                break
            del users[first]
        return wait
