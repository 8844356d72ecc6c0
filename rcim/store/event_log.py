"""The event log: what has happened, in the order of each shard, and how far each consumer has come (design 5.3).

Events are written in the transaction of the records that they tell of (table_view.py), with a running number of their own
for each shard. They go when every consumer has had them; and the oldest go before, when they are too old or too many: a
consumer that is away for ever must not fill the disk. Everything here blocks; what writes is called in the one writing
thread.

| row of `meta` | what |
|---|---|
| `events` | the number of the next event of each shard, then the bytes of all events, u64 each; missing: no event |

A row of `consumers` has the number of the next event that the consumer is to get, of each shard.

A damaged row of either costs no more than it says (ST-03). The numbers are counted anew from the events and the
consumers; a consumer whose row can't be read begins with the next event, as a new one.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

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
"""Behind every key of `events`."""
KEY_BYTES = keys.U16.size + keys.U64.size


class KeptEvent(msgspec.Struct, frozen=True, gc=False):
    """An event with its place."""

    shard: int
    number: int
    event: AnyEvent


class Bounds(msgspec.Struct, frozen=True):
    """Events of before `oldest_ms` (milliseconds since 1970) go, and the oldest beyond `bytes_max` in all."""

    oldest_ms: int
    bytes_max: int


class EventLog:
    """See the module's text."""

    def __init__(self, backend: Backend, noticing: Noticing) -> None:
        self._backend = backend
        self._noticing = noticing
        self._consumers_of = partial(_consumers, noticing=noticing)
        self._totals_of = partial(totals_of, noticing=noticing)
        self.dropped: Counter[str] = Counter()
        """By consumer: events that went before it has had them, since the start."""

    # -- consumers

    def register(self, name: str) -> None:
        """From now on events are kept until this consumer has had them; a new one begins with the next event. Raises
        StoreError."""
        with self._backend.read() as view:
            if name in dict(self._consumers_of(view)):
                return
        self._write({name: None}, {})

    def unregister(self, name: str) -> None:
        """Nothing is kept for this consumer any more. Raises StoreError."""
        self._write({}, {}, [("consumers", name.encode())])

    def consumers(self) -> dict[str, tuple[int, ...]]:
        """By name the number of the next event to get, of each shard. Raises StoreError."""
        with self._backend.read() as view:
            return dict(self._consumers_of(view))

    def commit(self, name: str, following: Mapping[int, int]) -> None:
        """The consumer has had all events of these shards below these numbers. One that is not registered (any more) is
        passed over. Raises StoreError."""
        self._write({name: following}, {})

    # -- reading

    def read(self, shard: int, first: int, limit: int) -> tuple[list[KeptEvent], int]:
        """Up to `limit` events of the shard with numbers from `first` on, in their order, and the number from which on to
        read next. What is damaged is passed over. Raises StoreError."""
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

    def read_numbers(self, shard: int, numbers: Iterable[int]) -> list[KeptEvent]:
        """The events of the shard with these numbers that are there, in the order of the numbers. What is damaged is
        left out. Raises StoreError."""
        found: list[KeptEvent] = []
        with self._backend.read(around=True) as view:
            for number in numbers:
                try:
                    data = view.get("events", key(shard, number))
                    if data is not None:
                        found.append(KeptEvent(shard, number, _event(data)))
                except DamagedError as error:
                    self._noticing.note(f"event {number} of shard {shard}", error)
        return found

    def following(self) -> tuple[int, ...]:
        """The number of the next event of each shard. Raises StoreError."""
        with self._backend.read() as view:
            return self._totals_of(view)[:SHARDS]

    def lag(self) -> dict[str, int]:
        """By consumer: how many events it has not had. Raises StoreError."""
        with self._backend.read() as view:
            following = self._totals_of(view)
            return {name: sum(map(int.__sub__, following, had)) for name, had in self._consumers_of(view)}

    # -- trimming

    def trim_step(self, bounds: Bounds, rows: int = ROWS) -> int:
        """Remove up to `rows` events that nobody needs, or, beyond the bounds, the oldest; returns how many went. Raises
        StoreError."""
        with self._backend.read(around=True) as view:
            totals = self._totals_of(view)
            if not totals[SHARDS]:
                return 0
            consumers = dict(self._consumers_of(view))
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
        """These rows go; consumers that have not had them go on behind them."""
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
        """All of it or nothing: what consumers have had (None: all that there is), and what goes."""
        while True:
            try:
                with self._backend.write(makes_room=True) as view:
                    totals = (
                        list(self._totals_of(view)) if freed else []
                    )  # before any row goes: it may be counted anew
                    for table, row in gone:
                        view.delete(table, row)
                    if freed:
                        totals[SHARDS] -= min(freed["size"], totals[SHARDS])
                        view.put("meta", EVENTS, TOTALS.pack(*totals))
                    for name, following in consumers.items():
                        self._move(view, name, following)
                return
            except NoRoom:
                self._backend.grow(reserve=True)

    def _move(self, view: WriteView, name: str, following: Mapping[int, int] | None) -> None:
        """What a consumer has had; never backwards."""
        row = name.encode()
        data = view.get("consumers", row)
        if following is None or (data is not None and len(data) != POSITIONS.size):
            had = list(self._totals_of(view)[:SHARDS])
        elif data is not None:
            had = list(POSITIONS.unpack(data))
        else:
            return
        for shard, number in (following or {}).items():
            had[shard] = max(had[shard], number)
        view.put("consumers", row, POSITIONS.pack(*had))


