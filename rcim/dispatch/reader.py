"""Reading beside the loop: queries of one turn are answered together from one picture of the store."""

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

log = logging.getLogger("rcim.dispatch")

RETRY_MS = 1000
"""What a client is told to wait after the store failed."""
QUERIES_PER_JOB = 64
"""So many queries are answered at once; the rest waits for the next turn. A job stays within some milliseconds, and with
the one search that may be in it within some ten more."""


class Reader:
    """Queries and loads, each answered by a callback in the loop. Bounded by the requests in flight. `complete` adds to
    an answer what the store does not know."""

    def __init__(self, store: Store, worker: Worker, complete: Callable[[Any, Any], Any]) -> None:
        self._store = store
        self._complete = complete
        self._worker = worker
        self._waiting: list[Request] = []
        self._searches: OrderedDict[str, deque[Request]] = OrderedDict()
        """RX-10: by user, who has been waiting longest first. One is answered at a time, and each user has its turn."""
        self._busy = False

    @property
    def idle(self) -> bool:
        """True if nothing waits and nothing is under way."""
        return not (self._busy or self._waiting or self._searches)

    def ask(self, request: Request) -> None:
        """Answer `request`, whose `ask` is a Query, from the store."""
        if isinstance(request.ask, SearchQuery):
            self._searches.setdefault(request.ask.user_id, deque()).append(request)
        else:
            self._waiting.append(request)
        self._go()

    def load(self, job: Callable[[], Any], done: Callable[[Any, BaseException | None], None]) -> None:
        """Run `job` (a load of the store) in the reading thread."""
        self._worker.do(job, done)

    def _go(self) -> None:
        if self._busy or not (self._waiting or self._searches):
            return
        batch, self._waiting = self._waiting[:QUERIES_PER_JOB], self._waiting[QUERIES_PER_JOB:]
        if self._searches:
            user_id, searches = self._searches.popitem(last=False)
            batch.append(searches.popleft())
            if searches:
                self._searches[user_id] = searches
        self._busy = True
        queries = [request.ask for request in batch]

        def done(answers: Any, error: BaseException | None) -> None:
            self._busy = False
            for i, request in enumerate(batch):
                answer = error or answers[i]
                try:
                    if isinstance(answer, BaseException):
                        request.refuse(refusal(answer))
                    else:
                        request.origin.answer(request.token, self._complete(queries[i], answer))
                except Exception:  # it is its receiver's: the others get theirs
                    log.exception("giving out an answer failed")
            self._go()

        self._worker.do(lambda: self._store.answer_all(queries), done)


def refusal(error: BaseException) -> Refused:
    """What a client is told when the store failed. The text of the error goes to the log, not over the wire."""
    if isinstance(error, StoreError):
        return Refused(STORE_UNAVAILABLE, STORE_UNAVAILABLE.meaning, RETRY_MS)
    log.error("the store failed in a way it should not", exc_info=error)
    return Refused(SERVER_ERROR, SERVER_ERROR.meaning, RETRY_MS)
