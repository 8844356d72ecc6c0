"""Reading beside the loop: queries are answered some at a time from one picture of the store, user by user.

A job is what the reading thread does before it looks again who waits: one query of each user, the one that has waited
longest first, for JOB_S seconds. What is not reached then comes first in the next job. One query is bounded too: by what
it looks at (a page ends there), or by going on in a later job (a sync that has much to look through). So somebody who
asks much waits longer, and nobody else does.
"""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from rcim.actor.outcomes import Refused
from rcim.actor.queries import SearchQuery
from rcim.base.errors import SERVER_ERROR, STORE_UNAVAILABLE
from rcim.dispatch.requests import Request
from rcim.dispatch.worker import Worker
from rcim.store.backend import StoreError
from rcim.store.store import Store
from rcim.store.syncing import SyncScan

log = logging.getLogger("rcim.dispatch")

RETRY_MS = 1000
"""What a client is told to wait after the store failed."""
QUERIES_PER_JOB = 64
"""So many queries are taken into a job at the most."""
JOB_S = 0.004
"""A job begins no further query after so long; the longest one takes 6 ms (a search)."""


class _Asked:
    """A request, and with what the store is asked for it: its query, or a SyncScan to go on with."""

    __slots__ = ("query", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.query: Any = request.ask


class Reader:
    """Queries and loads, each answered by a callback in the loop. Bounded by the requests in flight. `loading` runs loads
    beside the queries: a large group takes 20 ms. `complete` adds to an answer what the store does not know."""

    def __init__(self, store: Store, worker: Worker, loading: Worker, complete: Callable[[Any, Any], Any]) -> None:
        self._store = store
        self._complete = complete
        self._worker = worker
        self._loading = loading
        self._waiting: OrderedDict[str, deque[_Asked]] = OrderedDict()
        """By user, the one whose turn it is first."""
        self._busy = False

    @property
    def idle(self) -> bool:
        """True if nothing waits and nothing is under way."""
        return not (self._busy or self._waiting)

    def ask(self, request: Request) -> None:
        """Answer `request`, whose `ask` is a Query, from the store."""
        self._waiting.setdefault(asker(request.ask), deque()).append(_Asked(request))
        self._go()

    def load(self, job: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        """Run `job` (a load of the store) in the loading thread."""
        self._loading.do(job, done)

    def _go(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        batch = self._batch()
        queries = [asked.query for asked in batch]

        def done(answers: Any, error: BaseException | None) -> None:
            self._busy = False
            found: list[Any] = [error] * len(batch) if error is not None else answers
            for asked in reversed(batch[len(found) :]):  # it was not their turn yet: it is next
                self._first(asked)
            for asked, answer in zip(batch, found, strict=False):
                if isinstance(answer, SyncScan):
                    asked.query = answer
                    self._last(asked)
                else:
                    self._answer(asked.request, answer)
            self._go()

        self._worker.do(lambda: self._store.answer_some(queries, JOB_S), done)

    def _batch(self) -> list[_Asked]:
        """One query of each user whose turn it is; one search among them at the most."""
        batch: list[_Asked] = []
        searching = False
        waiting = self._waiting
        for _ in range(min(QUERIES_PER_JOB, len(waiting))):
            user_id, queue = waiting.popitem(last=False)
            search = isinstance(queue[0].query, SearchQuery)
            if not (search and searching):
                batch.append(queue.popleft())
                searching = searching or search
            if queue:
                waiting[user_id] = queue
        return batch

    def _first(self, asked: _Asked) -> None:
        """It is this user's turn, with this query."""
        user_id = asker(asked.request.ask)
        self._waiting.setdefault(user_id, deque()).appendleft(asked)
        self._waiting.move_to_end(user_id, last=False)

    def _last(self, asked: _Asked) -> None:
        """It goes on before the user's other queries, after the turns of the other users."""
        user_id = asker(asked.request.ask)
        self._waiting.setdefault(user_id, deque()).appendleft(asked)
        self._waiting.move_to_end(user_id)

    def _answer(self, request: Request, answer: Any) -> None:
        try:
            if isinstance(answer, BaseException):
                request.refuse(refusal(answer))
            else:
                request.origin.answer(request.token, self._complete(request.ask, answer))
        except Exception:  # it is its receiver's: the others get theirs
            log.exception("giving out an answer failed")


def asker(query: Any) -> str:
    """For whom a query is answered; empty: the server's own work, and app administrators."""
    found: str = getattr(query, "by", "") or getattr(query, "user_id", "")
    return found


def refusal(error: BaseException) -> Refused:
    """What a client is told when the store failed. The text of the error goes to the log, not over the wire."""
    if isinstance(error, StoreError):
        return Refused(STORE_UNAVAILABLE, STORE_UNAVAILABLE.meaning, RETRY_MS)
    log.error("the store failed in a way it should not", exc_info=error)
    return Refused(SERVER_ERROR, SERVER_ERROR.meaning, RETRY_MS)
