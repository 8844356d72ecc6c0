"""Housekeeping: groups that have been idle too long are reclaimed (GT-24), members that are offline dropped (GT-11).

It goes over the groups of the store a page at a time, and only over those of types that ask for it. What is found is
told to the group's actor, which looks again before it does anything. While the clock is in doubt nothing is looked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from rcim.actor import commands as c
from rcim.actor.app_state import AppState
from rcim.actor.queries import IdleGroupsQuery, Look, OnlineQuery
from rcim.base.ids import SYSTEM_USER
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.requests import CommandRequest, QueryRequest, Request
from rcim.dispatch.trusted_time import TrustedTime
from rcim.store.answers import IdlePage

log = LimitedLog("rcim.dispatch")

PAGE = 500
"""Groups looked at in one query: 5 ms of the reading thread."""
PAUSE_S = 0.05
DAY_MS = 86_400_000


class HousekeepingRunner(Protocol):
    """What it needs of the dispatcher."""

    def submit(self, request: CommandRequest) -> bool: ...

    def read(self, request: QueryRequest) -> None: ...

    def look(self, query: Look, done: Callable[[Any], None]) -> None: ...


class _Job:
    """A question or command of housekeeping; its Origin. One that finds no room is dropped: the next round finds it."""

    def __init__(self, done: Callable[[Any], None]) -> None:
        self._done = done

    def answer(self, token: int, result: Any) -> None:
        self._done(result)

    def mailbox_drained(self, key: str) -> None:
        """It was dropped."""


class Housekeeping:
    """See the module's text. `pass_over` goes over everything once; `start` does so regularly."""

    def __init__(self, doer: HousekeepingRunner, app_state: AppState, time: TrustedTime) -> None:
        self._doer = doer
        self._app_state = app_state
        self._time = time
        self._later: Callable[[float, Callable[[], None]], None] | None = None
        self.reclaimed = self.looked_for_offline = 0
        """Groups that were told, since the start."""

    def start(self, later: Callable[[float, Callable[[], None]], None]) -> None:
        """Begin; `later(seconds, call)` calls once."""
        self._later = later
        limits = self._app_state.config.limits
        self._again("idle", limits.idle_sweep_ms, self.reclaim)
        self._again("offline", limits.offline_sweep_ms, self.drop_offline)

    def _again(self, what: str, every_ms: int, job: Callable[[int, Callable[[], None]], None]) -> None:
        assert self._later is not None

        def due() -> None:
            job(self._time.now_ms(), lambda: self._again(what, every_ms, job))

        self._later(every_ms / 1000, due)

    def reclaim(self, now_ms: int, end: Callable[[], None]) -> None:
        """GT-24: tell every group that has been idle too long at `now_ms`; then call `end`."""
        days = {row.name: row.idle_days for row in self._app_state.config.types if row.idle_days}

        def found(row: Any) -> None:
            before_ms = now_ms - days[row.type] * DAY_MS
            if row.last_ms < before_ms:
                self.reclaimed += 1
                self._tell(row.key, c.ReclaimGroup(SYSTEM_USER, True, before_ms))

        self._pass_over(list(days), found, end)

    def drop_offline(self, now_ms: int, end: Callable[[], None]) -> None:
        """GT-11: tell every group of a type that asks for it who was online at `now_ms`; then call `end`."""
        types = [row.name for row in self._app_state.config.types if row.drop_offline]

        def found(row: Any) -> None:
            self.looked_for_offline += 1
            key = row.key

            def looked(online: Any) -> None:
                if online is not None:  # else somebody did not say, and whoever is there must not be dropped
                    self._tell(key, c.DropOffline(SYSTEM_USER, True, list(online), now_ms))

            self._doer.look(OnlineQuery(key), looked)

        self._pass_over(types, found, end)

    def _pass_over(self, types: list[str], found: Callable[[Any], None], end: Callable[[], None]) -> None:
        if not types or not self._time.may_delete():
            end()
            return

        def page(answer: Any) -> None:
            if not isinstance(answer, IdlePage):
                log.error("housekeeping could not read the store: %s", answer)
                end()
                return
            if not self._time.may_delete():
                end()
                return
            for row in answer.rows:
                found(row)
            if answer.next:
                self._soon(lambda: ask(answer.next))
            else:
                end()

        def ask(cursor: str) -> None:
            self._doer.read(Request("", IdleGroupsQuery(types, cursor, PAGE), _Job(page), 0))

        ask("")

    def _soon(self, call: Callable[[], None]) -> None:
        if self._later is not None:
            self._later(PAUSE_S, call)
        else:
            call()

    def _tell(self, key: str, command: c.Command) -> None:
        self._doer.submit(Request(key, command, _Job(_ignore), 0))


def _ignore(_: Any) -> None:
    """The actor has looked, and done what was to be done."""
