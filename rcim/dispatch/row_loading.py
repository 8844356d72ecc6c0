"""Rows of members that commands ask for (actor/paged_roster.py): read in the loading thread, given to the actor, and the
command is handled again.

1. The command stays the first of its mailbox, and the mailbox is set aside meanwhile, as while its actor is loaded: later
   commands of the conversation wait, other conversations go on.
2. Rows are read when nothing of the shard is being committed: what has left memory is in the store by then, and since the
   actor handles nothing meanwhile, what is read is what it would have.
3. If the store fails, the command is refused, and the mailbox goes on behind it.
4. A command that asks ROUNDS_MAX times is refused: it would ask for ever, or for more than memory should hold.
"""

from __future__ import annotations

from rcim.actor.broadcast import BroadcastActor
from rcim.actor.commands import EndSlice, TakeVerdict
from rcim.actor.outcomes import Refused
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.paged_roster import NotLoaded
from rcim.base.errors import SERVER_ERROR
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.actor_registry import ActorRegistry, Queue, refuse
from rcim.dispatch.loading import Loader, Rows
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.pending_requests import PendingRequests
from rcim.dispatch.reader import Reader, refusal
from rcim.dispatch.request_ids import ids_of
from rcim.dispatch.requests import CommandRequest

log = LimitedLog("rcim.dispatch")

ROUNDS_MAX = 64
"""How often one command may ask: a walk over 60,000 members takes so many pages (loading.PAGE), 20 MB."""


class RowLoader:
    """See the module's text. In the loop's thread."""

    def __init__(
        self, reader: Reader, loader: Loader, registry: ActorRegistry, pending: PendingRequests, queue: Queue
    ) -> None:
        self._reader = reader
        self._loader = loader
        self._registry = registry
        self._pending = pending
        self._queue = queue
        self.loads = 0
        """Since the start."""

    def set_aside(self, mailbox: Mailbox, request: CommandRequest, wanted: NotLoaded) -> Refused | None:
        """`request`, taken from the mailbox, needs these rows: it stands first in it again, and `load` is to be called
        after the commit of this turn. Returns why it is refused instead, if it has asked too often."""
        rounds = 1
        if mailbox.tried is not None and mailbox.tried[0] is request:
            rounds += mailbox.tried[1]
        if rounds > ROUNDS_MAX:
            log.error("a command asks for members too often", **ids_of(request))
            refused = Refused(SERVER_ERROR, SERVER_ERROR.meaning)
            self._give_up(mailbox, request, refused)
            return refused
        mailbox.tried = request, rounds
        mailbox.missing = wanted
        mailbox.queue.appendleft(request)
        return None

    def load(self, mailbox: Mailbox) -> None:
        """Read what the first command of the mailbox needs; then it is to be looked at again."""
        actor, wanted = mailbox.actor, mailbox.missing
        if mailbox.loading or wanted is None:
            return
        mailbox.loading = True
        self.loads += 1

        def done(rows: Rows | None, error: BaseException | None) -> None:
            mailbox.loading = False
            if not self._registry.has(mailbox):
                return  # refused meanwhile, with all that waited in it
            mailbox.missing = None
            if mailbox.actor is actor and isinstance(actor, PagedGroupActor | BroadcastActor):
                if rows is None:
                    self._failed(mailbox, error)
                elif isinstance(rows, dict):
                    actor.take_members(rows)
                else:
                    actor.take_page(wanted.after, rows)
            if mailbox.queue:
                self._queue.add(mailbox)

        self._reader.load(lambda: self._loader.rows(mailbox.key, wanted), done)

    def _failed(self, mailbox: Mailbox, error: BaseException | None) -> None:
        log.error("loading members failed", conversation=mailbox.key, error=error)
        request = mailbox.queue.popleft()
        refused = refusal(error or RuntimeError("no rows"))
        self._give_up(mailbox, request, refused)
        refuse(request, refused)

    def _give_up(self, mailbox: Mailbox, request: CommandRequest, refused: Refused) -> None:
        """The command is not handled again. What waits in the actor is carried on by our own commands, and would wait for
        ever without one of them: it is refused, and the actor loaded again."""
        mailbox.tried = None
        if isinstance(request.body, EndSlice | TakeVerdict):
            mailbox.actor = None
            self._pending.refuse(mailbox, refused)
        elif isinstance(mailbox.actor, PagedGroupActor | BroadcastActor):
            mailbox.actor.end_command()
