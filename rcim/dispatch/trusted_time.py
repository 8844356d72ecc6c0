"""The one clock of the owner of the conversations: the wall clock as far as it can be believed (flow/clock_guard.py).

Everything by which something is stamped, expires or is deleted takes its time from here: commands, loading, reading,
retention, reclaiming idle groups, dropping members that are offline.
"""

from __future__ import annotations

from rcim.base import clock
from rcim.base.limited_log import Log
from rcim.base.limits import Limits
from rcim.flow.clock_guard import ClockGuard

log = Log("rcim.dispatch")


class TrustedTime:
    """See the module's text. `newest_ms` is the newest time in the store. Called from the loop's thread."""

    def __init__(self, newest_ms: int, limits: Limits) -> None:
        wall_ms = clock.wall_ms()
        self._guard = ClockGuard(
            wall_ms=wall_ms,
            steady_ms=clock.elapsed_ms(),
            newest_ms=newest_ms,
            off_max_ms=limits.clock_off_max_ms,
            jump_max_ms=limits.clock_jump_max_ms,
        )
        self._logged = True
        """What was logged last: whether the clock is believed."""
        self.skipped = 0
        """Sweeps that deleted nothing because of the clock, since the start."""
        self._log_change(wall_ms, newest_ms)

    def now_ms(self) -> int:
        """The time in force, milliseconds since 1970."""
        wall_ms = clock.wall_ms()
        now_ms = self._guard.now_ms(wall_ms, clock.elapsed_ms())
        if self._guard.trusted is not self._logged:
            self._log_change(wall_ms, now_ms)
        return now_ms

    @property
    def doubted_ms(self) -> int:
        """Since when the clock is in doubt, as a time in force; 0 if it is not."""
        return self._guard.doubted_ms

    def may_delete(self) -> bool:
        """True if what is too old may go. Asked once by every sweep, and before each step of one."""
        self.now_ms()
        if not self._guard.trusted:
            self.skipped += 1
        return self._guard.trusted

    def _log_change(self, wall_ms: int, now_ms: int) -> None:
        """Once for each episode."""
        if self._guard.trusted is self._logged:
            return
        self._logged = self._guard.trusted
        if self._logged:
            log.warning("the clock is trusted again: deleting by age goes on")
            return
        log.error(
            "the clock is in doubt: nothing is deleted or ended because of its age until the clock is right again",
            remedy="if the clock is right, stop the server and run `rcim accept-clock`",
            seconds_ahead=(wall_ms - now_ms) // 1000,
        )

    def counted(self) -> dict[str, int]:
        """For the operator, by name."""
        return {
            "clock_doubts": self._guard.doubts,
            "clock_in_doubt": int(not self._guard.trusted),
            "sweeps_skipped_for_clock": self.skipped,
        }
