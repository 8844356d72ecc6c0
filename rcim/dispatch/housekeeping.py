"""Housekeeping: groups that have been idle too long are reclaimed (GT-24), members that are offline dropped (GT-11),
rooms that have been empty too long destroyed (CR-04), and temporary conversations ended (SY-02), which an index has by
their end.

It goes over the groups of the store a page at a time, and only over those of types that ask for it. What is found is
told to the group's actor, which looks again before it does anything. While the clock is in doubt nothing is looked for.
Each pass is a coroutine (workflows/coroutines.py): one group after the other, and nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Protocol

from rcim.actor import commands as c
from rcim.actor import room_commands as r
from rcim.actor.app_state import AppState
from rcim.actor.outcomes import AnyResult
from rcim.actor.queries import EndingsQuery, IdleGroupsQuery, Look, OnlineQuery
from rcim.base.ids import SYSTEM_USER
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.requests import CommandRequest, QueryRequest, Request
from rcim.dispatch.trusted_time import TrustedTime
from rcim.dispatch.workflows.coroutines import CoroutineRun, Resume, Wait
from rcim.store.answers import Answer, EndingsPage, IdlePage, IdleRow

log = LimitedLog("rcim.dispatch")

PAGE = 500
"""Groups looked at in one query: 5 ms of the reading thread."""
PAUSE_S = 0.05
DAY_MS = 86_400_000
MINUTE_MS = 60_000

Later = Callable[[float, Callable[[], None]], None]
"""Calls once, in so many seconds."""
Step = Coroutine[Wait[Any], Any, None]


class HousekeepingRunner(Protocol):
    """What it needs of the dispatcher."""

    def submit(self, request: CommandRequest) -> bool: ...

    def read(self, request: QueryRequest) -> None: ...

    def look(self, query: Look, done: Callable[[Any], None]) -> None: ...


class _Nobody:
    """The ReplyTo of what a group is told. A command that finds no room is dropped: the next pass finds the group."""

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        """The actor has looked, and done what was to be done."""

    def mailbox_drained(self, key: str) -> None:
        """It was dropped."""


class _PageReply:
    """The ReplyTo of a query."""

    def __init__(self, resume: Resume[AnyResult | Answer]) -> None:
        self._resume = resume

    def answer(self, token: int, result: AnyResult | Answer) -> None:
        self._resume(result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


_NOBODY = _Nobody()


class Housekeeping:
    """See the module's text. `reclaim` and `drop_offline` go over everything once; `start` has it done regularly."""

    def __init__(self, doer: HousekeepingRunner, app_state: AppState, time: TrustedTime) -> None:
        self._doer = doer
        self._app_state = app_state
        self._time = time
        self._later: Later = _at_once
        self.reclaimed = self.looked_for_offline = 0
        """Groups that were told, since the start."""

    def start(self, later: Later) -> None:
        """Begin; `later` may drop its calls at the end."""
        self._later = later
        limits = self._app_state.config.limits
        self._again(lambda: limits.idle_sweep_ms, self.reclaim)
        self._again(lambda: limits.offline_sweep_ms, self.drop_offline)
        self._again(lambda: limits.ending_sweep_ms, self.end_temporary)
        self._again(lambda: limits.empty_sweep_ms, self.close_empty)

    def _again(self, every_ms: Callable[[], int], job: Callable[[int, Callable[[], None]], None]) -> None:
        """Do the job in `every_ms`, and so long after each end of it."""
        self._later(every_ms() / 1000, lambda: job(self._time.now_ms(), partial(self._again, every_ms, job)))

    def reclaim(self, now_ms: int, end: Callable[[], None]) -> None:
        """GT-24: tell every group that has been idle too long at `now_ms`; then call `end`."""
        _run(self._reclaim(now_ms), end)

    def drop_offline(self, now_ms: int, end: Callable[[], None]) -> None:
        """GT-11: tell every group of a type that asks for it who was online at `now_ms`; then call `end`."""
        _run(self._drop_offline(now_ms), end)

    def end_temporary(self, now_ms: int, end: Callable[[], None]) -> None:
        """SY-02: tell every temporary conversation whose time is over at `now_ms`; then call `end`."""
        _run(self._end_temporary(now_ms), end)

    async def _end_temporary(self, now_ms: int) -> None:
        after = b""
        while not self._time.doubted_ms:
            page = await self._read(EndingsQuery(now_ms, PAGE, after))
            if not isinstance(page, EndingsPage):
                log.error("housekeeping can't read the store", error=page)
                return
            if page.keys and not self._time.may_delete():
                return
            for key in page.keys:
                self._tell(key, c.EndTemporary(SYSTEM_USER, True))
            if not page.next:
                return
            after = page.next
            await self._pause()

    def close_empty(self, now_ms: int, end: Callable[[], None]) -> None:
        """CR-04: tell every room that has had no members for too long at `now_ms`; then call `end`."""
        _run(self._close_empty(now_ms), end)

    async def _close_empty(self, now_ms: int) -> None:
        minutes = {row.name: row.empty_minutes for row in self._app_state.config.types if row.empty_minutes}

        async def found(row: IdleRow) -> None:
            before_ms = now_ms - minutes[row.type] * MINUTE_MS
            if not row.member_num and row.changed_ms < before_ms:
                self._tell(row.key, r.CloseEmpty(SYSTEM_USER, True, before_ms))

        await self._pass_over(list(minutes), found)

    async def _reclaim(self, now_ms: int) -> None:
        days = {row.name: row.idle_days for row in self._app_state.config.types if row.idle_days}

        async def found(row: IdleRow) -> None:
            before_ms = now_ms - days[row.type] * DAY_MS
            if row.last_ms < before_ms:
                self.reclaimed += 1
                self._tell(row.key, c.ReclaimGroup(SYSTEM_USER, True, before_ms))

        await self._pass_over(list(days), found)

    async def _drop_offline(self, now_ms: int) -> None:
        async def found(row: IdleRow) -> None:
            self.looked_for_offline += 1
            online = await self._online(row.key)
            if online is not None:  # else somebody did not say, and whoever is there must not be dropped
                self._tell(row.key, c.DropOffline(SYSTEM_USER, True, list(online), now_ms))

        types = [row.name for row in self._app_state.config.types if row.drop_offline]
        await self._pass_over(types, found)

    async def _pass_over(self, types: list[str], found: Callable[[IdleRow], Step]) -> None:
        """`found` for each group of these types, one after the other, as long as the clock is not in doubt."""
        cursor = ""
        while types and self._time.may_delete():
            page = await self._page(types, cursor)
            if not isinstance(page, IdlePage):
                log.error("housekeeping can't read the store", error=page)
                return
            if not self._time.may_delete():
                return
            for row in page.rows:
                await found(row)
            if not page.next:
                return
            cursor = page.next
            await self._pause()

    def _page(self, types: list[str], cursor: str) -> Wait[AnyResult | Answer]:
        """Await it to have the page of groups behind the cursor, or why there is none."""
        return self._read(IdleGroupsQuery(types, cursor, PAGE))

    def _read(self, query: IdleGroupsQuery | EndingsQuery) -> Wait[AnyResult | Answer]:
        """Await it to have the answer of the store."""
        return Wait(lambda resume: self._doer.read(Request("", query, _PageReply(resume), 0)))

    def _online(self, key: str) -> Wait[Sequence[str] | None]:
        """Await it to know who is online in the group; None: that is not known."""
        return Wait(lambda resume: self._doer.look(OnlineQuery(key), resume))

    def _pause(self) -> Wait[None]:
        """Await it to let others have their turn."""
        return Wait(lambda resume: self._later(PAUSE_S, lambda: resume(None)))

    def _tell(self, key: str, command: c.Command) -> None:
        self._doer.submit(Request(key, command, _NOBODY, 0))


def _at_once(delay_s: float, call: Callable[[], None]) -> None:
    """Before `start`."""
    call()


def _run(step: Step, end: Callable[[], None]) -> None:
    """Carry out a pass; then `end`, whatever became of it."""

    def ended(_: None, error: Exception | None) -> None:
        if error is not None:
            log.error("housekeeping failed", exc_info=error)
        end()

    CoroutineRun(step, ended).start()
