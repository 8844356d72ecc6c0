"""Giving commands to their actors, a mailbox at a time: the middle of a turn (dispatcher.py)."""

from __future__ import annotations

from rcim.actor.app_state import AppState
from rcim.actor.outcomes import Outcome, Refused
from rcim.actor.paged_roster import LoadAgain, NotLoaded
from rcim.base.errors import SERVER_ERROR, RcimError
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.committing import Committer
from rcim.dispatch.counters import Counters
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.pending_requests import PendingRequests
from rcim.dispatch.request_ids import ids_of
from rcim.dispatch.requests import CommandRequest
from rcim.dispatch.row_loading import RowLoader
from rcim.dispatch.shard_state import Batch, Shard

log = LimitedLog("rcim.dispatch")


class Handling:
    """See the module's text. In the loop's thread."""

    def __init__(
        self,
        app_state: AppState,
        pending: PendingRequests,
        committer: Committer,
        counters: Counters,
        rows: RowLoader,
    ) -> None:
        self._app_state = app_state
        self._pending = pending
        self._committer = committer
        self._counters = counters
        self._rows = rows

    def some(self, mailbox: Mailbox, shard: Shard, batch: Batch, left: int, *, among: int, now_ms: int) -> int:
        """Let an actor handle its share of the `left` commands of a turn, as one of `among` mailboxes. What came of it
        is in `batch` and with the committer. Returns what is left for the others; 0 or less: the turn ends here."""
        share = min(len(mailbox.queue), max(1, left // among))
        for _ in range(share):
            if mailbox.actor is None:
                break
            request = mailbox.queue[0]
            if request.alone:
                left = 0  # nothing comes after it, and it waits for the next turn if there is something before it
                if self._committer.has_put:
                    break
            mailbox.queue.popleft()
            try:
                outcome = self._handle(mailbox, request, shard.position, now_ms)
            except NotLoaded as wanted:
                refused = self._rows.set_aside(mailbox, request, wanted)
                if refused is None:  # it is handled again, and counted then
                    self._counters.commands -= 1
                    break
                outcome = Outcome(refused)
            except LoadAgain:  # after this turn's commit
                self._counters.commands -= 1
                mailbox.queue.appendleft(request)
                mailbox.actor = None
                break
            if outcome.wait or outcome.settled or outcome.again_in_ms >= 0:
                self._pending.took(mailbox, request, outcome, batch)
            else:
                batch.append((request, outcome))
            if outcome.record is not None or outcome.events:
                self._committer.put(shard, mailbox.key, outcome)
            if not left:
                break
        return left - share

    def _handle(self, mailbox: Mailbox, request: CommandRequest, position: int, now_ms: int) -> Outcome:
        self._counters.commands += 1
        actor = mailbox.actor
        assert actor is not None, "a mailbox without its actor is not handled"
        try:
            self._app_state.invalidated.check(request.body.credential)  # it may have waited (ID-09)
            return actor.handle(request.body, now_ms, position)
        except (NotLoaded, LoadAgain):
            raise
        except RcimError as error:
            self._counters.refused += 1
            self._counters.refused_by[error.code.kind] += 1
            return Outcome(Refused(error.code, error.detail, error.retry_after_ms))
        except Exception:  # a fault of ours must not take the other conversations' batch with it
            log.exception("handling a command failed", **ids_of(request))
            mailbox.actor = None  # it may have changed halfway: it is loaded again, after this turn's commit
            refused = Refused(SERVER_ERROR, SERVER_ERROR.meaning)
            self._pending.refuse(mailbox, refused)
            return Outcome(refused)
