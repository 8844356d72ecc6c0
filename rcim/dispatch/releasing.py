"""What becomes of a batch once the log has told of it: it is given out, or refused and forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from rcim.actor.app_state import AppState
from rcim.actor.outcomes import Refused
from rcim.base.errors import STORE_UNAVAILABLE
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.actor_registry import ActorRegistry, refuse
from rcim.dispatch.apart import to_do_again
from rcim.dispatch.effect_runner import EffectRunner
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.message_watch import MessageWatch
from rcim.dispatch.pending_requests import PendingRequests
from rcim.dispatch.reader import RETRY_MS, refusal
from rcim.dispatch.shard_state import Batch

log = LimitedLog("rcim.dispatch")


class Turns(Protocol):
    """Whose mailboxes they are."""

    def add(self, mailbox: Mailbox) -> None:
        """It has something to do."""

    def turn_soon(self) -> None:
        """If any has something to do."""


class Releaser:
    """See the module's text; `committing.Releases` says when each is called. `effects` is set before the first batch."""

    effects: EffectRunner

    def __init__(self, app_state: AppState, registry: ActorRegistry, pending: PendingRequests, turns: Turns) -> None:
        self._app_state = app_state
        self._registry = registry
        self._pending = pending
        self._turns = turns
        self.watch: MessageWatch | None = None
        """Who follows messages; None: nobody."""

    def committed(self, batch: Batch) -> None:
        """Give out its effects and answers."""
        if self.watch is not None:
            self.watch.durable(batch)
        self.effects.all(batch)

    def settled(self) -> None:
        """What was about to be is, or never will be."""
        self._app_state.counts.settled()

    def go_on(self, mailboxes: Iterable[Mailbox]) -> None:
        """These may be looked at again, and so may others."""
        for mailbox in mailboxes:
            if mailbox.queue:
                self._turns.add(mailbox)
        self._turns.turn_soon()

    def failed(self, batch: Batch, touched: set[str], error: BaseException, *, with_told: bool) -> None:
        """Forget everything that was to be: the actors' states, the answers."""
        log.error("a commit failed", conversations=len(touched), conversation=min(touched, default=None), error=error)
        refused = refusal(error)
        again = to_do_again(batch, error, with_told=with_told)
        for key in touched:
            mailbox = self._registry.mailboxes.get(key)
            if mailbox is not None:
                mailbox.actor = None
                self._pending.refuse(mailbox, refused)
        for request, outcome in batch:
            if outcome.record is None and request.key not in touched:
                self.effects.all([(request, outcome)])
            elif not request.alone or request not in again:
                refuse(request, refused)
        self._registry.put_back(again)

    def give_up(self, mailbox: Mailbox) -> None:
        """Its conversation is another writer's now: forget its actor, and refuse all who wait in it."""
        refused = Refused(STORE_UNAVAILABLE, STORE_UNAVAILABLE.meaning, RETRY_MS)
        self._registry.refuse_all(mailbox, refused)
        self._pending.refuse(mailbox, refused)
