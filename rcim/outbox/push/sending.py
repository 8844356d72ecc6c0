"""Sending pushes through one provider, and what becomes of each (PU-03)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import NamedTuple

from rcim.actor.push_records import PushToken
from rcim.base.histogram import Histogram
from rcim.base.limited_log import LimitedLog
from rcim.outbox.push.owner import PushFacts
from rcim.outbox.push.provider import Provider, Push, PushOutcome, PushResult

log = LimitedLog("rcim.outbox.push")

SEND_S = 120.0
"""A provider that has not answered by then is taken for one that is away; its own waits are shorter."""
AWAY_AFTER = 3
"""Calls of which a provider has taken nothing, one after the other, and users in them: then it is asked no more for a
pause. One user whose devices it never takes is no reason."""
AWAY_S, AWAY_MAX_S = 1.0, 60.0
"""The shortest and the longest pause."""


class Addressed(NamedTuple):
    """A push, and whose device it is for."""

    user_id: str
    token: PushToken
    push: Push


class Sent(NamedTuple):
    """What the provider could not take now, the reason, and the pause that it asks for. `untried`: users for whom there
    is a push that it was not asked to take."""

    later: list[Addressed]
    reason: str = ""
    retry_after_s: float = 0.0
    untried: frozenset[str] = frozenset()


class Sending:
    """See the module's text. `name` is that of the provider; `times` counts how long it takes, in seconds (OP-02)."""

    def __init__(self, name: str, provider: Provider, facts: PushFacts, times: Histogram | None = None) -> None:
        self._times = times
        self._name = name
        self._provider = provider
        self._facts = facts
        self._now_s = asyncio.get_running_loop().time
        self._failed_calls = 0
        self._failed_users: set[str] = set()
        self._away_until_s = 0.0
        self._reason = ""
        self._closed = False
        self.counts: Counter[str] = Counter()
        """By outcome."""

    @property
    def away_s(self) -> float:
        """For how many more seconds nothing is sent to the provider; 0: it may be asked."""
        return max(0.0, self._away_until_s - self._now_s())

    @property
    def reason(self) -> str:
        """The reason of the last pushes that the provider could not take."""
        return self._reason

    async def send(self, pushes: Sequence[Addressed]) -> Sent:
        """Send these; returns those that are to be sent later. Tokens that the service does not know are removed."""
        began_s = perf_counter()
        results = await self._results([one.push for one in pushes])
        if self._times is not None:
            self._times.observe(perf_counter() - began_s)
        later: list[Addressed] = []
        reason, retry_after_s, untried = "", 0.0, set[str]()
        for one, result in zip(pushes, results, strict=True):
            self.counts[result.outcome.name] += 1
            if result.outcome is PushOutcome.LATER:
                later.append(one)
                if result.untried:
                    untried.add(one.user_id)
                reason, retry_after_s = result.reason, max(retry_after_s, result.retry_after_s)
            elif result.outcome is PushOutcome.BAD_TOKEN:
                self._facts.remove_token(one.user_id, one.token)
            elif result.outcome is PushOutcome.REFUSED:
                log.warning("a push was refused", consumer=self._name, user=one.user_id, error=result.reason)
        self._note(later if len(later) == len(pushes) else (), reason, retry_after_s)
        return Sent(later, reason, retry_after_s, frozenset(untried))

    async def _results(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        try:
            async with asyncio.timeout(SEND_S):
                found = await self._provider.send(pushes)
        except TimeoutError:
            found = [PushResult(PushOutcome.LATER, "no answer in time")] * len(pushes)
        except Exception:  # a fault of the provider's: they come again
            log.exception("pushes could not be sent", consumer=self._name, pushes=len(pushes))
            found = [PushResult(PushOutcome.LATER, "a fault of the server's")] * len(pushes)
        if len(found) != len(pushes):
            log.error(
                "a push provider gave a wrong number of results",
                consumer=self._name,
                results=len(found),
                pushes=len(pushes),
            )
            return [PushResult(PushOutcome.LATER, "a fault of the server's")] * len(pushes)
        return found

    def _note(self, untaken: Sequence[Addressed], reason: str, retry_after_s: float) -> None:
        """`untaken`: all pushes of a call of which nothing was taken."""
        if reason:
            self._reason = reason
        if not untaken:
            self._failed_calls = 0
            self._failed_users.clear()
            return
        self._failed_calls += 1
        if len(self._failed_users) < AWAY_AFTER:
            self._failed_users |= {one.user_id for one in untaken}
        if min(self._failed_calls, len(self._failed_users)) >= AWAY_AFTER:
            self._away_until_s = self._now_s() + min(max(AWAY_S, retry_after_s), AWAY_MAX_S)
            log.warning("a push service takes no pushes: they are sent later", consumer=self._name, error=reason)

    async def close(self) -> None:
        """Give back the provider's connections, once."""
        if not self._closed:
            self._closed = True
            await self._provider.close()
