"""Removing what is to go, a little at a time between commits: what dissolved groups left, and what is too old (ST-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rcim.actor.app_state import AppState
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.trusted_time import TrustedTime
from rcim.dispatch.worker import Worker
from rcim.store.event_log import Bounds
from rcim.store.event_removal import NOTHING
from rcim.store.retention import BEGIN, Ages, Cursor
from rcim.store.store import Store

log = LimitedLog("rcim.dispatch")

PAUSE_S = 0.05
"""Between two steps: at most a few percent of the committing thread."""


UNSTORED_DAYS = 7
"""Messages of a type that stores none any more were stored once: they go after so many days, as by default."""


class Retention:
    """See the module's text. `later(seconds, call)` calls once, unless the server has stopped by then."""

    def __init__(
        self,
        store: Store,
        writer: Worker,
        app_state: AppState,
        time: TrustedTime,
        later: Callable[[float, Callable[[], None]], None],
    ):
        self._store = store
        self._writer = writer
        self._app_state = app_state
        self._time = time
        self._later = later
        self.trimmed = self.sweeps = 0
        """Rows that went because they were too old, and sweeps that have come to their end, since the start."""
        self._event_bounds = self.event_bounds()
        self._ended_ms = 0
        """What is left of temporary conversations is forgotten by this time; 0: the clock is in doubt."""

    def start(self) -> None:
        """Begin."""
        self._purge()
        self._later(self._app_state.config.limits.trim_sweep_ms / 1000, self._sweep)

    def _purge(self) -> None:
        def done(more: Any, error: BaseException | None) -> None:
            if error is not None:
                log.error("removing messages of dissolved groups failed", error=error)
            self._event_bounds = self.event_bounds()
            pause = PAUSE_S if more and error is None else self._app_state.config.limits.actor_idle_ms / 1000
            self._later(pause, self._purge)

        self._ended_ms = 0 if self._time.doubted_ms else self._time.now_ms()
        self._writer.do(self._tidy_and_purge, done)

    def _tidy_and_purge(self) -> bool:
        """ST-03: somebody who read the store and was killed keeps what was removed since; that ends here."""
        self._store.tidy()
        more = self._store.purge_step()
        if self._ended_ms:  # SY-02
            more = self._store.forget_ended(self._ended_ms) > 0 or more
        return self._store.events.trim_step(self._event_bounds) > 0 or more

    def event_bounds(self) -> Bounds:
        """What the event log may hold now. While the clock is in doubt nothing is too old."""
        limits = self._app_state.config.limits
        now_ms = self._time.now_ms()
        oldest_ms = 0 if self._time.doubted_ms else now_ms - limits.events_age_ms
        kept_ms = now_ms - limits.events_keep_ms if limits.events_keep_ms else NOTHING
        return Bounds(oldest_ms, limits.events_bytes_max, kept_ms)

    def ages(self) -> Ages:
        """What is too old now (GT-22, C2-01). Asked for each step: keeping may be lengthened meanwhile."""
        types = self._app_state.config.types
        days = {row.name: row.roaming_days or UNSTORED_DAYS for row in (*types, *types.beside_groups)}
        limits = self._app_state.config.limits
        return Ages(self._time.now_ms(), days, limits.changes_kept_days, limits.applications_kept_days)

    def _sweep(self) -> None:
        self._trim(BEGIN)

    def _trim(self, cursor: Cursor) -> None:
        if not self._time.may_delete():
            self._later(self._app_state.config.limits.trim_sweep_ms / 1000, self._sweep)
            return

        def done(result: Any, error: BaseException | None) -> None:
            following: Cursor | None = None
            if error is not None:  # the next sweep finds it
                log.error("removing what is too old failed", error=error)
            else:
                following, count = result
                self.trimmed += count
                self.sweeps += following is None
            if following is not None:
                self._later(PAUSE_S, lambda: self._trim(following))
            else:
                self._later(self._app_state.config.limits.trim_sweep_ms / 1000, self._sweep)

        ages = self.ages()
        self._writer.do(lambda: self._store.trim_step(cursor, ages), done)
