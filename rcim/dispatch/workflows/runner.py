"""Runs workflows: so many at a time, each answered once.

1. A workflow begins at once if there is room for it, or waits for its turn. Users take turns, and the workflows of a
   user about one conversation begin in the order of coming. Those about another conversation do not wait for them, since
   a conversation may be slow. What waits is bounded where it comes from: a connection with `requests_in_flight_max`
   unanswered requests is not read.
2. What was asked on a UserSig that counts no more by then is refused (ID-09), here and by every actor on the way.
3. A workflow that raises RcimError is answered with it; one that raises anything else, SERVER_ERROR.
4. At the end those under way are told so where they wait, and clean up: they are answered SHUTTING_DOWN, as are those
   that have not begun (WI-07). What is done of them stays done; whoever asks again has the rest done.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from functools import partial

from rcim.actor.outcomes import Refused
from rcim.actor.workflows import AnyWorkflow, Login, ReadmitGuest, SendAs
from rcim.base.errors import SERVER_ERROR, SHUTTING_DOWN, RcimError
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.effect_runner import contained
from rcim.dispatch.request_ids import ids_of
from rcim.dispatch.requests import WorkflowRequest
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.coroutines import CoroutineRun
from rcim.dispatch.workflows.table import WORKFLOWS, WorkflowTable

log = LimitedLog("rcim.dispatch")

SAME_WORKFLOWS_MAX = 64
"""Workflows of one user about one conversation that run at a time: what one connection may have unanswered."""
USER_WORKFLOWS_MAX = 1024
"""Workflows of one user that run at a time: a back end with sixteen slow groups does not wait for others."""
WORKFLOWS_MAX = 16384
"""Workflows that run at a time, of all users: at 4 KiB each 64 MiB. It takes 256 users with all that each may have
about one conversation to fill it, so the few who wait for a slow one keep nobody else waiting."""
UNBOUNDED = (Login, ReadmitGuest, SendAs)
"""They neither wait nor count: logins are bounded where they come in, and come first in the store's line; messages sent
as a user have a queue of their own, with its bound (LI-02)."""


class WorkflowRunner:
    """See the module's text."""

    def __init__(self, context: WorkflowContext, table: WorkflowTable = WORKFLOWS) -> None:
        self._context = context
        self._table = table
        self._running: dict[WorkflowRequest, CoroutineRun[CommandAnswer]] = {}
        self._counts: dict[str, int] = {}
        """How many run, by user; without those that do not count."""
        self._same: dict[tuple[str, str], int] = {}
        """The same, by user and conversation."""
        self._count = 0
        self._waiting: OrderedDict[str, dict[str, deque[WorkflowRequest]]] = OrderedDict()
        """By user, the one whose turn is next first, and conversation."""
        self._beginning = self._stopped = False

    @property
    def idle(self) -> bool:
        """True if none runs; then none waits either."""
        return not self._running

    def run(self, request: WorkflowRequest) -> None:
        """Carry it out now, or when it is its turn; `request` is answered at the end. After `stop` it is refused."""
        if self._stopped:
            self._refuse(request)
            return
        if type(request.body) in UNBOUNDED:
            self._begin(request)
            return
        user_id, key = asked_by(request.body), about(request.body)
        if key not in self._waiting.get(user_id, ()) and self._has_room(user_id, key):
            self._count_in(user_id, key, 1)
            self._begin(request)
        else:
            self._waiting.setdefault(user_id, {}).setdefault(key, deque()).append(request)

    def _has_room(self, user_id: str, key: str) -> bool:
        return (
            self._count < WORKFLOWS_MAX
            and self._counts.get(user_id, 0) < USER_WORKFLOWS_MAX
            and self._same.get((user_id, key), 0) < SAME_WORKFLOWS_MAX
        )

    def _count_in(self, user_id: str, key: str, by: int) -> None:
        self._count += by
        count = self._counts[user_id] = self._counts.get(user_id, 0) + by
        if not count:
            del self._counts[user_id]
        same = self._same[user_id, key] = self._same.get((user_id, key), 0) + by
        if not same:
            del self._same[user_id, key]

    def _begin(self, request: WorkflowRequest) -> None:
        try:
            self._context.app_state.invalidated.check(request.body.credential)
        except RcimError as error:
            self._ended(request, None, error)
            return
        coroutine = self._table[type(request.body)](self._context, request.body)
        run = self._running[request] = CoroutineRun(coroutine, partial(self._ended, request))
        run.start()

    def _ended(self, request: WorkflowRequest, result: CommandAnswer | None, error: Exception | None) -> None:
        self._running.pop(request, None)
        if error is not None or result is None:
            result = _refusal(request.body, error)
        try:  # written out, and not `contained`: this is once for each login
            request.reply_to.answer(request.token, result)
        except Exception:
            log.exception("giving out the answer of a workflow failed", **ids_of(request))
        if type(request.body) not in UNBOUNDED:
            self._count_in(asked_by(request.body), about(request.body), -1)
            self._begin_next()

    def _begin_next(self) -> None:
        """Begin what has room now. Users, and conversations of a user, that have as many under way as they may are passed
        over."""
        if self._beginning:  # one has ended at once: the loop below goes on
            return
        self._beginning = True
        while self._count < WORKFLOWS_MAX:
            found = self._next()
            if found is None:
                break
            user_id, key = found
            queues = self._waiting[user_id]
            request = queues[key].popleft()
            if not queues[key]:
                del queues[key]
            if queues:
                self._waiting.move_to_end(user_id)
            else:
                del self._waiting[user_id]
            self._count_in(user_id, key, 1)
            self._begin(request)
        self._beginning = False

    def _next(self) -> tuple[str, str] | None:
        """The user whose turn it is, and the conversation, of those that have room."""
        for user_id, queues in self._waiting.items():
            if self._counts.get(user_id, 0) < USER_WORKFLOWS_MAX:
                for key in queues:
                    if self._has_room(user_id, key):
                        return user_id, key
        return None

    def stop(self) -> None:
        """End all of them; see the module's text. The newest first: who waits for another one is told before it goes."""
        self._stopped = True
        waiting = [request for queues in self._waiting.values() for queue in queues.values() for request in queue]
        self._waiting.clear()
        for run in reversed(list(self._running.values())):
            run.cancel(RcimError(SHUTTING_DOWN))
        for request in waiting:
            self._refuse(request)

    @staticmethod
    def _refuse(request: WorkflowRequest) -> None:
        with contained("answer", request.key):
            request.refuse(Refused(SHUTTING_DOWN, SHUTTING_DOWN.meaning))


def asked_by(workflow: AnyWorkflow) -> str:
    """Who has asked for it, as whose it counts."""
    return workflow.credential.user_id if workflow.credential is not None else workflow.by


def about(workflow: AnyWorkflow) -> str:
    """The conversation that it is about; empty if it is about none, or several."""
    return getattr(workflow, "key", "")


def _refusal(workflow: AnyWorkflow, error: Exception | None) -> Refused:
    if isinstance(error, RcimError):
        return Refused(error.code, error.detail, error.retry_after_ms)
    log.error(
        "a workflow failed",
        exc_info=error,
        workflow=type(workflow).__name__,
        conversation=about(workflow),
        user=workflow.by,
    )
    return Refused(SERVER_ERROR, SERVER_ERROR.meaning)
