"""RX-02: a user's hours of quiet, in which it wants no push whatever its MsgFlags say. Messages come all the same."""

from __future__ import annotations

import msgspec

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.terms import DAY_MIN, OFFSET_MIN_MAX


class QuietHours(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """From `start_min` until before `end_min`, minutes of the user's own day, over midnight if the end is less than the
    start. Equal: there are none. `offset_min`: how far the user's clock is ahead of UTC."""

    start_min: int = 0
    end_min: int = 0
    offset_min: int = 0

    def check(self) -> QuietHours:
        """Itself. Raises RcimError(BAD_PARAMETER)."""
        if not (0 <= self.start_min < DAY_MIN and 0 <= self.end_min < DAY_MIN):
            raise RcimError(BAD_PARAMETER, f"start_min and end_min: must be 0 to {DAY_MIN - 1}")
        if abs(self.offset_min) > OFFSET_MIN_MAX:
            raise RcimError(BAD_PARAMETER, f"offset_min: must be -{OFFSET_MIN_MAX} to {OFFSET_MIN_MAX}")
        return self

    def holds(self, now_ms: int) -> bool:
        """True if they hold at `now_ms` (milliseconds since 1970)."""
        minute = (now_ms // 60_000 + self.offset_min) % DAY_MIN
        if self.start_min <= self.end_min:
            return self.start_min <= minute < self.end_min
        return minute >= self.start_min or minute < self.end_min
