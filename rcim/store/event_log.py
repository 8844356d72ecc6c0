"""The event log: events in the order of each shard, and the position of each consumer (docs/adr/0023).

Events are written in the transaction of their records (table_view.py), with a running number of their own for each
shard. They are removed when every consumer has taken them. If they are too old or too many, the oldest are removed
earlier: a consumer that never comes back must not fill the disk. Everything here blocks; methods that write are called
in the one writing thread.

| row of `meta` | what |
|---|---|
| `events` | the number of the next event of each shard, then the bytes of all events, u64 each; missing: no event |

A row of `consumers` has the number of the consumer's next event in each shard.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from rcim.actor.events import AnyEvent
from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, WriteView
from rcim.store.noticing import Noticing
from rcim.store.values import pack, unpack

log = LimitedLog("rcim.store")

EVENTS = b"events"
TOTALS = struct.Struct(f">{SHARDS + 1}Q")
POSITIONS = struct.Struct(f">{SHARDS}Q")
FIRST = (1,) * SHARDS
ROWS = 500
"""Removed in one step: 5 ms of the writing thread."""
AFTER_ALL = b"\xff" * 3
"""After every key of `events`."""
KEY_BYTES = keys.U16.size + keys.U64.size


class KeptEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with its position."""

    shard: int
    number: int
    event: AnyEvent


class Bounds(msgspec.Struct, frozen=True):
    """Events from before `oldest_ms` (milliseconds since 1970) are removed, and the oldest above `bytes_max` in all."""

    oldest_ms: int
    bytes_max: int


