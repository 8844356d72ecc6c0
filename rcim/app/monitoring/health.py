"""The health checks of a process (OP-04): of the owner of the conversations, and of a process that holds connections.

A check fails only if clients can't be served as they should: then a load balancer sends them elsewhere. Everything else
that an operator should look at is a warning.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rcim.actor.outbox_results import ConsumerRow
from rcim.app.files.certificates import DAY_S, ends_s
from rcim.app.settings.health_settings import HealthSettings
from rcim.base import clock
from rcim.base.loop_lag import LoopLag
from rcim.dispatch.dispatcher import Dispatcher
from rcim.outbox.outbox import Outbox
from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.health import HealthRow, HealthState

FRESH_S = 1.0
"""How long what was found counts."""
FACTS_S = 0.7
"""How long disk and store may each take to say what they know. A disk that is later has failed; of consumers it is then
not known how far they are, which is a warning."""
COMMIT_MS = 30_000
"""How long a commit that failed, with none after it, counts as a failure; after that it is a warning."""
FAILED_TIMES = 10
"""A loop that is late by so many times the bound has failed."""


def _loop_row(lag: LoopLag, process: str, bound_ms: int) -> HealthRow:
    """The check of the loop of this process."""
    lag_ms = lag.longest_us // 1000
    state: HealthState = "ok"
    if lag_ms > bound_ms:
        state = "failed" if lag_ms > FAILED_TIMES * bound_ms else "warning"
    reason = f"the event loop was late by {lag_ms} ms in the last 10 s" if state != "ok" else ""
    return HealthRow("loop", process, state, reason, {"lag_ms": lag_ms, "bound_ms": bound_ms})


class ConnectionHealth:
    """The checks of a process that holds connections."""

    def __init__(self, settings: HealthSettings, process: str, lag: LoopLag) -> None:
        self._settings = settings
        self._process = process
        self._lag = lag
        self.certificate_ends_s: float | None = None
        """When the certificate in force ends, in seconds since 1970; None without TLS."""
        self.stopping = False

    def use_certificate(self, certificate: Path | None) -> None:
        """This certificate is in force from now on; None: there is no TLS. One that can't be read changes nothing."""
        try:
            self.certificate_ends_s = ends_s(certificate) if certificate is not None else None
        except (OSError, ValueError):
            return

    def rows(self) -> list[HealthRow]:
        """What is found now."""
        found = [_loop_row(self._lag, self._process, self._settings.loop_lag_ms_max), self._stopping()]
        if self.certificate_ends_s is not None:
            found.append(self._certificate(self.certificate_ends_s - time.time()))
        return found

    def _stopping(self) -> HealthRow:
        state: HealthState = "failed" if self.stopping else "ok"
        return HealthRow("stopping", self._process, state, "the server is stopping" if self.stopping else "")

    def _certificate(self, left_s: float) -> HealthRow:
        days = int(left_s // DAY_S)
        figures = {"days": max(days, 0), "bound_days": self._settings.certificate_days}
        if left_s <= 0:
            return HealthRow("certificate", self._process, "failed", "the certificate has ended", figures)
        if days < self._settings.certificate_days:
            return HealthRow("certificate", self._process, "warning", f"the certificate ends in {days} days", figures)
        return HealthRow("certificate", self._process, "ok", "", figures)


class Facts(NamedTuple):
    """What took a while to find out. None: disk or store could not say, or not in FACTS_S. One is not held against the
    other: a busy store is no full disk."""

    free_bytes: int | None
    consumers: list[ConsumerRow] | None


class ConversationHealth:
    """The checks of the owner of the conversations. `gateways`: how many processes should hold connections; 0: this one
    does, and checks its loop itself. Used from the loop; `stop` at the end."""

    def __init__(
        self,
        settings: HealthSettings,
        directory: Path,
        dispatcher: Dispatcher,
        outbox: Outbox,
        *,
        backend: LmdbBackend,
        gateways: int,
        loop: asyncio.AbstractEventLoop,
        lag: LoopLag,
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._dispatcher = dispatcher
        self._outbox = outbox
        self._backend = backend
        self._gateways = gateways
        self._process = "owner" if gateways else "server"
        self._loop = loop
        self._facts: Facts | None = None
        self._found_s = -FRESH_S
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[Callable[[], None]] = []
        self._free: asyncio.Future[int] | None = None
        self._lag = lag

    def ask(self, seen: Sequence[HealthRow], done: Callable[[list[HealthRow]], None]) -> None:
        """As HealthSource."""

        def answer() -> None:
            done(self._rows(seen))

        if self._task is None and self._loop.time() - self._found_s < FRESH_S:
            answer()
            return
        self._waiting.append(answer)
        if self._task is None:
            self._task = self._loop.create_task(self._look())

    def stop(self) -> None:
        """Look no more; who waits is not answered."""
        if self._task is not None:
            self._task.cancel()
        self._waiting.clear()

    async def _look(self) -> None:
        try:
            self._facts = Facts(*await asyncio.gather(self._free_bytes(), self._consumers()))
            self._found_s = self._loop.time()
        finally:
            self._task = None
            waiting, self._waiting = self._waiting, []
        for answer in waiting:
            answer()

    async def _free_bytes(self) -> int | None:
        """One look at a time: a disk that does not answer holds one thread, and no more."""
        if self._free is None or self._free.done():
            self._free = self._loop.run_in_executor(None, _free_bytes, self._directory)
        try:
            async with asyncio.timeout(FACTS_S):
                return await asyncio.shield(self._free)
        except (TimeoutError, OSError):
            return None

    async def _consumers(self) -> list[ConsumerRow] | None:
        try:
            async with asyncio.timeout(FACTS_S):
                return await self._outbox.control.all_rows()
        except (TimeoutError, StoreError):
            return None

    # -- the checks

    def _rows(self, seen: Sequence[HealthRow]) -> list[HealthRow]:
        own = [self._store(), self._disk(), self._clock(), self._consumer_check()]
        if self._gateways:
            own += [_loop_row(self._lag, self._process, self._settings.loop_lag_ms_max), self._gateway_check(seen)]
        return own

    def _made(self, name: str, state: HealthState, reason: str, **figures: int) -> HealthRow:
        return HealthRow(name, self._process, state, reason if state != "ok" else "", figures)

    def _store(self) -> HealthRow:
        damaged = self._dispatcher.counted()["refused_damaged"]
        error, ago_ms = self._dispatcher.counters.commit_error
        if self._backend.unwritable:
            reason = f"nothing can be written: {self._backend.unwritable}"
            return self._made("store", "failed", reason, refused_damaged=damaged)
        if error:  # a server that is sent nothing for its sake would never find out that the store is well again
            state: HealthState = "failed" if ago_ms < COMMIT_MS else "warning"
            reason = f"the last commit failed {ago_ms // 1000} s ago: {error}"
            return self._made("store", state, reason, refused_damaged=damaged)
        reason = "a part of the store is damaged: `rcim check` says which"
        return self._made("store", "warning" if damaged else "ok", reason, refused_damaged=damaged)

    def _disk(self) -> HealthRow:
        bound = self._settings.disk_free_bytes_min
        free = self._facts.free_bytes if self._facts is not None else None
        if free is None:
            return self._made("disk", "failed", "the disk does not say how much is free", bound_bytes=bound)
        if self._backend.disk_full:
            reason = "the disk is full: sends are refused"
            return self._made("disk", "failed", reason, free_bytes=free, bound_bytes=bound)
        state: HealthState = "warning" if free < bound else "ok"
        reason = f"the disk has {free >> 20} MiB free"
        return self._made("disk", state, reason, free_bytes=free, bound_bytes=bound)

    def _clock(self) -> HealthRow:
        doubted = self._dispatcher.time.counted()["clock_in_doubt"]
        reason = "the clock is in doubt: nothing is deleted by age; if it is right, run `rcim accept-clock`"
        return self._made("clock", "warning" if doubted else "ok", reason)

    def _consumer_check(self) -> HealthRow:
        rows = self._facts.consumers if self._facts is not None else None
        if rows is None:
            return self._made("consumers", "warning", "it is not known how far the consumers of events are")
        now_ms, bound = clock.wall_ms(), self._settings.consumer_lag_ms_max
        lags = {row.name: max(0, now_ms - row.oldest_ms) if row.oldest_ms else 0 for row in rows}
        paused = [row.name for row in rows if row.paused_ms]
        late = [name for name, lag_ms in lags.items() if lag_ms > bound and name not in paused]
        said = [f"paused: {', '.join(paused)}"] if paused else []
        said += [f"late: {', '.join(late)}"] if late else []
        return self._made(
            "consumers",
            "warning" if said else "ok",
            "; ".join(said),
            paused=len(paused),
            late=len(late),
            lag_ms=max(lags.values(), default=0),
            bound_ms=bound,
        )

    def _gateway_check(self, seen: Sequence[HealthRow]) -> HealthRow:
        there = len({row.process for row in seen})
        state: HealthState = "ok"
        if there < self._gateways:
            state = "warning" if there else "failed"
        reason = f"{there} of {self._gateways} gateways answer"
        return self._made("gateways", state, reason, answering=there, expected=self._gateways)


def _free_bytes(directory: Path) -> int:
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize
