"""Asks the app before an action (CB-02, CB-03, CB-05): over HTTP, in process, or both.

1. Each question is sent once and has a timeout. For a missing or invalid answer the settings decide: allow (the
   default) or refuse (CALLBACK_FAILED).
2. The number of unanswered questions is bounded. Others wait, and users take turns (turns.py); the timeout begins after
   the wait. Too many questions are refused (OVERLOADED): nobody can bypass the app, or keep others waiting, by sending
   many requests.
3. In-process hooks are asked first, in order; the first that refuses or drops decides. The next one is asked about the
   elements that the previous one has replaced.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import msgspec

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.commands import AlterMessage, SendMessage
from rcim.base import metrics
from rcim.base.errors import OVERLOADED
from rcim.base.limited_log import LimitedLog
from rcim.base.limits import Limits
from rcim.base.meters import Meters
from rcim.hooks.inprocess import Hook, call
from rcim.hooks.profiles import tencent
from rcim.hooks.receiver import AskedReceiver
from rcim.hooks.turns import Turns
from rcim.web.client import FAULTS
from rcim.web.faults import fault_of

log = LimitedLog("rcim.hooks")

FAILED = "failed"
"""There was no answer, or no good one."""
OUTCOMES = ("allowed", "refused", "dropped", FAILED)
"""What can come of a question."""
TOO_MANY = CallbackVerdict(allow=False, code=OVERLOADED.number)


class Asking:
    """See the module's text. Of the receivers the first that wants to decide is asked. `timeout_ms` is the time of hooks
    where there is no receiver; `refuse`: what failed is refused; `meters` measures how long questions take."""

    def __init__(
        self,
        limits: Limits,
        receivers: Sequence[AskedReceiver],
        hooks: Sequence[Hook],
        timeout_ms: int,
        *,
        refuse: bool = False,
        meters: Meters | None = None,
    ) -> None:
        meters = meters if meters is not None else Meters()
        self._times = {name: meters.histogram(metrics.QUESTION_TIME, name) for name in OUTCOMES}
        self._limits = limits
        self._receivers = list(receivers)
        self._hooks = list(hooks)
        self._timeout_s = timeout_ms / 1000
        self._refuse = refuse
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns, self._logins = Turns(), Turns()
        self._closing = False
        self.counts: Counter[str] = Counter()
        """How many questions were asked, allowed, refused, dropped, replaced, failed; skipped: too many unanswered."""

    async def finish(self, within_s: float) -> None:
        """Let the questions that are under way be answered, for so long; then `close`."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=within_s)
        await self.close()

    async def close(self) -> None:
        """Ask no more; unanswered questions get no answer."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ask(self, ask: BeforeCallback, answered: Callable[[CallbackVerdict], None]) -> None:
        """Ask, and call `answered` once, from the loop."""
        if not self._turns_of(ask).take(ask.command.by):
            self.counts["skipped"] += 1
            answered(TOO_MANY)
            return
        self.counts["asked"] += 1
        task = asyncio.get_running_loop().create_task(self._ask(ask, answered))
        self._tasks.add(task)
        task.add_done_callback(lambda task: self._over(task, ask))

    def _over(self, task: asyncio.Task[None], ask: BeforeCallback) -> None:
        self._tasks.discard(task)
        self._turns_of(ask).leave(ask.command.by)

    def _turns_of(self, ask: BeforeCallback) -> Turns:
        """Those who come back after a restart, all at once, hold up no message."""
        return self._logins if ask.kind is BeforeKind.LOGIN else self._turns

    async def _ask(self, ask: BeforeCallback, answered: Callable[[CallbackVerdict], None]) -> None:
        receiver = next((one for one in self._receivers if one.decides(ask)), None)
        refuse = self._refuse or (receiver is not None and receiver.refuse_on_failure)
        verdict, turns = tencent.FAILED if refuse else ALLOWED, self._turns_of(ask)
        began_s, failed = perf_counter(), True
        try:
            await turns.wait(ask.command.by)
            try:
                timeout_s = receiver.timeout_ms / 1000 if receiver is not None else self._timeout_s
                async with asyncio.timeout(timeout_s):  # its time begins when its turn has come
                    verdict = await self._verdict(ask, receiver)
                    failed = False
            finally:
                turns.done(ask.command.by)
        except FAULTS as error:
            self.counts["failed"] += 1
            log.warning("a question to the app got no answer", **_ids_of(ask), error=fault_of(error).text)
        except asyncio.CancelledError:
            if self._closing:
                raise
            self.counts["failed"] += 1  # of something that a hook waited for
            log.warning("a hook was cancelled", **_ids_of(ask))
        except Exception:  # of a hook, which is the app's
            self.counts["failed"] += 1
            log.exception("a hook failed", **_ids_of(ask))
        outcome = self._count(verdict)
        times = self._times[FAILED if failed else outcome]
        if times is not None:
            times.observe(perf_counter() - began_s)
        answered(verdict)

    def _count(self, verdict: CallbackVerdict) -> str:
        what = "dropped" if verdict.drop else "allowed" if verdict.allow else "refused"
        self.counts[what] += 1
        self.counts["replaced"] += verdict.body is not None or verdict.changes is not None
        return what

    async def _verdict(self, ask: BeforeCallback, receiver: AskedReceiver | None) -> CallbackVerdict:
        whole = ALLOWED
        for hook in self._hooks if tencent.is_asked(ask.kind) else ():
            asked = tencent.question(ask)
            answer = await call(hook, asked.command, asked.fields)
            whole = _joined(whole, ALLOWED if answer is None else tencent.verdict_of(answer, self._limits))
            if whole.drop or not whole.allow:
                return whole
            ask = _changed(ask, whole)
        if receiver is not None:
            whole = _joined(whole, await receiver.ask(ask))
        return whole


def _joined(first: CallbackVerdict, second: CallbackVerdict) -> CallbackVerdict:
    if second.drop or not second.allow:
        return second
    return CallbackVerdict(
        body=second.body if second.body is not None else first.body,
        cloud_data=second.cloud_data if second.cloud_data is not None else first.cloud_data,
        refused=(*first.refused, *second.refused),
        to=second.to if second.to is not None else first.to,
        changes=second.changes if second.changes is not None else first.changes,
    )


def _changed(ask: BeforeCallback, verdict: CallbackVerdict) -> BeforeCallback:
    """The question for the next hook."""
    command: Any = ask.command
    if isinstance(command, SendMessage | AlterMessage) and verdict.body is not None:
        return msgspec.structs.replace(ask, command=msgspec.structs.replace(command, body=verdict.body))
    return ask


def _ids_of(ask: BeforeCallback) -> dict[str, object]:
    """What a log line names of it (OP-02)."""
    client_msg_id = getattr(ask.command, "client_msg_id", None)
    return {
        "question": ask.kind.value,
        "conversation": ask.key,
        "user": ask.command.by,
        "client_msg_id": client_msg_id,
    }
