"""The log in tables: all shards of an append in one transaction, which applies their records to the view (ST-01, ST-04).

The records themselves are not kept, only how far each shard has come: so there is no reading of the log here
(docs/adr/0022). Who may write stands in one row, the epochs of all shards.

If that row is damaged, nobody can tell which epochs are in force (ST-03). Appends fail until a claim, which then puts an
epoch in force for all shards: the time, in milliseconds since 1970. Epochs rise by 1, with each start; so that is more
than any writer can hold, and whoever else held a shard is fenced. Appends of this log to a shard that it has not claimed
again yet are Unavailable, not Fenced.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence

from rcim.actor.records import Record
from rcim.base import clock
from rcim.base.ids import SHARDS
from rcim.base.limited_log import Log
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, StoreError, WriteView
from rcim.store.next_append import ChangeFailed, NextAppend, write
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

log = Log("rcim.store")

NAMED_MAX = 20
"""So many conversations of a commit that failed are named in the log."""
EPOCHS = b"epochs"
"""In `meta`: the epoch of each shard, u64 each. It is missing in a store that was never claimed: all are 0."""
ALL_EPOCHS = struct.Struct(f">{SHARDS}Q")
NEVER_CLAIMED = (0,) * SHARDS


class TableLog:
    """A ShardLog. `committed(stamp)` is told each commit's number when it is durable; what waits in `along` is written
    with the next append."""

    appends_together = True

    def __init__(
        self,
        backend: Backend,
        view: TableView,
        noticing: Noticing,
        committed: Callable[[int], None],
        along: NextAppend,
    ) -> None:
        self._backend = backend
        self._view = view
        self._noticing = noticing
        self._committed = committed
        self._along = along
        self._held: dict[int, int] = {}
        """The epochs under which this one has claimed shards."""

    def positions(self) -> list[int]:
        """The running number of the next record of each shard, SHARDS of them. Raises StoreError."""
        with self._backend.read() as view:
            return [_position(view, shard) for shard in range(SHARDS)]

    def claim(self, shards: Iterable[int]) -> dict[int, Claim]:
        """See ShardLog. A store that can't be written can be claimed all the same: the first append that it takes
        writes the epoch."""
        with self._backend.read() as view:
            positions = {shard: _position(view, shard) for shard in shards}
            epochs = self._epochs_if_sound(view)
        if epochs is None:
            epochs = self._replace_epochs()
        found = {shard: Claim(self._epoch(epochs, shard), position) for shard, position in positions.items()}
        if any(epochs[shard] != claim.epoch for shard, claim in found.items()):
            self._write_epochs({shard: claim.epoch for shard, claim in found.items()})
        self._held.update((shard, claim.epoch) for shard, claim in found.items())
        return found

    def _epochs_if_sound(self, view: ReadView) -> tuple[int, ...] | None:
        try:
            return _epochs(view)
        except DamagedError as error:
            self._noticing.note("the epochs of the shards", error)
            return None

    def _replace_epochs(self) -> tuple[int, ...]:
        """Put another epoch in force for all shards, in place of a damaged row; this log has them."""
        epoch = max([clock.wall_ms(), *(held + 1 for held in self._held.values())])
        self._held = dict.fromkeys(range(SHARDS), epoch)
        self._write_epochs(self._held)
        return (epoch,) * SHARDS

    def _epoch(self, epochs: Sequence[int], shard: int) -> int:
        """Under which a shard is claimed now."""
        there, held = epochs[shard], self._held.get(shard)
        if held is None:
            return there + 1
        if there > held:
            raise Fenced(f"shard {shard}: another writer has claimed it")
        return held

    def _write_epochs(self, epochs: dict[int, int]) -> None:
        try:
            while True:
                try:
                    with self._backend.write(makes_room=True) as view:
                        _raise(view, epochs)
                    return
                except NoRoom:
                    self._backend.grow(reserve=True)
        except StoreError as error:
            log.error("the store's new writer can't be noted yet", error=error)

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        """See ShardLog. It blocks until all is durable, and then tells `done` once. An append that is fenced, or does
        not go on where its shard is, fails by itself; any other failure is everybody's."""
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
        along = self._along.take()
        while True:
            try:
                with self._backend.write(makes_room=room) as view:
                    results, stamp = self._apply(view, appends, now_ms, doubted_ms)
                    if stamp and along:
                        write(view, along)
                if stamp:
                    self._committed(stamp)
                    for change in along:
                        change.durable()
                return results
            except NoRoom:
                if along:  # perhaps there is room for the records alone
                    along = ()
                else:
                    self._backend.grow(reserve=room)
            except ChangeFailed as error:  # whoever has offered it writes it apart, and hears why it can't be written
                log.warning("changes can't be written with an append", error=error.__cause__)
                along = ()
            except DamagedError as error:
                named = {_key_of(record) for append in appends for record in append.records}
                self._noticing.note(", ".join(sorted(named)[:NAMED_MAX]), error)
                raise

    def _apply(
        self, view: WriteView, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int
    ) -> tuple[list[AppendResult], int]:
        """What became of each, and the commit's number; 0: none was kept."""
        results: list[AppendResult] = []
        epochs = _epochs(view)
        applying = None
        for append in appends:
            shard = append.shard
            following = _position(view, shard)
            if append.epoch != epochs[shard] or append.expected != following:
                wrong = _why_not(append, epochs[shard], self._held.get(shard, 0), following)
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


def _why_not(append: ShardAppend, epoch: int, held: int, following: int) -> StoreError | None:
    """Why an append can't be kept; None: only its epoch is not in force yet, since it could not be written when the shard
    was claimed. `held` is the epoch that this log has of the shard."""
    if append.epoch < epoch == held:
        return Unavailable(f"shard {append.shard}: the epochs were damaged, it is to be claimed again")
    if append.epoch < epoch:
        return Fenced(f"shard {append.shard}: epoch {append.epoch} where {epoch} is in force")
    if append.expected != following:
        return Unavailable(f"shard {append.shard}: record {append.expected} where {following} is next")
    return None


def _epochs(view: ReadView) -> tuple[int, ...]:
    """Of all shards, by number. Raises DamagedError."""
    row = view.get("meta", EPOCHS)
    if row is None:
        return NEVER_CLAIMED
    if len(row) != ALL_EPOCHS.size:
        raise DamagedError(f"epochs: {len(row)} bytes where {ALL_EPOCHS.size} are needed")
    return ALL_EPOCHS.unpack(row)


def faults(view: ReadView) -> Iterator[str]:
    """What is wrong with the epochs, in words."""
    try:
        _epochs(view)
    except DamagedError as error:
        yield str(error)


def _raise(view: WriteView, epochs: dict[int, int]) -> None:
    """Put these epochs in force."""
    try:
        row = list(_epochs(view))
    except DamagedError:  # then `epochs` has all of them
        row = [0] * SHARDS
    for shard, epoch in epochs.items():
        row[shard] = epoch
    view.put("meta", EPOCHS, ALL_EPOCHS.pack(*row))


def _position(view: ReadView, shard: int) -> int:
    data = view.get("shards", keys.U16.pack(shard))
    return int(keys.U64.unpack(data)[0]) if data else 1


def _key_of(record: Record) -> str:
    return str(getattr(record, "key", "the app"))
