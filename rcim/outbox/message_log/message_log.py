"""The message log as a destination of a consumer (AB-03).

1. A message is taken when its line is synced in the open file of its hour. Batches that come while one is being written
   are written together, with one sync.
2. An hour is closed when the consumer has come past it: when it has taken all events that were there a little after the
   end of the hour. The program `closing.py` sorts the lines then and removes doubles. Lines that come later, because the
   clock was wrong or a store was restored, go into the log file by closing the hour again.
3. On a full disk events are not taken, and come again. Nothing else waits for them.
4. Log files older than `keep_days` are removed, unless the clock is in doubt.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from rcim.actor.events import BroadcastSent, MessagePassed
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.worker import Worker
from rcim.outbox.destination import Untaken
from rcim.outbox.message_log.folder import LogFolder, Place
from rcim.outbox.message_log.lines import HOUR_MS, begin_ms, hour_of, line_of
from rcim.store.event_log import KeptEvent
from rcim.store.faults import StoreError

log = LimitedLog("rcim.outbox")

TICK_S = 10.0
"""How often it looks whether an hour is over: a log file is there within twice this time."""
AFTER_MS = 10_000
"""So long after its end it is asked which events there are: what was accepted in the hour is committed by then."""
CLOSING_S = 3600.0
"""Longer than the largest hour takes: a million messages take 5 s of a core, and 60 MB."""
AT_ONCE = 1000
"""Log files that one run of the program makes."""
CLOSE_S = 2.0
DAY_HOURS = 24


class Progress(Protocol):
    """How far the consumer has come; both block, and raise StoreError."""

    def following(self) -> tuple[int, ...]:
        """The number of the next event of each shard."""

    def taken(self) -> tuple[int, ...]:
        """Of each shard, the number of the first event that the consumer has not taken."""


class Clock(Protocol):
    """The time in force (dispatch/trusted_time.py)."""

    def now_ms(self) -> int:
        """Milliseconds since 1970."""

    def may_delete(self) -> bool:
        """False while the clock is in doubt."""


class _Waiting(NamedTuple):
    """A batch that waits to be written."""

    lines: list[tuple[Place, bytes]]
    written: asyncio.Future[None]


class MessageLog:
    """See the module's text. It is used from the loop; `worker` is its own thread. Call `start`."""

    def __init__(
        self, folder: Path, keep_days: int, *, progress: Progress, clock: Callable[[], Clock], worker: Worker
    ) -> None:
        self.folder = LogFolder(folder)
        self.worker = worker
        self._keep_days = keep_days
        self._progress = progress
        self._clock = clock
        self._waiting: list[_Waiting] = []
        self._prepared = False
        self._writing: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._marks: dict[str, tuple[int, ...]] = {}
        """By hour: the events that were there after its end."""
        self._program: asyncio.subprocess.Process | None = None
        self._counts: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to close hours."""
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    # -- taking

    async def deliver(self, events: Sequence[KeptEvent]) -> Sequence[Untaken]:
        """Write the lines of these; returns all of them if they could not be written (Destination)."""
        lines = [line_of(one.event) for one in events if isinstance(one.event, MessagePassed | BroadcastSent)]
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting([(Place(line.hour, line.kind), line.data) for line in lines], written))
        if self._writing is None:
            self._writing = asyncio.get_running_loop().create_task(self._write())
        try:
            await written
        except OSError as error:
            self._counts["failed"] += len(events)
            log.error("the message log can't be written", error=error)
            reason = error.strerror or "the file can't be written"
            return [Untaken(one, f"{error.filename}: {reason}" if error.filename else reason) for one in events]
        self._counts["messages"] += len(lines)
        return ()

    async def _write(self) -> None:
        """Write what waits, all of it together, until nothing waits any more."""
        while self._waiting:
            batches, self._waiting = self._waiting, []
            lines: dict[Place, bytearray] = {}
            for batch in batches:
                for place, data in batch.lines:
                    lines.setdefault(place, bytearray()).extend(data)
            error: Exception | None = None
            try:
                await self.worker.run(partial(self._append, lines))
            except Exception as found:  # who waits has to hear of any
                error = found
            for batch in batches:
                if not batch.written.done():
                    batch.written.set_exception(error) if error is not None else batch.written.set_result(None)
        self._writing = None

    def _append(self, lines: dict[Place, bytearray]) -> None:
        """In the thread. Raises OSError; the folder may be gone then, or have half a line, and is looked at again."""
        self._prepare()
        try:
            self.folder.append({place: bytes(data) for place, data in lines.items()})
        except OSError:
            self._prepared = False
            raise

    def _prepare(self) -> None:
        """In the thread. Raises OSError."""
        if not self._prepared:
            self.folder.prepare()
            self._prepared = True

    def forget(self, shard: int, numbers: Collection[int]) -> None:
        """Nothing is kept of events that were not taken (Destination)."""

    def counted(self) -> dict[str, int]:
        """Messages that were written, and how many times one could not be; hours that were closed, and tries that have
        failed; lines that could not be read; log files that were removed, since the start."""
        return {
            name: self._counts[name] for name in ("messages", "failed", "closed", "close_failed", "torn", "removed")
        }

    # -- closing

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.look()
            except (OSError, StoreError) as error:
                log.error("closing hours of the message log failed", error=error)
            except Exception:  # a fault of ours: the hours after this one are closed all the same
                log.exception("closing hours of the message log failed unexpectedly")

    async def look(self) -> None:
        """Close the hours that are over, and remove what is too old. Raises OSError or StoreError."""
        clock = self._clock()
        now_ms = clock.now_ms()
        may_delete = self._keep_days > 0 and clock.may_delete()
        places = await self.worker.run(lambda: self._over(now_ms))
        if places:
            await self._close(places)
        if may_delete:
            oldest = hour_of(max(0, now_ms - self._keep_days * DAY_HOURS * HOUR_MS))
            self._counts["removed"] += await self.worker.run(lambda: self.folder.remove_before(oldest))

    def _over(self, now_ms: int) -> set[Place]:
        """In the thread: the places that can be closed. Raises OSError or StoreError."""
        self._prepare()
        ended = {hour for hour in self.folder.open_hours() if _end_ms(hour) + AFTER_MS <= now_ms}
        self._marks = {hour: mark for hour, mark in self._marks.items() if hour in ended}
        if not ended:
            return self.folder.unknown()
        new = ended - self._marks.keys()
        if new:
            following = self._progress.following()
            self._marks |= dict.fromkeys(new, following)
        taken = self._progress.taken()
        past = {hour for hour, mark in self._marks.items() if all(map(int.__ge__, taken, mark))}
        return self.folder.begin_closing(past) | self.folder.unknown()

    async def _close(self, places: set[Place]) -> None:
        """Run the program that closes these."""
        names = sorted(f"{place.hour}-{place.kind}" for place in places)[:AT_ONCE]
        self._program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rcim.outbox.message_log.closing",
            str(self.folder.path),
            *names,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(CLOSING_S):
                out, err = await self._program.communicate()
        except TimeoutError:
            self._kill()
            out, err = b"", b"it took too long"
        if self._program.returncode == 0 and out.strip().isdigit():
            self._counts["closed"] += len(names)
            self._counts["torn"] += int(out)
        else:
            self._counts["close_failed"] += 1
            reason = err.decode(errors="replace").strip().rpartition("\n")[2][:200]
            log.error("hours of the message log can't be closed and are tried again", error=reason)
        self._program = None

    def _kill(self) -> None:
        """End the program, if it runs: it may be interrupted anywhere."""
        if self._program is not None and self._program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._program.kill()

    async def close(self) -> None:
        """End what is under way; the thread too."""
        ending = [task for task in (self._watching, self._writing) if task is not None]
        self._watching = None
        program = self._program
        self._kill()
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        if program is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(program.wait(), CLOSE_S)
        await asyncio.get_running_loop().run_in_executor(None, self.worker.stop)


def _end_ms(hour: str) -> float:
    """When an hour is over, in milliseconds since 1970. Infinity for a name that is no hour, of a file that somebody
    has put there."""
    try:
        return begin_ms(hour) + HOUR_MS
    except ValueError:
        return math.inf
