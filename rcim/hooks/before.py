"""Asking the app before something is done (CB-02, CB-03, CB-05): by HTTP, in process, or both.

1. Each question is asked once and has its time; no answer in time, and one that is none, means what the settings say:
   allow (the default) or refuse (CALLBACK_FAILED).
2. So many questions are under way, and others wait for their turn, which goes from user to user (turns.py) and does not
   cost them their time. What is too much is refused (OVERLOADED): nobody gets past the app by asking much, and nobody
   keeps others waiting by it.
3. In-process hooks are asked first, in their order; the first that refuses or drops decides. With the elements that one
   has replaced the next one is asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import msgspec

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.commands import AlterMessage, SendMessage
from rcim.base.errors import OVERLOADED
from rcim.base.limited_log import LimitedLog
from rcim.base.limits import Limits
from rcim.hooks.events import FAILED, BadAnswer, fields_of, verdict_of
from rcim.hooks.http import WebhookClient
from rcim.hooks.inprocess import Hook, call
from rcim.hooks.turns import Turns

log = LimitedLog("rcim.hooks")

TOO_MANY = CallbackVerdict(allow=False, code=OVERLOADED.number)


class Asking:
    """See the module's text. `client` None: nobody is called; `refuse`: what failed is refused."""

    def __init__(
        self,
        limits: Limits,
        client: WebhookClient | None,
        hooks: Sequence[Hook],
        timeout_ms: int,
        *,
        refuse: bool = False,
    ) -> None:
        self._limits = limits
        self._client = client
        self._hooks = list(hooks)
        self._timeout_s = timeout_ms / 1000
        self._failed = FAILED if refuse else ALLOWED
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = Turns()
        self._closing = False
        self.counts: Counter[str] = Counter()
        """How many were asked, allowed, refused, dropped, replaced, failed; skipped as too many were under way."""

    async def close(self) -> None:
        """Ask no more; what is under way is not answered."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ask(self, ask: BeforeCallback, answered: Callable[[CallbackVerdict], None]) -> None:
        """Ask, and call `answered` once, from the loop."""
        if not self._turns.take(ask.command.by):
            self.counts["skipped"] += 1
            answered(TOO_MANY)
            return
        self.counts["asked"] += 1
        task = asyncio.get_running_loop().create_task(self._ask(ask, answered))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._over(task, ask.command.by))

    def _over(self, task: asyncio.Task[None], user_id: str) -> None:
        self._tasks.discard(task)
        self._turns.leave(user_id)

    async def _ask(self, ask: BeforeCallback, answered: Callable[[CallbackVerdict], None]) -> None:
        verdict = self._failed
        try:
            await self._turns.wait(ask.command.by)
            try:
                async with asyncio.timeout(self._timeout_s):  # its time begins when its turn has come
                    verdict = await self._verdict(ask)
            finally:
                self._turns.done(ask.command.by)
        except (BadAnswer, OSError, TimeoutError, aiohttp.ClientError) as error:
            self.counts["failed"] += 1
            log.warning("%s: no answer: %s", ask.name, error or type(error).__name__)
        except asyncio.CancelledError:
            if self._closing:
                raise
            self.counts["failed"] += 1  # of something that a hook waited for
            log.warning("%s: a hook was cancelled", ask.name)
        except Exception:  # of a hook, which is the app's
            self.counts["failed"] += 1
            log.exception("%s: a hook failed", ask.name)
        self._count(verdict)
        answered(verdict)

    def _count(self, verdict: CallbackVerdict) -> None:
        what = "dropped" if verdict.drop else "allowed" if verdict.allow else "refused"
        self.counts[what] += 1
        self.counts["replaced"] += verdict.body is not None

    async def _verdict(self, ask: BeforeCallback) -> CallbackVerdict:
        whole = ALLOWED
        for hook in self._hooks:
            answer = await call(hook, ask.name, fields_of(ask))
            whole = _joined(whole, ALLOWED if answer is None else verdict_of(answer, self._limits))
            if whole.drop or not whole.allow:
                return whole
            ask = _changed(ask, whole)
        if self._client is not None:
            answer = await self._client.post(ask.name, fields_of(ask))
            whole = _joined(whole, verdict_of(answer, self._limits))
        return whole


def _joined(first: CallbackVerdict, second: CallbackVerdict) -> CallbackVerdict:
    if second.drop or not second.allow:
        return second
    return CallbackVerdict(
        body=second.body if second.body is not None else first.body,
        cloud_data=second.cloud_data if second.cloud_data is not None else first.cloud_data,
        refused=(*first.refused, *second.refused),
    )


def _changed(ask: BeforeCallback, verdict: CallbackVerdict) -> BeforeCallback:
    """What the next one is asked."""
    command: Any = ask.command
    if isinstance(command, SendMessage | AlterMessage) and verdict.body is not None:
        return msgspec.structs.replace(ask, command=msgspec.structs.replace(command, body=verdict.body))
    return ask
