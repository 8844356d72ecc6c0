"""A thread that does blocking jobs one after the other and reports to the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from time import perf_counter
from typing import Any, TypeVar

from rcim.base.histogram import Histogram

T = TypeVar("T")
Job = Callable[[], Any]
Done = Callable[[Any, BaseException | None], None]


class Worker:
    """One thread, one queue. The queue is bounded by its users: each has one job under way at a time. `times` counts how
    long its jobs take, in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: str, times: Histogram | None = None) -> None:
        self._loop = loop
        self._times = times
        self._jobs: queue.SimpleQueue[tuple[Job, Done | None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def do(self, job: Job, done: Done | None = None) -> None:
        """Run `job` in the thread; then `done(result, error)` in the loop. A job without `done` reports by itself, and
        raises nothing."""
        self._jobs.put((job, done))

    def run(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """Run `job` in the thread; what it returns, or raises, is that of the future."""
        future: asyncio.Future[T] = self._loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(result)

        self.do(job, done)
        return future

    def _run(self) -> None:
        while True:
            item = self._jobs.get()
            if item is None:
                return
            job, done = item
            result, error = None, None
            began = perf_counter()
            try:
                result = job()
            except Exception as caught:  # it belongs to who gave the job, and is handed to it
                error = caught
            if self._times is not None:
                self._times.observe(perf_counter() - began)
            if done is None:
                continue
            try:
                self._loop.call_soon_threadsafe(done, result, error)
            except RuntimeError:
                return  # the loop is closed: nobody waits any more

    def stop(self) -> None:
        """Finish the jobs given so far and end the thread. Blocks until then."""
        self._jobs.put(None)
        self._thread.join()
