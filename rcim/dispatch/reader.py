"""Reading beside the loop: queries are answered some at a time from one picture of the store, user by user.

A job is what the reading thread does before it looks again who waits: one query of each user, the one that has cost
least lately first, for JOB_S seconds. What is not reached then comes first in the next job. One query is bounded too: by
what it looks at (a page ends there), or by going on in a later job (a sync that has much to look through). And each user
has a budget of the thread's time (`query_ms_per_s`): past it its queries wait. Those who have cost much lately have half
of the time together, so that the interpreter is there for others. Logins come before all of it.
So somebody who asks much waits longer, and nobody else does.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from itertools import islice
from time import perf_counter
from typing import Any

from rcim.actor.outcomes import Refused
from rcim.actor.queries import LoginQuery, SearchQuery
from rcim.base import clock
from rcim.base.errors import SERVER_ERROR, STORE_UNAVAILABLE
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.requests import QueryRequest
from rcim.dispatch.worker import Worker
from rcim.flow.buckets import RecentCost, WorkBudget
from rcim.store.backend import StoreError
from rcim.store.scan import Scan
from rcim.store.shard_log import View

log = LimitedLog("rcim.dispatch")

RETRY_MS = 1000
"""What a client is told to wait after the store failed."""
LOGINS_PER_JOB = 8
"""Logins come first in a job, so many of them at the most."""
QUERIES_PER_JOB = 64
"""So many queries are taken into a job at the most."""
ORDERED_MAX = 500
"""Of more users who wait, those who have waited longest come first."""
ANSWERS_S = 0.001
"""Answers are given out for so long in one turn of the loop; one may take 2 ms."""
HEAVY_MS = 200
"""Who has used up so many milliseconds of the time in which a budget fills has cost much lately: the thread, and the loop
with their answers, is busy with such users half of the time at the most."""
HEAVY_PER_JOB = 2
"""Their queries in one job: the answers to it take the loop 4 ms at the most."""
RECENT_MS = 2000.0
"""After so long half of what a user has cost is forgotten, when it is decided whose turn it is."""
REST_S = 0.001
"""The shortest rest: the loop's clock is no finer."""
JOB_S = 0.002
"""A job begins no further query after so long; the longest one takes 6 ms (a search)."""


class _Asked:
    """A request, and with what the store is asked for it: its query, or a Scan to go on with."""

    __slots__ = ("query", "request")

    def __init__(self, request: QueryRequest) -> None:
        self.request = request
        self.query: Any = request.body


