"""Whether the wall clock can be believed. Time alone deletes and ends things (retention, idle groups, mutes, the memory
of client message ids): a clock that is wrong must not. Pure: times in, the time in force out.

1. While the server runs, the wall clock has to go on as the steady clock does. What steps by more than `jump_max_ms`,
   forwards or back, is in doubt.
2. At the start it has to stand near the newest time that the store knows: not more than `off_max_ms` after it (the server
   may have been off for so long), nor more than `jump_max_ms` before it. If it goes back by as much as it was after it,
   the server had not been off for so long, and it is believed.
3. In doubt, the time in force goes on from the last that was believed, by the steady clock. Nothing expires sooner and
   nothing is stamped with a time that may be years away; who deletes asks `trusted` first, and does not.
4. When the wall clock comes back to the time in force, it is believed again. Otherwise the operator has to say that it is
   right (`rcim accept-clock`): nothing here can know.
"""

from __future__ import annotations


class ClockGuard:
    """See the module's text. `wall_ms` and `steady_ms` are the two clocks now; `newest_ms` is the newest time in the
    store, 0 if it has none."""

    __slots__ = ("_ahead_max_ms", "_back_max_ms", "_jump_max_ms", "_offset_ms", "doubted_ms", "doubts", "trusted")

    def __init__(self, wall_ms: int, steady_ms: int, newest_ms: int, off_max_ms: int, jump_max_ms: int) -> None:
        self._jump_max_ms = jump_max_ms
        self._ahead_max_ms = jump_max_ms
        self._back_max_ms = jump_max_ms + (max(wall_ms - newest_ms, 0) if newest_ms else 0)
        self._offset_ms = wall_ms - steady_ms
        """Wall clock minus steady clock, as it was when the wall clock was last believed anew."""
        self.trusted = not newest_ms or -jump_max_ms <= wall_ms - newest_ms <= off_max_ms
        """False while the wall clock is in doubt: nothing is to be deleted because of its age."""
        self.doubts = int(not self.trusted)
        """How often the clock has come into doubt, since the start."""
        self.doubted_ms = 0
        """The time in force when the clock came into doubt; 0 while it is believed."""
        if not self.trusted:
            self.doubted_ms = newest_ms
            self._offset_ms = newest_ms - steady_ms
            self._ahead_max_ms, self._back_max_ms = off_max_ms, jump_max_ms  # for how long it was off is not known

    def now_ms(self, wall_ms: int, steady_ms: int) -> int:
        """The time in force: the wall clock, or, while that is in doubt, what it should be."""
        expected = steady_ms + self._offset_ms
        gap_ms = wall_ms - expected
        if -self._back_max_ms <= gap_ms <= self._ahead_max_ms:
            if not self.trusted or gap_ms < -self._jump_max_ms:
                self.trusted = True
                self.doubted_ms = 0
                self._offset_ms = wall_ms - steady_ms
                self._ahead_max_ms = self._back_max_ms = self._jump_max_ms
            return wall_ms
        if self.trusted:
            self.trusted = False
            self.doubted_ms = expected
            self.doubts += 1
        return expected