class EventLog:
    """See the module's text."""

    def __init__(self, backend: Backend, noticing: Noticing) -> None:
        self._backend = backend
        self._noticing = noticing
        self.dropped: Counter[str] = Counter()
        """By consumer: events that were removed before it took them, since the start."""

    # -- consumers

    def register(self, name: str) -> None:
        """From now on events are kept until this consumer has taken them; a new one begins with the next event. Raises
        StoreError."""
        with self._backend.read() as view:
            if view.get("consumers", name.encode()) is not None:
                return
        self._write({name: None}, {})

    def unregister(self, name: str) -> None:
        """From now on no events are kept for this consumer. Raises StoreError."""
        self._write({}, {}, [("consumers", name.encode())])

    def consumers(self) -> dict[str, tuple[int, ...]]:
        """By name, the number of the next event in each shard. Raises StoreError."""
        with self._backend.read() as view:
            return dict(_consumers(view))

    def commit(self, name: str, following: Mapping[int, int]) -> None:
        """The consumer has taken all events of these shards below these numbers. A consumer that is not registered is
        ignored. Raises StoreError."""
        self._write({name: following}, {})

    # -- reading

    def read(self, shard: int, first: int, limit: int) -> tuple[list[KeptEvent], int]:
        """Up to `limit` events of the shard with numbers from `first` on, in their order, and the number from which on to
        read next. Damaged events are skipped. Raises StoreError."""
        found: list[KeptEvent] = []
        following = first
        with self._backend.read(around=True) as view:
            rows = view.scan("events", key(shard, first), key(shard + 1, 0))
            for _, (row, data) in zip(range(limit), rows, strict=False):
                following = _place(row)[1] + 1
                try:
                    found.append(KeptEvent(*_place(row), _event(data)))
                except DamagedError as error:
                    self._noticing.note(f"event {following - 1} of shard {shard}", error)
        return found, following

    def following(self) -> tuple[int, ...]:
        """The number of the next event of each shard. Raises StoreError."""
        with self._backend.read() as view:
            return read_totals(view)[:SHARDS]

    def lag(self) -> dict[str, int]:
        """By consumer: how many events it has not taken. Raises StoreError."""
        with self._backend.read() as view:
            following = read_totals(view)
            return {name: sum(map(int.__sub__, following, had)) for name, had in _consumers(view)}

    # -- trimming

    def trim_step(self, bounds: Bounds, rows: int = ROWS) -> int:
        """Remove up to `rows` events that no consumer needs, or, beyond the bounds, the oldest; returns how many. Raises
        StoreError."""
        with self._backend.read(around=True) as view:
            totals = read_totals(view)
            if not totals[SHARDS]:
                return 0
            consumers = dict(_consumers(view))
            needed = [min((had[shard] for had in consumers.values()), default=1 << 63) for shard in range(SHARDS)]
            gone, size = _needless(view, needed, rows)
            if len(gone) < rows:
                over = totals[SHARDS] - size - bounds.bytes_max
                more, freed = _beyond(
                    view=view, needed=needed, oldest_ms=bounds.oldest_ms, over=over, rows=rows - len(gone)
                )
                gone += more
                size += freed
        if not gone:
            return 0
        self._remove(gone, size, consumers)
        return len(gone)

    def _remove(self, gone: Sequence[bytes], size: int, consumers: Mapping[str, Sequence[int]]) -> None:
        """Remove these rows; consumers that have not taken them continue after them."""
        upto: dict[int, int] = {}
        missed: Counter[str] = Counter()
        for row in gone:
            shard, number = _place(row)
            upto[shard] = max(number + 1, upto.get(shard, 0))
            missed.update(name for name, had in consumers.items() if number >= had[shard])
        late: dict[str, Mapping[int, int] | None] = dict.fromkeys(missed, upto)
        self._write(late, {"size": size}, [("events", row) for row in gone])
        self.dropped.update(missed)
        for name, count in missed.items():
            log.warning("%d events that %s has not had are dropped: too old, or too many wait", count, name)

    # -- writing

    def _write(
        self,
        consumers: Mapping[str, Mapping[int, int] | None],
        freed: Mapping[str, int],
        gone: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Write all of it or nothing: the positions of consumers (None: all events), and the removals."""
        while True:
            try:
                with self._backend.write(makes_room=True) as view:
                    for table, row in gone:
                        view.delete(table, row)
                    if freed:
                        totals = list(read_totals(view))
                        totals[SHARDS] -= min(freed["size"], totals[SHARDS])
                        view.put("meta", EVENTS, TOTALS.pack(*totals))
                    for name, following in consumers.items():
                        _move(view, name, following)
                return
            except NoRoom:
                self._backend.grow(reserve=True)


def write_events(view: WriteView, events: Sequence[tuple[int, Sequence[AnyEvent]]]) -> None:
    """Add the events of shards after the existing ones, in the transaction of `view`."""
    totals = list(read_totals(view))
    for shard, made in events:
        for event in made:
            data = pack(event)
            view.put("events", key(shard, totals[shard]), data)
            totals[shard] += 1
            totals[SHARDS] += len(data) + KEY_BYTES
    view.put("meta", EVENTS, TOTALS.pack(*totals))


def read_totals(view: ReadView) -> tuple[int, ...]:
    """The number of the next event of each shard, and then the bytes of all events."""
    data = view.get("meta", EVENTS)
    return TOTALS.unpack(data) if data is not None else (*FIRST, 0)


def faults(view: ReadView) -> Iterator[str]:
    """What is wrong with the events, in words: a gap, a number beyond the counter, a consumer ahead of it."""
    totals = read_totals(view)
    last = -1, 0
    size = 0
    for row, data in view.scan("events", b"", AFTER_ALL):
        shard, number = _place(row)
        size += len(data) + KEY_BYTES
        if shard == last[0] and number != last[1] + 1:
            yield f"events of shard {shard}: {last[1] + 1} to {number - 1} missing"
        if shard >= SHARDS or number >= totals[shard]:
            yield f"events of shard {shard}: {number} is kept and was never given out"
        last = shard, number
    if size != totals[SHARDS]:
        yield f"events: {size} bytes, but {totals[SHARDS]} are counted"
    for name, had in _consumers(view):
        ahead = [shard for shard in range(SHARDS) if had[shard] > totals[shard]]
        if ahead:
            yield f"consumer {name}: it has had more events of shard {ahead[0]} than there were"


def key(shard: int, number: int) -> bytes:
    """Key of `events`."""
    return keys.U16.pack(shard) + keys.U64.pack(number)


def _place(row: bytes) -> tuple[int, int]:
    return keys.U16.unpack_from(row)[0], keys.U64.unpack_from(row, keys.U16.size)[0]


def _event(data: bytes) -> AnyEvent:
    event: AnyEvent = unpack(data, AnyEvent)  # type: ignore[arg-type]  # msgspec decodes a union
    return event


def _consumers(view: ReadView) -> Iterator[tuple[str, tuple[int, ...]]]:
    for row, data in view.scan("consumers", b"", keys.LAST):
        yield row.decode(), POSITIONS.unpack(data)


def _move(view: WriteView, name: str, following: Mapping[int, int] | None) -> None:
    """Move a consumer's position; never backwards."""
    if following is None:
        view.put("consumers", name.encode(), POSITIONS.pack(*read_totals(view)[:SHARDS]))
        return
    data = view.get("consumers", name.encode())
    if data is not None:
        had = list(POSITIONS.unpack(data))
        for shard, number in following.items():
            had[shard] = max(had[shard], number)
        view.put("consumers", name.encode(), POSITIONS.pack(*had))


def _needless(view: ReadView, needed: Sequence[int], rows: int) -> tuple[list[bytes], int]:
    """Events that every consumer has taken, and their bytes."""
    gone: list[bytes] = []
    size = 0
    for shard, number in enumerate(needed):
        for row, data in view.scan("events", key(shard, 0), key(shard, number)):
            if len(gone) == rows:
                return gone, size
            gone.append(row)
            size += len(data) + KEY_BYTES
    return gone, size


def _beyond(view: ReadView, needed: Sequence[int], oldest_ms: int, over: int, rows: int) -> tuple[list[bytes], int]:
    """The oldest events of all shards that a consumer still needs, while they are too old or there are `over` bytes
    too much; and their bytes."""
    heads = {
        shard: view.scan("events", key(shard, number), key(shard + 1, 0))
        for shard, number in enumerate(needed)
        if number < 1 << 63
    }
    next_of = {shard: found for shard, scan in heads.items() if (found := next(scan, None)) is not None}
    gone: list[bytes] = []
    size = 0
    times = {shard: _time_of(data) for shard, (_, data) in next_of.items()}
    while times and len(gone) < rows:
        shard = min(times, key=times.__getitem__)
        if times[shard] >= oldest_ms and size >= over:
            break
        row, data = next_of[shard]
        gone.append(row)
        size += len(data) + KEY_BYTES
        found = next(heads[shard], None)
        if found is None:
            del times[shard]
        else:
            next_of[shard], times[shard] = found, _time_of(found[1])
    return gone, size


def _time_of(data: bytes) -> int:
    """The time of the event; a damaged event is useless and counts as old."""
    try:
        return _event(data).time_ms
    except DamagedError:
        return 0
