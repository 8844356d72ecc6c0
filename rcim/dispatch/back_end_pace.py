"""Sends of the app's back end, paced (LI-02): so many a second at once, the rest in a queue; a full one refuses.

They keep their order. What waits here has not been looked at: it is answered like any other when its turn has come.
Whoever waits no longer than a set time (`Credential.patience_ms`: back ends that call over HTTP) is refused at once if
its turn would come later, and at its turn if that has come late: so nothing is sent whose caller has given up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import OVERLOADED, SHUTTING_DOWN, TOO_FREQUENT, ErrorCode
from rcim.base.limits import Limits
from rcim.dispatch.effect_runner import contained
from rcim.dispatch.requests import CommandRequest
from rcim.flow.buckets import Rate

SECOND_MS = 1000
WAITING = "sends of the app's back end are waiting already"


class BackEndPace:
    """`submit` puts a request into its mailbox and returns False if there is no room; what has waited and finds none is
    refused."""

    def __init__(
        self, limits: Limits, loop: asyncio.AbstractEventLoop, submit: Callable[[CommandRequest], bool]
    ) -> None:
        self._limits = limits
        self._loop = loop
        self._submit = submit
        self._full_ms = 0.0
        self._queue: deque[tuple[CommandRequest, int]] = deque()
        """With each the time until when whoever asked waits; 0: for ever."""
        self._timer: asyncio.TimerHandle | None = None
        self.take_limits()

    def take_limits(self) -> None:
        """What is made of limits follows them (OP-03); what waits goes on at the new rate."""
        self._rate = Rate(self._limits.backend_sends_per_s, SECOND_MS)
        if self._queue and self._timer is not None:
            self._timer.cancel()
            self._arm(0)

    def __len__(self) -> int:
        return len(self._queue)

    def take(self, request: CommandRequest) -> bool:
        """Let it go now, or later, or refuse it. False: as `submit`, `reply_to` is told when there is room."""
        if not self._rate.limited and not self._queue:
            return self._submit(request)
        if not self._queue:
            self._full_ms, wait = self._rate.take(self._full_ms, clock.steady_ms())
            if not wait:
                return self._submit(request)
            self._arm(wait)
        patience_ms = _patience_ms(request)
        wait_ms = len(self._queue) * SECOND_MS // (self._limits.backend_sends_per_s or SECOND_MS)
        most = self._limits.backend_queue_max
        if len(self._queue) >= most:
            _refuse(request, TOO_FREQUENT, f"{most} {WAITING}; send more slowly", SECOND_MS)
        elif patience_ms and wait_ms > patience_ms:
            _refuse(request, TOO_FREQUENT, f"{len(self._queue)} {WAITING}; send more slowly", wait_ms - patience_ms)
        else:
            until_ms = clock.steady_ms() + patience_ms + SECOND_MS if patience_ms else 0
            self._queue.append((request, until_ms))
        return True

    def _arm(self, wait_ms: int) -> None:
        self._timer = self._loop.call_later(wait_ms / 1000, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        now_ms = clock.steady_ms()
        while self._queue:
            if self._rate.limited:
                self._full_ms, wait = self._rate.take(self._full_ms, now_ms)
                if wait:
                    self._arm(wait)
                    return
            request, until_ms = self._queue.popleft()
            if (until_ms and now_ms > until_ms) or not self._submit(request):
                _refuse(request, OVERLOADED, OVERLOADED.meaning, SECOND_MS)

    def refuse_waiting(self) -> None:
        """The server is stopping: what waits will not be done here (WI-07)."""
        while self._queue:
            request, _ = self._queue.popleft()
            _refuse(request, SHUTTING_DOWN, SHUTTING_DOWN.meaning)

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()


def _patience_ms(request: CommandRequest) -> int:
    """How long whoever asked waits; 0: for ever."""
    credential = request.body.credential
    return credential.patience_ms if credential is not None else 0


def _refuse(request: CommandRequest, code: ErrorCode, text: str, retry_after_ms: int = 0) -> None:
    with contained("answer", request.key):
        request.refuse(Refused(code, text, retry_after_ms))
