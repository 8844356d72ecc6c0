"""Sends of the app's back end, paced (LI-02): so many a second at once, the rest in a queue; a full one refuses.

They keep their order. What waits here has not been looked at: it is answered like any other when its turn has come.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import OVERLOADED, SHUTTING_DOWN, TOO_FREQUENT
from rcim.base.limits import Limits
from rcim.dispatch.effect_runner import contained
from rcim.dispatch.requests import CommandRequest
from rcim.flow.buckets import Rate

SECOND_MS = 1000


class BackEndPace:
    """`submit` puts a request into its mailbox and returns False if there is no room; what has waited and finds none is
    refused."""

    def __init__(
        self, limits: Limits, loop: asyncio.AbstractEventLoop, submit: Callable[[CommandRequest], bool]
    ) -> None:
        self._rate = Rate(limits.backend_sends_per_s, SECOND_MS)
        self._queue_max = limits.backend_queue_max
        self._loop = loop
        self._submit = submit
        self._full_ms = 0.0
        self._queue: deque[CommandRequest] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._queue)

    def take(self, request: CommandRequest) -> bool:
        """Let it go now, or later, or refuse it. False: as `submit`, `reply_to` is told when there is room."""
        if not self._rate.limited:
            return self._submit(request)
        if not self._queue:
            self._full_ms, wait = self._rate.take(self._full_ms, clock.steady_ms())
            if not wait:
                return self._submit(request)
            self._arm(wait)
        if len(self._queue) >= self._queue_max:
            with contained("answer", request.key):
                request.refuse(
                    Refused(
                        TOO_FREQUENT,
                        f"{self._queue_max} sends of the app's back end are waiting already; send more slowly",
                        SECOND_MS,
                    )
                )
            return True
        self._queue.append(request)
        return True

    def _arm(self, wait_ms: int) -> None:
        self._timer = self._loop.call_later(wait_ms / 1000, self._go_on)

    def _go_on(self) -> None:
        self._timer = None
        now_ms = clock.steady_ms()
        while self._queue:
            self._full_ms, wait = self._rate.take(self._full_ms, now_ms)
            if wait:
                self._arm(wait)
                return
            request = self._queue.popleft()
            if not self._submit(request):  # its conversation is overloaded: the others must not wait for it
                with contained("answer", request.key):
                    request.refuse(Refused(OVERLOADED, OVERLOADED.meaning, SECOND_MS))

    def refuse_waiting(self) -> None:
        """The server is stopping: what waits will not be done here (WI-07)."""
        while self._queue:
            request = self._queue.popleft()
            with contained("answer", request.key):
                request.refuse(Refused(SHUTTING_DOWN, SHUTTING_DOWN.meaning))

    def stop(self) -> None:
        """No more timers."""
        if self._timer is not None:
            self._timer.cancel()
