"""The log in tables: all shards of an append in one transaction, which applies their records to the view (ST-01, ST-04).

The records themselves are not stored, only the position of each shard, so the log can't be read here
(docs/adr/0022). One row with the epochs of all shards says who may write.
"""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Iterable, Sequence

from rcim.actor.records import Record
from rcim.base.ids import SHARDS
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, StoreError, WriteView
from rcim.store.noticing import Noticing
from rcim.store.shard_log import (
    Appended,
    AppendFailed,
    AppendResult,
    Claim,
    Done,
    Fenced,
    ShardAppend,
    Unavailable,
    makes_room,
)
from rcim.store.table_view import TableView

log = logging.getLogger("rcim.store")

NAMED_MAX = 20
"""How many conversations of a failed commit are named in the log."""
EPOCHS = b"epochs"
"""In `meta`: the epoch of each shard, u64 each. It is missing in a store that was never claimed: all are 0."""
ALL_EPOCHS = struct.Struct(f">{SHARDS}Q")
NEVER_CLAIMED = bytes(ALL_EPOCHS.size)


class TableLog:
    """A ShardLog. `committed(stamp)` is called with each commit's number when it is durable."""

    appends_together = True

    def __init__(
        self, backend: Backend, view: TableView, noticing: Noticing, committed: Callable[[int], None]
    ) -> None:
        self._backend = backend
        self._view = view
        self._noticing = noticing
        self._committed = committed
        self._held: dict[int, int] = {}
        """The epochs under which this writer has claimed shards."""

    def positions(self) -> list[int]:
        """The running number of the next record of each shard, SHARDS of them. Raises StoreError."""
        with self._backend.read() as view:
            return [_position(view, shard) for shard in range(SHARDS)]

    def claim(self, shards: Iterable[int]) -> dict[int, Claim]:
        """See ShardLog. A store that can't be written can still be claimed: the first append that succeeds writes the
        epoch."""
        shards = list(shards)
        with self._backend.read() as view:
            epochs = _epochs(view)
            found = {shard: Claim(self._epoch(epochs, shard), _position(view, shard)) for shard in shards}
        if any(epochs[shard] != claim.epoch for shard, claim in found.items()):
            self._write_epochs(found)
        self._held.update((shard, claim.epoch) for shard, claim in found.items())
        return found

    def _epoch(self, epochs: Sequence[int], shard: int) -> int:
        """The epoch under which a shard is claimed now."""
        there, held = epochs[shard], self._held.get(shard)
        if held is None:
            return there + 1
        if there > held:
            raise Fenced(f"shard {shard}: another writer has claimed it")
        return held

    def _write_epochs(self, claims: dict[int, Claim]) -> None:
        try:
            while True:
                try:
                    with self._backend.write(makes_room=True) as view:
                        _raise(view, {shard: claim.epoch for shard, claim in claims.items()})
                    return
                except NoRoom:
                    self._backend.grow(reserve=True)
        except StoreError as error:
            log.error("that the store has a new writer can't be noted yet: %s", error)

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        """See ShardLog. It blocks until all is durable, and then calls `done` once. An append that is fenced, or does
        not continue at its shard's position, fails alone; any other failure fails all appends."""
        results: list[AppendResult]
        try:
            results = self._commit(appends, now_ms, doubted_ms)
        except Exception as error:  # whatever it is, nothing was kept, and who asked has to know
            results = [AppendFailed(append.shard, error) for append in appends]
        done(results)

    def _commit(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int) -> list[AppendResult]:
        room = all(makes_room(record) for append in appends for record in append.records) and any(
            append.records for append in appends
        )
        while True:
            try:
                with self._backend.write(makes_room=room) as view:
                    results, stamp = self._apply(view, appends, now_ms, doubted_ms)
                if stamp:
                    self._committed(stamp)
                return results
            except NoRoom:
                self._backend.grow(reserve=room)
            except DamagedError as error:
                named = {_key_of(record) for append in appends for record in append.records}
                self._noticing.note(", ".join(sorted(named)[:NAMED_MAX]), error)
                raise

    def _apply(
        self, view: WriteView, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int
    ) -> tuple[list[AppendResult], int]:
        """The result for each, and the commit's number; 0: none was stored."""
        results: list[AppendResult] = []
        epochs = _epochs(view)
        applying = None
        for append in appends:
            shard = append.shard
            following = _position(view, shard)
            if append.epoch != epochs[shard] or append.expected != following:
                wrong = _why_not(append, epochs[shard], following)
                if wrong is not None:
                    results.append(AppendFailed(shard, wrong))
                    continue
                _raise(view, {shard: append.epoch})
            if applying is None:
                applying = self._view.begin(view, now_ms, doubted_ms)
            results.append(Appended(shard, applying.apply(shard, following, append.records, append.events)))
        if applying is None:
            return results, 0
        applying.finish()
        return results, applying.stamp


def _why_not(append: ShardAppend, epoch: int, following: int) -> StoreError | None:
    """Why an append can't be stored; None: only its epoch is not in force yet, since it could not be written when the
    shard was claimed."""
    if append.epoch < epoch:
        return Fenced(f"shard {append.shard}: epoch {append.epoch} where {epoch} is in force")
    if append.expected != following:
        return Unavailable(f"shard {append.shard}: record {append.expected} where {following} is next")
    return None


def _epochs(view: ReadView) -> tuple[int, ...]:
    """The epochs of all shards, by number."""
    return ALL_EPOCHS.unpack(view.get("meta", EPOCHS) or NEVER_CLAIMED)


def _raise(view: WriteView, epochs: dict[int, int]) -> None:
    """Put these epochs in force."""
    row = list(_epochs(view))
    for shard, epoch in epochs.items():
        row[shard] = epoch
    view.put("meta", EPOCHS, ALL_EPOCHS.pack(*row))


def _position(view: ReadView, shard: int) -> int:
    data = view.get("shards", keys.U16.pack(shard))
    return int(keys.U64.unpack(data)[0]) if data else 1


def _key_of(record: Record) -> str:
    return str(getattr(record, "key", "the app"))
