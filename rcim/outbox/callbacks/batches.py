"""Several callbacks of one command in one request, where a receiver wants that (CB-04).

1. What comes for a command gathers until there are `most` callbacks, or `wait_s` has passed since the first.
2. A run is what of one key goes out together, in its order. It is never divided, so all of it is taken or nothing.
3. If a batch is too large for the receiver (HTTP status 413), or one of its callbacks can't be put into a request, its
   runs go one by one. Whoever sends a run may divide it in the same way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from rcim.base.limited_log import LimitedLog
from rcim.hooks.profile import Callback
from rcim.outbox.destination import UNKNOWN

log = LimitedLog("rcim.outbox")


class Posted(NamedTuple):
    """What became of a request. `reason` is empty if it was taken. `for_good`: it never will be. `divisible`: if it has
    several callbacks, each of them may be taken alone."""

    reason: str = ""
    retry_after_s: float = 0.0
    for_good: bool = False
    divisible: bool = False


Post = Callable[[Sequence[Callback]], Awaitable[Posted]]


class _Batch:
    """Runs that go out together."""

    def __init__(self, timer: asyncio.TimerHandle, answers: asyncio.Future[list[Posted]]) -> None:
        self.runs: list[Sequence[Callback]] = []
        self.timer = timer
        self.answers = answers
        """One for each run."""

    def __len__(self) -> int:
        return sum(map(len, self.runs))


class Batches:
    """See the module's text. Used from the loop. `post` sends callbacks of one command."""

    def __init__(self, post: Post, most: int, wait_s: float) -> None:
        self._post = post
        self._most = most
        self._wait_s = wait_s
        self._open: dict[str, _Batch] = {}
        """By command."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, run: Sequence[Callback]) -> Posted:
        """Send callbacks of one command with others of it. Returns what became of them."""
        command = run[0].command
        batch = self._open.get(command)
        if batch is not None and len(batch) + len(run) > self._most:
            self._go(command)
            batch = None
        if batch is None:
            loop = asyncio.get_running_loop()
            batch = _Batch(loop.call_later(self._wait_s, self._go, command), loop.create_future())
            self._open[command] = batch
        at = len(batch.runs)
        batch.runs.append(run)
        if len(batch) >= self._most:
            self._go(command)
        answers = await asyncio.shield(batch.answers)  # others wait for it too
        return answers[at]

    def _go(self, command: str) -> None:
        batch = self._open.pop(command)
        batch.timer.cancel()
        task = asyncio.get_running_loop().create_task(self._send(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, batch: _Batch) -> None:
        runs = batch.runs
        try:
            posted = await self._post([callback for run in runs for callback in run])
            answers = [posted] * len(runs)
            if posted.divisible and len(runs) > 1:
                answers = [await self._post(run) for run in runs]
            batch.answers.set_result(answers)
        except Exception:
            log.exception("sending a batch of callbacks failed", callbacks=sum(map(len, runs)))
            batch.answers.set_result([Posted(UNKNOWN, divisible=True)] * len(runs))
        finally:
            if not batch.answers.done():  # it was cancelled
                batch.answers.set_result([Posted("the server is stopping")] * len(runs))

    async def close(self) -> None:
        """Send nothing more; what is under way counts as not taken."""
        for batch in self._open.values():
            batch.timer.cancel()
            batch.answers.set_result([Posted("the server is stopping")] * len(batch.runs))
        self._open.clear()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
