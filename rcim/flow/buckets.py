"""Token buckets (LI-01, LI-02). Pure: time is an argument, milliseconds of a steady clock.

A bucket holds `burst` tokens and fills at an even rate. It is kept as one number: the time at which it would be full.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from enum import Enum, IntEnum

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


class RateClass(IntEnum):
    """LI-01: what is counted apart."""

    SEND = 0
    READ = 1
    OTHER = 2
    CONTROL = 3
    """PING, PONG, and frames that are not known."""
    REFUSED = 4
    """Frames that were refused because another of these had no token left."""
    TRANSIENT = 5
    """Transient messages (MS-08)."""


class Patience(Enum):
    """What is done about one more refused frame of a user."""

    ANSWER = "answer it"
    SLOW = "answer it, and read the connection no more for a while"
    CLOSE = "close the connection"


class WorkBudget:
    """How much the server works for each user: `ms_per_s` milliseconds a second, with `burst_s` seconds' worth of it at
    once; 0: no bound. Who has cost nothing for so long that its budget is full is forgotten."""

    __slots__ = ("_burst_ms", "_full_ms", "_ms_per_s")

    def __init__(self, ms_per_s: int, burst_s: float) -> None:
        self._ms_per_s = ms_per_s
        self._burst_ms = burst_s * 1000
        self._full_ms: OrderedDict[str, float] = OrderedDict()
        """When each user's budget is full again; who has cost something last stands last."""

    def __len__(self) -> int:
        return len(self._full_ms)

    @property
    def limited(self) -> bool:
        """False if there is no bound."""
        return self._ms_per_s > 0

    def set_rate(self, ms_per_s: int) -> None:
        """The server works so much for each user from now on; what was spent counts as it did."""
        self._ms_per_s = ms_per_s

    def spend(self, user_id: str, spent_ms: float, now_ms: float) -> int:
        """The server has worked `spent_ms` for the user. Returns as `wait_ms`."""
        if not self._ms_per_s:
            return 0
        users = self._full_ms
        users[user_id] = max(users.get(user_id, 0.0), now_ms) + spent_ms * 1000 / self._ms_per_s
        users.move_to_end(user_id)
        for _ in range(2):  # two out for one in: it shrinks without ever stopping for long
            first = next(iter(users), None)
            if first is None or users[first] > now_ms:
                break
            del users[first]
        return self.wait_ms(user_id, now_ms)

    def cost_ms(self, user_id: str, now_ms: float) -> float:
        """How far the user's budget is from being full, in milliseconds until it is."""
        return max(0.0, self._full_ms.get(user_id, 0.0) - now_ms)

    def wait_ms(self, user_id: str, now_ms: float) -> int:
        """In how many milliseconds it is to work for the user again; 0: as soon as there is more to do."""
        return max(0, math.ceil(self._full_ms.get(user_id, 0.0) - now_ms - self._burst_ms))


class RecentCost:
    """What each user has cost lately, in milliseconds: a half of it is forgotten every `half_ms`. It tells who has cost
    less than others; nobody waits because of it alone. Who has cost next to nothing is forgotten."""

    __slots__ = ("_half_ms", "_users")

    NOTHING_MS = 0.01

    def __init__(self, half_ms: float) -> None:
        self._half_ms = half_ms
        self._users: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What it was, and when; who has cost something last stands last."""

    def __len__(self) -> int:
        return len(self._users)

    def spend(self, user_id: str, spent_ms: float, now_ms: float) -> None:
        """The user has cost `spent_ms` now."""
        self._users[user_id] = (self.ms(user_id, now_ms) + spent_ms, now_ms)
        self._users.move_to_end(user_id)
        for _ in range(2):  # two out for one in: it shrinks without ever stopping for long
            first = next(iter(self._users))
            if self.ms(first, now_ms) > self.NOTHING_MS:
                break
            del self._users[first]
            if not self._users:
                break

    def ms(self, user_id: str, now_ms: float) -> float:
        """What the user has cost lately."""
        cost_ms, at_ms = self._users.get(user_id, (0.0, now_ms))
        kept: float = 0.5 ** ((now_ms - at_ms) / self._half_ms)
        return cost_ms * kept


class UserRates:
    """LI-01 for all users of one process: `per_min` by Operation, the burst a whole minute's. Who has done nothing for a
    minute has full buckets and is forgotten."""

    __slots__ = ("_rates", "_users", "limited")

    def __init__(self, per_min: tuple[int, int, int, int, int, int]) -> None:
        self._users: OrderedDict[str, tuple[list[float], int]] = OrderedDict()
        """User to when its buckets are full, and when it was here last; who was here last stands last."""
        self.set_rates(per_min)

    def set_rates(self, per_min: tuple[int, int, int, int, int, int]) -> None:
        """From now on `per_min`. How empty a bucket is stays as it was, as a share of the whole."""
        self._rates = tuple(Rate(count, MINUTE_MS) for count in per_min)
        self.limited = any(rate.limited for rate in self._rates)

    def __len__(self) -> int:
        return len(self._users)

    def _of(self, user_id: str, now_ms: int) -> list[float]:
        """When the user's buckets are full. It has been here now; somebody who has not been for long is forgotten."""
        users = self._users
        found = users.get(user_id)
        full = found[0] if found is not None else [0.0] * len(RateClass)
        users[user_id] = (full, now_ms)
        users.move_to_end(user_id)
        for _ in range(2):  # two out for one in: it shrinks without ever stopping for long
            first = next(iter(users))
            if now_ms - users[first][1] <= MINUTE_MS:
                break
            del users[first]
        return full

    def take(self, user_id: str, operation: RateClass, now_ms: int) -> int:
        """0: the user may. Else in how many milliseconds it may; nothing is taken then."""
        rate = self._rates[operation]
        if not rate.limited:
            return 0
        full = self._of(user_id, now_ms)
        full[operation], wait = rate.take(full[operation], now_ms)
        return wait

    def refused(self, user_id: str, now_ms: int) -> Patience:
        """One more frame of the user is refused: what is done about it."""
        if not self._rates[RateClass.REFUSED].limited:
            return Patience.ANSWER
        if self.take(user_id, RateClass.REFUSED, now_ms):
            return Patience.CLOSE
        used_ms = self._users[user_id][0][RateClass.REFUSED] - now_ms
        return Patience.SLOW if used_ms > MINUTE_MS / 2 else Patience.ANSWER

    def flooding_ms(self, user_id: str, now_ms: int) -> int:
        """In how many milliseconds a user whose connections were closed (Patience.CLOSE) may log in again; 0: now."""
        found = self._users.get(user_id)
        if found is None:
            return 0
        _, wait = self._rates[RateClass.REFUSED].take(found[0][RateClass.REFUSED], now_ms)
        return wait