def write_events(view: WriteView, events: Sequence[tuple[int, Sequence[AnyEvent]]], noticing: Noticing) -> None:
    """Keep the events of shards, behind those that are there, in the transaction of `view`."""
    totals = list(totals_of(view, noticing))
    for shard, made in events:
        for event in made:
            data = pack(event)
            view.put("events", key(shard, totals[shard]), data)
            totals[shard] += 1
            totals[SHARDS] += len(data) + KEY_BYTES
    view.put("meta", EVENTS, TOTALS.pack(*totals))


def read_totals(view: ReadView) -> tuple[int, ...]:
    """The number of the next event of each shard, and then the bytes of all events. Raises DamagedError."""
    data = view.get("meta", EVENTS)
    return _unpacked(TOTALS, data) if data is not None else (*FIRST, 0)


def totals_of(view: ReadView, noticing: Noticing) -> tuple[int, ...]:
    """The same; if the row is damaged, counted anew, which reads all events, until something is written. No number that
    a consumer has had is given out again."""
    try:
        return read_totals(view)
    except DamagedError as error:
        noticing.note("the numbers of the next events", error)
    totals = [*FIRST, 0]
    for row, data in view.scan("events", b"", AFTER_ALL):
        shard, number = _place(row)
        if shard < SHARDS:
            totals[shard] = number + 1
            totals[SHARDS] += len(data) + KEY_BYTES
    for _, had in _consumers(view, noticing):
        totals[:SHARDS] = map(max, totals[:SHARDS], had)
    return tuple(totals)


def _unpacked(form: struct.Struct, data: bytes) -> tuple[int, ...]:
    if len(data) != form.size:
        raise DamagedError(f"a row of {len(data)} bytes where {form.size} are needed")
    return form.unpack(data)


def faults(view: ReadView) -> Iterator[str]:
    """What is wrong with the events, in words: a gap, a number beyond the counter, a consumer ahead of it."""
    try:
        totals = read_totals(view)
    except DamagedError as error:
        yield f"the numbers of the next events: {error}"
        totals = totals_of(view, Noticing())
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
    for row, data in view.scan("consumers", b"", keys.LAST):
        name = row.decode()
        try:
            had = _unpacked(POSITIONS, data)
        except DamagedError as error:
            yield f"consumer {name}: {error}"
            continue
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


def _consumers(view: ReadView, noticing: Noticing) -> Iterator[tuple[str, tuple[int, ...]]]:
    """By name what they have had; those that are damaged are left out."""
    for row, data in view.scan("consumers", b"", keys.LAST):
        try:
            yield row.decode(), _unpacked(POSITIONS, data)
        except DamagedError as error:
            noticing.note(f"consumer {row.decode()}", error)


def _needless(view: ReadView, needed: Sequence[int], rows: int) -> tuple[list[bytes], int]:
    """Events that every consumer has had, and their bytes."""
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
    """The oldest events of all shards that somebody needs, as long as they are too old or there are `over` bytes too
    much; and their bytes."""
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
    """When it happened; what is damaged is of use to nobody, and old."""
    try:
        return _event(data).time_ms
    except DamagedError:
        return 0
