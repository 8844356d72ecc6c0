"""Committing: the records of a turn go to the log shard by shard, and what waits for them is released or refused.

1. A turn puts records; `commit` appends them, and keeps who waits for them until the log has told of their shards.
2. Where all shards are appended to together, nothing is put while an append is under way: what comes meanwhile gathers,
   so that the window of the group commit is 0 when idle and grows by itself under load. Otherwise each
   shard waits for its own append, and the conversations of the others go on.
3. A shard whose append failed is claimed again, and is closed until then: its next number is where the log says it is,
   whatever was thought here.
4. A shard that was fenced belongs to another writer. It is closed until `claim` is called for it: to take it back is
   nobody's decision here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Protocol

from rcim.actor.events import AnyEvent
from rcim.actor.outcomes import Outcome
from rcim.base import clock
from rcim.base.ids import SHARDS, shard_of
from rcim.base.limited_log import LimitedLog
from rcim.base.terminal import reason_of
from rcim.dispatch.commit_times import CommitTimes
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.shard_state import Batch, Commit, Shard
from rcim.dispatch.untold_events import UntoldEvents
from rcim.dispatch.worker import Worker
from rcim.store.shard_log import AppendFailed, AppendResult, Claim, Fenced, ShardAppend, ShardLog

log = LimitedLog("rcim.dispatch")

CLAIM_PAUSE_S = 1.0
"""Before a shard is claimed again, after the log could not say where it is; twice as long after each further time."""
CLAIM_PAUSE_MAX_S = 8.0


class Releases(Protocol):
    """Who gives out what is durable."""

    def committed(self, batch: Batch) -> None:
        """All of it is durable, or has nothing to wait for."""

    def failed(self, batch: Batch, touched: set[str], error: BaseException, *, with_told: bool) -> None:
        """Records of these actors were not kept. `with_told`: events that belong to no outcome were to be kept with
        them."""

    def settled(self) -> None:
        """No append is under way."""

    def go_on(self, mailboxes: Iterable[Mailbox]) -> None:
        """A turn may be due; and these mailboxes may be looked at again."""


class Committer:
    """See the module's text. Called in the loop's thread; `worker` is the one that calls `log`, `later(seconds, call)`
    calls once. Opening claims all shards; raises StoreError."""

    def __init__(
        self,
        log: ShardLog,
        worker: Worker,
        loop: asyncio.AbstractEventLoop,
        later: Callable[[float, Callable[[], None]], None],
        releases: Releases,
    ) -> None:
        self.times: CommitTimes | None = None
        """What is measured of commits (OP-02)."""
        self._log = log
        self._worker = worker
        self._loop = loop
        self._later = later
        self._releases = releases
        self._together = log.appends_together
        claims = log.claim(range(SHARDS))
        self.shards = [Shard(number, claims[number]) for number in range(SHARDS)]
        """By number."""
        self._put: list[Shard] = []
        """Those that have records of this turn."""
        self._touched: set[str] = set()
        self._turn_s = 0.0
        self._under_way = 0
        """Shards with an append, or a claim after it, under way."""
        self.on_fenced: Callable[[int], None] = _log_fenced
        """Told the number of a shard that another writer has claimed."""
        self.untold = UntoldEvents(later, lambda: releases.go_on(()))
        """Events that belong to no outcome, and wait for a commit."""
        self._after_told: dict[int, list[Callable[[], None]]] = {}
        """What to call when the events of a shard are durable."""
        self.on_events: Callable[[Sequence[int]], None] = _nobody_wants
        """Told the numbers of shards that have new events."""
        self.commits = self.failed_commits = self.records = self.events = 0
        """Since the start."""
        self.last_error = ""
        """Why the last commit failed; empty: it did not."""
        self.last_error_ms = 0
        """When that was, by the steady clock."""

    @property
    def busy(self) -> bool:
        """True if an append is under way, or a shard is being claimed again."""
        return self._under_way > 0

    @property
    def holds_all(self) -> bool:
        """True if nothing may be put now: all shards wait for the append that is under way."""
        return self._together and self._under_way > 0

    @property
    def has_put(self) -> bool:
        """True if records of this turn wait for `commit`."""
        return bool(self._put)

    @property
    def tells_now(self) -> bool:
        """True if events that belong to no outcome can be committed now."""
        return self.untold.due and any(self._takes(self.shards[number]) for number in self.untold.shards())

    @staticmethod
    def _takes(shard: Shard) -> bool:
        """True if events of the shard can be committed, or are to be given up."""
        return shard.fenced or not shard.closed

    def open(self, shard: int) -> bool:
        """True if nothing of this shard is under way."""
        return not (self.shards[shard].closed or self.holds_all)

    def put(self, shard: Shard, key: str, outcome: Outcome) -> None:
        """The records and events of an outcome of the actor with this key: the records take the next running numbers of
        its shard, and all of it is kept together or not at all."""
        records, record = shard.records, outcome.record
        if not (records or shard.events):
            self._put.append(shard)
        if record is not None:
            records.append(record)
            shard.position += 1
            if outcome.more:
                records.extend(outcome.more)
                shard.position += len(outcome.more)
        if outcome.events:
            shard.events.extend(outcome.events)
        self._touched.add(key)

    def tell(self, shard: int, event: AnyEvent) -> None:
        """An event that belongs to no outcome is kept with the next commit; after one that has failed, with a later
        one."""
        self.untold.add(shard, event)
        self._releases.go_on(())

    def after_told(self, shard: int, call: Callable[[], None]) -> None:
        """Call when all events of the shard that `tell` has got are durable: now, if none waits. Of a shard that is
        fenced meanwhile it is not called."""
        if self._tells(shard):
            self._after_told.setdefault(shard, []).append(call)
        else:
            call()

    def _tells(self, shard: int) -> bool:
        """True if events of the shard wait, or are being committed."""
        commit = self.shards[shard].commit
        return self.untold.waits(shard) or (commit is not None and shard in commit.told)

    def _told_of(self, shards: Iterable[int]) -> None:
        """Commits of events of these shards are over."""
        for shard in shards:
            if not self._tells(shard):
                for call in self._after_told.pop(shard, ()):
                    call()

    def _take_untold(self) -> dict[int, list[AnyEvent]]:
        """Put the events that wait, of shards that are open; returns them."""
        taken: dict[int, list[AnyEvent]] = {}
        for number in self.untold.shards():
            shard = self.shards[number]
            if shard.fenced:
                self.untold.lose(number)
                self._after_told.pop(number, None)
            elif not shard.closed:
                taken[number] = events = self.untold.take(number)
                if not (shard.records or shard.events):
                    self._put.append(shard)
                shard.events.extend(events)
        return taken

    def has_put_of(self, key: str) -> bool:
        """True if the actor with this key has records of this turn."""
        return key in self._touched

    def commit(self, batch: Batch, now_ms: int, doubted_ms: int, turn_s: float = 0.0) -> None:
        """Append what was put; `batch` is released when it is durable. Times as in ShardLog.append; `turn_s` is when the
        turn began that has handled them (`time.perf_counter`)."""
        self._turn_s = turn_s
        told = self._take_untold() if self.untold.due and not any(request.alone for request, _ in batch) else {}
        if not self._put:
            self._releases.committed(batch)
            self._releases.go_on(())
            return
        put, self._put = self._put, []
        touched, self._touched = self._touched, set()
        if self._together:
            appends = self._begin(Commit(batch, touched), put, told)
        else:
            appends = self._begin_apart(batch, touched, put, told)
        self._worker.do(lambda: self._append(appends, now_ms, doubted_ms))

    def _begin(self, commit: Commit, shards: Sequence[Shard], told: dict[int, list[AnyEvent]]) -> list[ShardAppend]:
        commit.left = len(shards)
        commit.told = told
        commit.turn_s = self._turn_s
        self._under_way += len(shards)
        appends: list[ShardAppend] = []
        for shard in shards:
            records, shard.records = shard.records, []
            shard.commit = commit
            commit.records += len(records)
            events: Sequence[AnyEvent] = ()
            if shard.events:
                events, shard.events = shard.events, []
                commit.events.append(shard.number)
                commit.event_count += len(events)
            appends.append(
                ShardAppend(
                    shard=shard.number,
                    epoch=shard.epoch,
                    expected=shard.position - len(records),
                    records=records,
                    events=events,
                )
            )
        return appends

    def _begin_apart(
        self, batch: Batch, touched: set[str], put: Sequence[Shard], told: dict[int, list[AnyEvent]]
    ) -> list[ShardAppend]:
        """Each shard is a commit of its own; what has no records in it has nothing to wait for."""
        batches: dict[int, Batch] = {shard.number: [] for shard in put}
        free: Batch = []
        for request, outcome in batch:
            batches.get(shard_of(request.key), free).append((request, outcome))
        appends: list[ShardAppend] = []
        for shard in put:
            shard.closed = True
            own = {key for key in touched if shard_of(key) == shard.number}
            own_told = {shard.number: told[shard.number]} if shard.number in told else {}
            appends += self._begin(Commit(batches[shard.number], own), [shard], own_told)
        if free:
            self._releases.committed(free)
        return appends

    # -- in the committing thread

    def _append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int) -> None:
        began_s = perf_counter()
        try:
            self._log.append(appends, now_ms, doubted_ms, self._tell)
        except Exception as error:  # a fault of the log: nobody may wait for ever
            self._tell([AppendFailed(append.shard, error) for append in appends])
        if self.times is not None:
            self.times.append.observe(perf_counter() - began_s)

    def _tell(self, results: Sequence[AppendResult]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._told, results)

    # -- in the loop

    def _told(self, results: Sequence[AppendResult]) -> None:
        over: list[Commit] = []
        well: list[Shard] = []
        for result in results:
            shard = self.shards[result.shard]
            commit, shard.commit = shard.commit, None
            if commit is None:
                log.error("the log has answered for a shard that waits for nothing", shard=result.shard)
                continue
            if isinstance(result, AppendFailed):
                commit.failures.append(result)
            else:
                well.append(shard)
            commit.left -= 1
            if not commit.left:
                over.append(commit)
        self._under_way -= len(well)
        for commit in over:
            self._end(commit)
        if not self._under_way:
            self._releases.settled()
        self._release(well)

    def _end(self, commit: Commit) -> None:
        """The log has told of all its shards."""
        if commit.failures:
            self._failed(commit)
            return
        self.commits += 1
        self.last_error = ""
        self.records += commit.records
        if self.times is not None:
            self.times.durable(commit)
        if commit.events:
            self.events += commit.event_count
            self.on_events(commit.events)
        self._releases.committed(commit.batch)
        self._told_of(commit.told)

    def _failed(self, commit: Commit) -> None:
        """Some of its shards failed: only what is of them is refused. Shards that failed together, with one error, are
        refused together, because of some of those who asked it may be only the others' fault (apart.py)."""
        self.failed_commits += 1
        self.last_error, self.last_error_ms = reason_of(commit.failures[0].error), clock.steady_ms()
        groups: dict[int, set[int]] = {}
        errors = {id(failure.error): failure.error for failure in commit.failures}
        for failure in commit.failures:
            groups.setdefault(id(failure.error), set()).add(failure.shard)
        failed = {failure.shard for failure in commit.failures}
        for number in failed & commit.told.keys():
            self.untold.put_back(number, commit.told[number])
        self._told_of(commit.told)
        if kept := [number for number in commit.events if number not in failed]:
            self.on_events(kept)
        well = [one for one in commit.batch if shard_of(one[0].key) not in failed]
        if well:
            self._releases.committed(well)
        for name, numbers in groups.items():
            batch = [one for one in commit.batch if shard_of(one[0].key) in numbers]
            self._releases.failed(
                batch,
                {key for key in commit.touched if shard_of(key) in numbers},
                errors[name],
                with_told=not numbers.isdisjoint(commit.told),
            )
        lost = [failure.shard for failure in commit.failures if isinstance(failure.error, Fenced)]
        self._fence(lost)
        self._release([self.shards[number] for number in lost])
        self._claim([number for number in failed if number not in lost], CLAIM_PAUSE_S)

    def _release(self, shards: Sequence[Shard]) -> None:
        """They are open again."""
        held: list[Mailbox] = []
        for shard in shards:
            if shard.closed:
                shard.closed = shard.fenced
                held += shard.held
                shard.held.clear()
        self._releases.go_on(held)

    # -- claiming

    def claim(self, shard: int) -> None:
        """Take back a shard that was fenced."""
        if self.shards[shard].fenced:
            self._under_way += 1
            self._claim([shard], CLAIM_PAUSE_S)

    def _claim(self, numbers: Sequence[int], pause_s: float) -> None:
        if not numbers:
            return

        def done(claims: Mapping[int, Claim] | None, error: BaseException | None) -> None:
            if claims is not None:
                self._claimed(claims)
            elif not isinstance(error, Fenced):
                log.error("the store can't be read", error=error)
                self._later(pause_s, lambda: self._claim(numbers, min(2 * pause_s, CLAIM_PAUSE_MAX_S)))
            elif len(numbers) == 1:
                self._fence(numbers)
                self._release([self.shards[numbers[0]]])
            else:  # one of them
                for number in numbers:
                    self._claim([number], pause_s)

        self._worker.do(lambda: self._log.claim(numbers), done)

    def _claimed(self, claims: Mapping[int, Claim]) -> None:
        for number, (epoch, position) in claims.items():
            shard = self.shards[number]
            shard.epoch, shard.position, shard.fenced = epoch, position, False
        self._under_way -= len(claims)
        if not self._under_way:
            self._releases.settled()
        self._release([self.shards[number] for number in claims])

    def _fence(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            shard = self.shards[number]
            shard.closed = shard.fenced = True
            self._under_way -= 1
            self.on_fenced(number)


def _nobody_wants(shards: Sequence[int]) -> None:
    """No consumer waits for events."""


def _log_fenced(shard: int) -> None:
    log.error("another process writes to a shard: requests for its conversations are refused", shard=shard)