class Reader:
    """Queries and loads, each answered by a callback in the loop. Bounded by the requests in flight. `loading` runs loads
    beside the queries: a large group takes 20 ms. `complete` adds to an answer what the store does not know. `budget` is
    what each user may cost; `later(seconds, call)` calls once, `soon(call)` in the loop's next turn."""

    def __init__(
        self,
        store: View,
        worker: Worker,
        loading: Worker,
        complete: Callable[[Any, Any], Any],
        budget: WorkBudget,
        later: Callable[[float, Callable[[], None]], None],
        soon: Callable[[Callable[[], None]], Any],
    ) -> None:
        self._store = store
        self._complete = complete
        self._worker = worker
        self._loading = loading
        self._budget = budget
        self._recent = RecentCost(RECENT_MS)
        self._later = later
        self._soon = soon
        self._began_s = self._rests_until_s = 0.0
        """When the last job began, and until when those who have cost much wait for the loop to have as much time as that
        job has taken."""
        self._answers: deque[tuple[QueryRequest, Any]] = deque()
        """What is to be given out before the next job begins."""
        self._alarm = False
        """True if `later` is to call, because all who wait have used up their budgets."""
        self._waiting: OrderedDict[str, deque[_Asked]] = OrderedDict()
        """By user, the one whose turn it is first."""
        self._logins: deque[_Asked] = deque()
        """Logins, and what the server itself asks about users: nobody's budget keeps them waiting."""
        self._busy = False

    @property
    def idle(self) -> bool:
        """True if nothing waits and nothing is under way."""
        return not (self._busy or self._waiting or self._logins or self._answers)

    def ask(self, request: QueryRequest) -> None:
        """Answer `request`, from the store."""
        if isinstance(request.body, LoginQuery):
            self._logins.append(_Asked(request))
        else:
            self._waiting.setdefault(asker(request.body), deque()).append(_Asked(request))
        self._go()

    def load(self, job: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        """Run `job` (a load of the store) in the loading thread."""
        self._loading.do(job, done)

    def _go(self) -> None:
        if self._busy or self._answers or not (self._waiting or self._logins):
            return
        batch = self._batch()
        if not batch:
            self._go_later()
            return
        self._busy = True
        self._began_s = perf_counter()
        queries = [asked.query for asked in batch]

        def done(answers: Any, error: BaseException | None) -> None:
            self._busy = False
            found: list[Any] = [(error, 0.0)] * len(batch) if error is not None else answers
            for asked in reversed(batch[len(found) :]):  # it was not their turn yet: it is next
                self._first(asked)
            for asked, (answer, took_s) in zip(batch, found, strict=False):
                self._charge(asked.request.body, took_s)
                if isinstance(answer, Scan):
                    asked.query = answer
                    self._last(asked)
                else:
                    self._answers.append((asked.request, answer))
            self._give_out()

        self._worker.do(lambda: self._store.answer_some(queries, JOB_S), done)

    def _batch(self) -> list[_Asked]:
        """One query of each user whose turn it is; one search among them at the most. None, if all have cost too much."""
        batch = [self._logins.popleft() for _ in range(min(len(self._logins), LOGINS_PER_JOB))]
        searching, heavy = False, 0
        waiting, now_ms = self._waiting, clock.steady_ms()
        rests = perf_counter() < self._rests_until_s
        for user_id in self._order(now_ms):
            if self._budget.wait_ms(user_id, now_ms):
                waiting.move_to_end(user_id)  # so that those behind the first ORDERED_MAX are looked at too
                continue
            if self._budget.cost_ms(user_id, now_ms) > HEAVY_MS:
                heavy += 1
                if rests or heavy > HEAVY_PER_JOB:
                    continue
            queue = waiting[user_id]
            search = isinstance(queue[0].query, SearchQuery)
            if search and searching:
                continue
            searching = searching or search
            batch.append(queue.popleft())
            if queue:
                waiting.move_to_end(user_id)
            else:
                del waiting[user_id]
        return batch

    def _order(self, now_ms: int) -> list[str]:
        """Whose turn it is: who has cost the least lately comes first, and of those who are equal who waits longest."""
        first = list(islice(self._waiting, ORDERED_MAX))
        first.sort(key=lambda user_id: self._recent.ms(user_id, now_ms))
        return first[:QUERIES_PER_JOB]

    def _go_later(self) -> None:
        """All who wait have cost much: on when the first of them may again, and the loop has had its share."""
        if not self._alarm:
            self._alarm = True
            now_ms = clock.steady_ms()
            wait_ms = min(self._budget.wait_ms(user_id, now_ms) for user_id in self._waiting)
            rest_s = max(0.0, self._rests_until_s - perf_counter())
            self._later(max(wait_ms / 1000, rest_s, REST_S), self._wake)

    def _wake(self) -> None:
        self._alarm = False
        self._go()

    def _first(self, asked: _Asked) -> None:
        """It is this user's turn, with this query."""
        if isinstance(asked.request.body, LoginQuery):
            self._logins.appendleft(asked)
            return
        user_id = asker(asked.request.body)
        self._waiting.setdefault(user_id, deque()).appendleft(asked)
        self._waiting.move_to_end(user_id, last=False)

    def _last(self, asked: _Asked) -> None:
        """It goes on before the user's other queries, after the turns of the other users."""
        if isinstance(asked.request.body, LoginQuery):
            self._logins.append(asked)
            return
        user_id = asker(asked.request.body)
        self._waiting.setdefault(user_id, deque()).appendleft(asked)
        self._waiting.move_to_end(user_id)

    def _charge(self, query: Any, seconds: float) -> None:
        """So much was done for who asked. The server's own work, logins, and what app administrators ask are free."""
        user_id = "" if isinstance(query, LoginQuery) else asker(query)
        if user_id:
            now_ms = clock.steady_ms()
            self._budget.spend(user_id, seconds * 1000, now_ms)
            self._recent.spend(user_id, seconds * 1000, now_ms)

    def _give_out(self) -> None:
        """Give out answers for ANSWERS_S, and the others in the loop's next turn: a page of messages takes the loop
        longer than the reading thread."""
        began = last = perf_counter()
        while self._answers:
            request, answer = self._answers.popleft()
            self._answer(request, answer)
            now = perf_counter()
            self._charge(request.body, now - last)
            last = now
            if now - began > ANSWERS_S and self._answers:
                self._soon(self._give_out)
                return
        now = perf_counter()
        self._rests_until_s = now + (now - self._began_s)
        self._go()

    def _answer(self, request: QueryRequest, answer: Any) -> None:
        try:
            if isinstance(answer, BaseException):
                request.refuse(refusal(answer))
            else:
                request.reply_to.answer(request.token, self._complete(request.body, answer))
        except Exception:  # it is its receiver's: the others get theirs
            log.exception("giving out the result of a query failed")


def asker(query: Any) -> str:
    """For whom a query is answered, which may be another than whom it is about; empty: the server's own work, and app
    administrators."""
    found: str = query.by if hasattr(query, "by") else getattr(query, "user_id", "")
    return found


def refusal(error: BaseException) -> Refused:
    """What a client is told when the store failed. The text of the error goes to the log, not over the wire."""
    if isinstance(error, StoreError):
        return Refused(STORE_UNAVAILABLE, STORE_UNAVAILABLE.meaning, RETRY_MS)
    log.error("the store failed in a way it should not", exc_info=error)
    return Refused(SERVER_ERROR, SERVER_ERROR.meaning, RETRY_MS)
