"""Sending pushes side by side, with what holds for every service, whatever it speaks.

1. At most CONCURRENT_MAX pushes of a provider are under way at a time, and no more than the service's limit a second.
2. A service that is Busy, can't be reached or has denied the credentials gets no pushes for a pause. They come back as
   LATER at once: a service that is away costs one time-out, and not one for each push.
3. Devices say which token, topic and environment are theirs, and a service may answer to one that is not the app's as it
   does to wrong credentials. So these are in doubt only when nothing was taken with them for PROVEN_MS. In the same way
   a single push without an answer, or with the answer that the service is busy, says nothing of a service that has just
   taken others, unless it asks for a pause.
4. At most IN_A_TURN pushes are begun in one turn of the loop: others have their turn in between.
5. Reasons are one short line, without the token.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence

from rcim.base import clock
from rcim.base.limited_log import LimitedLog
from rcim.base.terminal import printable
from rcim.flow.buckets import Rate
from rcim.outbox.push.provider import Push, PushOutcome, PushResult
from rcim.outbox.push.providers.service import REASON_MAX, Busy, Denied, later
from rcim.outbox.push.providers.shortening import TooLong
from rcim.web.client import BadAnswer

log = LimitedLog("rcim.push")

CONCURRENT_MAX = 50
"""Requests of one HTTP/1.1 provider at a time: at 100 ms each, 500 pushes a second."""
IN_A_TURN = 10
"""To begin one takes 0.1 to 0.2 ms: 2 ms, as much as other work of the loop takes at a time."""
BUSY_PAUSE_S = 1.0
"""The pause if the service asks for none."""
DENIED_PAUSE_S = 60.0
"""After refused credentials: services block whoever keeps trying, and the operator has to act first."""
PROVEN_MS = 60_000
PATIENCE_MS = 2000
"""A push waits so long for its turn within the service's limit; after that it comes back as LATER."""
TOKEN_MAX = 4096
"""Characters of a token; the longest of the services (FCM, Huawei) have a few hundred."""
SECOND_MS = 1000


class Paused(Exception):
    """A pause has begun meanwhile: what waited is not tried."""


class Sender:
    """See the module's text. `send_one` sends one push. It may raise Paused, Busy, Denied, BadAnswer, TooLong, OSError
    and TimeoutError. `denied` says of a Denied what the operator has to look at.
    `per_s` is the limit on pushes a second, 0: none."""

    def __init__(
        self,
        name: str,
        send_one: Callable[[Push], Awaitable[PushResult]],
        per_s: int,
        concurrent: int,
        denied: str = "",
    ) -> None:
        self._name = name
        self._of_denied = denied
        self._send_one = send_one
        self._concurrent = concurrent
        self._room = asyncio.Semaphore(concurrent)
        self._turn = asyncio.Semaphore(IN_A_TURN)
        self._rate = Rate(per_s, SECOND_MS)
        self._full_ms = 0.0
        self._paused_until_ms = 0
        self._paused_why = ""
        self._taken_ms: int | None = None
        self._failed_since = 0
        self.counts: Counter[str] = Counter()
        """Pushes by what became of them, and pauses."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """A result for each, in their order."""
        results = [_untried("it was not sent")] * len(pushes)
        waiting = iter(enumerate(pushes))
        workers = min(len(pushes), self._concurrent)
        await asyncio.gather(*(self._work(waiting, results) for _ in range(workers)))
        return results

    def pause(self, reason: str, seconds: float) -> None:
        """Send nothing for so long."""
        if self.paused is None:
            self.counts["pauses"] += 1
            log.warning(
                "a push service is left alone for a while", consumer=self._name, error=reason, seconds=round(seconds)
            )
        self._paused_why = reason
        self._paused_until_ms = max(self._paused_until_ms, clock.steady_ms() + int(seconds * SECOND_MS))

    @property
    def paused(self) -> PushResult | None:
        """What a push gets that comes during a pause; None: there is no pause."""
        left_ms = self._paused_until_ms - clock.steady_ms()
        return _untried(self._paused_why, left_ms / SECOND_MS) if left_ms > 0 else None

    def check(self) -> None:
        """Raises Paused."""
        if self.paused is not None:
            raise Paused

    @property
    def _is_proven(self) -> bool:
        return self._taken_ms is not None and clock.steady_ms() - self._taken_ms < PROVEN_MS

    def _failed(self, reason: str, asked_s: float) -> PushResult:
        """The service is busy or away, or so it seems."""
        self._failed_since += 1
        if asked_s or self._failed_since > 1 or not self._is_proven:
            self.pause(reason, asked_s or BUSY_PAUSE_S)
        return later(reason, asked_s)

    def _denied(self, reason: str) -> PushResult:
        if self._is_proven:
            return later(reason)
        self.pause(reason, DENIED_PAUSE_S)
        return later(reason, DENIED_PAUSE_S)

    async def _work(self, waiting: Iterator[tuple[int, Push]], results: list[PushResult]) -> None:
        for at, push in waiting:
            async with self._room:
                await self._turn.acquire()
                asyncio.get_running_loop().call_soon(self._turn.release)
                result = self.paused or _unfit(push) or await self._in_time(push) or await self._sent(push)
            if result.outcome is PushOutcome.SENT:
                self._taken_ms = clock.steady_ms()
                self._failed_since = 0
            self.counts[result.outcome.name.lower()] += 1
            results[at] = result._replace(reason=_plain(result.reason, push))

    async def _in_time(self, push: Push) -> PushResult | None:
        """Wait for the push's turn within the limit. None: it has come."""
        since_ms = clock.steady_ms()
        while self._rate.limited:
            self._full_ms, wait_ms = self._rate.take(self._full_ms, clock.steady_ms())
            if not wait_ms:
                return None
            if clock.steady_ms() + wait_ms - since_ms > PATIENCE_MS:
                return _untried("the service's limit on pushes a second is reached", wait_ms / SECOND_MS)
            await asyncio.sleep(wait_ms / SECOND_MS)
        return None

    async def _sent(self, push: Push) -> PushResult:
        try:
            return await self._send_one(push)
        except TooLong as error:
            return PushResult(PushOutcome.REFUSED, str(error))
        except Paused:
            return self.paused or _untried(self._paused_why)
        except Busy as error:
            return self._failed(_plain(str(error), push), error.retry_after_s)
        except Denied as error:
            return self._denied(_plain(f"{error}{self._of_denied}", push))
        except BadAnswer as error:
            return later(f"its answer can't be understood: {error}")
        except (OSError, TimeoutError) as error:
            reason = _plain(f"no answer: {str(error) or type(error).__name__}", push)
            return self._failed(reason, 0.0)
        except Exception:  # a fault of ours: the push comes again, and others go on
            log.exception("a push could not be sent", consumer=self._name)
            return later("a fault of the server; its log says more")


def _untried(reason: str, retry_after_s: float = 0.0) -> PushResult:
    return PushResult(PushOutcome.LATER, reason, retry_after_s, untried=True)


def _unfit(push: Push) -> PushResult | None:
    """BAD_TOKEN for what can be no token of any service."""
    if 0 < len(push.token) <= TOKEN_MAX and push.token.isascii() and push.token.isprintable():
        return None
    return PushResult(PushOutcome.BAD_TOKEN, f"a token has 1 to {TOKEN_MAX} characters of ASCII")


def _plain(reason: str, push: Push) -> str:
    """The service's words as one short line without the token: services may repeat what they were sent."""
    return printable(reason.replace(push.token, "…"))[:REASON_MAX] if reason else ""
