"""Requests that wait: for frequency control (FC-03), and for the app (CB-03); and when their groups are asked again.

A command that waits is answered by a later outcome of its actor. The actor says in how long it wants to be asked
(EndSlice); there is one timer for each group in which something waits, and none for the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.commands import EndSlice, TakeVerdict
from rcim.actor.outcomes import Outcome, Refused
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.effect_runner import contained
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.requests import CommandRequest, Request

log = LimitedLog("rcim.dispatch")


class _Nobody:
    """Who asks for the end of a slice; it needs no answer."""

    def answer(self, token: int, result: Any) -> None:
        if isinstance(result, Refused):
            log.error("ending a slice failed", error=result.detail)

    def mailbox_drained(self, key: str) -> None:
        """It waits for no room."""


_NOBODY = _Nobody()


AskApp = Callable[[BeforeCallback, Callable[[CallbackVerdict], None]], None]


def nobody_to_ask(ask: BeforeCallback, answered: Callable[[CallbackVerdict], None]) -> None:
    """The app is asked about nothing: everything is allowed."""
    answered(ALLOWED)


class PendingRequests:
    """See the module's text. `ready(mailbox)` is called when a mailbox has got something to do; `there(mailbox)` says
    whether it is still the one of its conversation."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        ready: Callable[[Mailbox], None],
        there: Callable[[Mailbox], bool],
    ) -> None:
        self._there = there
        self._loop = loop
        self._ready = ready
        self._armed: set[Mailbox] = set()
        self.ask_app: AskApp = nobody_to_ask
        """How the app is asked; set by who knows how."""

    def took(
        self, mailbox: Mailbox, request: CommandRequest, outcome: Outcome, batch: list[tuple[CommandRequest, Outcome]]
    ) -> None:
        """Put into `batch` who is to be answered when this outcome is durable: not who waits, but whom it settles."""
        if outcome.wait:
            mailbox.waits.setdefault(outcome.wait, []).append(request)
        else:
            batch.append((request, outcome))
        for ask in outcome.asks:
            self._ask(mailbox, ask)
        for number, result in outcome.settled:
            batch += [(waited, Outcome(result)) for waited in mailbox.waits.pop(number, ())]
        if outcome.again_in_ms >= 0:
            self._arm(mailbox, outcome.again_in_ms)

    def _ask(self, mailbox: Mailbox, ask: BeforeCallback) -> None:
        """CB-03: ask the app, and give its answer to the actor."""

        def answered(verdict: CallbackVerdict) -> None:
            if self._there(mailbox):
                self._give(mailbox, TakeVerdict("", True, ask.number, verdict))

        self.ask_app(ask, answered)

    def _give(self, mailbox: Mailbox, command: EndSlice | TakeVerdict) -> None:
        """A command of our own, for which there is always room: there is at most one for each request that waits."""
        mailbox.queue.append(Request(mailbox.key, command, _NOBODY, 0))
        self._ready(mailbox)

    def _arm(self, mailbox: Mailbox, wait_ms: int) -> None:
        due = self._loop.time() + wait_ms / 1000
        if mailbox.slice_timer is not None:
            if mailbox.slice_due <= due:
                return
            mailbox.slice_timer.cancel()
        self._armed.add(mailbox)
        mailbox.slice_due = due  # the loop's handle does not always know it: what is due now is no timer
        mailbox.slice_timer = self._loop.call_at(due, self._end, mailbox)

    def _end(self, mailbox: Mailbox) -> None:
        mailbox.slice_timer = None
        self._armed.discard(mailbox)
        if not self._there(mailbox):
            return  # its conversation has ended, and what waited was told so
        self._give(mailbox, EndSlice("", True))

    @property
    def any_armed(self) -> bool:
        """True if something waits for the end of a slice: messages, or notices that nobody waits for (GT-15)."""
        return bool(self._armed)

    def refuse(self, mailbox: Mailbox, refused: Refused) -> None:
        """The actor is gone, and with it what waited: it was not done."""
        waits, mailbox.waits = mailbox.waits, {}
        for requests in waits.values():
            for request in requests:
                with contained("answer", request.key):
                    request.refuse(refused)

    def stop(self) -> None:
        """No more timers."""
        for mailbox in self._armed:
            if mailbox.slice_timer is not None:
                mailbox.slice_timer.cancel()
        self._armed.clear()
