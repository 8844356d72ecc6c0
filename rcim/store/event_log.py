"""The event log: what has happened, in the order of each shard, and how far each consumer has come (docs/adr/0023).

Events are written in the transaction of the records that they tell of (table_view.py), with a running number of their own
for each shard. They go when every consumer has had them; and the oldest go before, when they are too old or too many: a
consumer that is away for ever must not fill the disk. Everything here blocks; what writes is called in the one writing
thread.

| row of `meta` | what |
|---|---|
| `events` | the number of the next event of each shard, then the bytes of all events, u64 each; missing: no event |

A row of `consumers` has the number of the next event that the consumer is to get, of each shard.

A damaged row of either costs no more than it says (ST-03). The numbers are counted anew from the events and the
consumers; a consumer whose row can't be read gets all events again that are kept, since it may not have had them.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from rcim.actor.events import AnyEvent
from rcim.base.ids import SHARDS
from rcim.base.limited_log import LimitedLog
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, WriteView
from rcim.store.dead_letters import DeadLetters
from rcim.store.event_removal import Bounds as Bounds
from rcim.store.event_removal import choose, first_number, number_at
from rcim.store.event_rows import AFTER_ALL, KEY_BYTES, event_of, place_of, time_of
from rcim.store.event_rows import KeptEvent as KeptEvent
from rcim.store.event_rows import key as key
from rcim.store.next_append import NextAppend, SmallChange
from rcim.store.noticing import Noticing
from rcim.store.values import pack

log = LimitedLog("rcim.store")

EVENTS = b"events"
TOTALS = struct.Struct(f">{SHARDS + 1}Q")
POSITIONS = struct.Struct(f">{SHARDS}Q")
FIRST = (1,) * SHARDS
ROWS = 500
"""Removed in one step: 5 ms of the writing thread."""


class Extent(NamedTuple):
    """What the log holds: by shard the number of the oldest event, or of the next one, and of the next one; and the bytes
    of all."""

    oldest: Sequence[int]
    following: Sequence[int]
    size: int


class Going(NamedTuple):
    """Events that are to be removed: their rows and bytes, by shard the number of the first one that stays, and how many
    of them each consumer has not had."""

    rows: Sequence[bytes]
    size: int
    upto: Mapping[int, int]
    missed: Mapping[str, int]


class TrimmingAlong:
    """Up to `rows` events that are removed with the next append. `finish` is called in the writing thread."""

    def __init__(
        self,
        choose: Callable[[ReadView, Bounds, int], Going | None],
        remove: Callable[[WriteView, Going], None],
        removed: Callable[[Going], None],
        bounds: Bounds,
        rows: int,
    ) -> None:
        self._choose, self._remove, self._removed = choose, remove, removed
        self._bounds, self._rows = bounds, rows
        self._going: Going | None = None
        self.change = SmallChange(self._write)

    def _write(self, view: WriteView) -> None:
        self._going = self._choose(view, self._bounds, self._rows)
        if self._going is not None:
            self._remove(view, self._going)

    def finish(self) -> int | None:
        """How many went; None: no append has come along, and none of them goes any more."""
        if not self.change.finish():
            return None
        if self._going is None:
            return 0
        self._removed(self._going)
        return len(self._going.rows)


class EventLog:
    """See the module's text."""

    def __init__(self, backend: Backend, noticing: Noticing, along: NextAppend) -> None:
        self._backend = backend
        self._noticing = noticing
        self._along = along
        self._consumers_of = partial(_consumers, noticing=noticing)
        self._totals_of = partial(totals_of, noticing=noticing)
        self.dead_letters = DeadLetters(backend, noticing, self.move)
        self.dropped: Counter[str] = Counter()
        """By consumer: events that went before it has had them, since the start."""

    # -- consumers

    def register(self, name: str, following: Sequence[int] | None = None) -> None:
        """From now on events are kept until this consumer has had them; a new one begins with these numbers, by shard, or
        with the next event. Raises StoreError."""
        with self._backend.read() as view:
            data = view.get("consumers", name.encode())
        if data is not None:
            if len(data) != POSITIONS.size:
                self._write({name: {}})
        elif following is None:
            self._write({name: None})
        else:
            self._change(lambda view: view.put("consumers", name.encode(), POSITIONS.pack(*following)))

    def unregister(self, name: str) -> None:
        """Nothing is kept for this consumer any more, and no dead letter of it. Raises StoreError."""
        self.dead_letters.forget(name)
        self._write({}, [("consumers", name.encode())])

    def rename(self, old: str, new: str) -> None:
        """What the consumer `old` has had, `new` has had, unless `new` is there. Raises StoreError."""
        with self._backend.read() as view:
            there = view.get("consumers", old.encode())
            if there is None or view.get("consumers", new.encode()) is not None:
                return

        def rename(view: WriteView) -> None:
            view.put("consumers", new.encode(), there)
            view.delete("consumers", old.encode())

        self._change(rename)

    def consumers(self) -> dict[str, tuple[int, ...]]:
        """By name the number of the next event to get, of each shard. Raises StoreError."""
        with self._backend.read() as view:
            return dict(self._consumers_of(view))

    def commit(self, name: str, following: Mapping[int, int]) -> None:
        """The consumer has had all events of these shards below these numbers. One that is not registered (any more) is
        passed over. Raises StoreError."""
        self._write({name: following})

    def commit_along(self, name: str, following: Mapping[int, int]) -> SmallChange:
        """The same, with the next append; does not block. The caller calls `finish` of what is returned, and then, if no
        append has written it, `commit`."""
        change = SmallChange(lambda view: self.move(view, name, following))
        self._along.put(change)
        return change

    def rewind(self, name: str, following: Mapping[int, int]) -> None:
        """The consumer gets the events of these shards again from these numbers on; what it has not had it gets anyway.
        Raises StoreError."""

        def rewind(view: WriteView) -> None:
            data = view.get("consumers", name.encode())
            if data is not None and len(data) == POSITIONS.size:
                had = list(POSITIONS.unpack(data))
                for shard, number in following.items():
                    had[shard] = min(had[shard], number)
                view.put("consumers", name.encode(), POSITIONS.pack(*had))

        self._change(rewind)

    # -- reading

    def read(self, shard: int, first: int, limit: int) -> tuple[list[KeptEvent], int]:
        """Up to `limit` events of the shard with numbers from `first` on, in their order, and the number from which on to
        read next. What is damaged is passed over. Raises StoreError."""
        found: list[KeptEvent] = []
        following = first
        with self._backend.read(around=True) as view:
            rows = view.scan("events", key(shard, first), key(shard + 1, 0))
            for _, (row, data) in zip(range(limit), rows, strict=False):
                following = place_of(row)[1] + 1
                try:
                    found.append(KeptEvent(*place_of(row), event_of(data)))
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
                        found.append(KeptEvent(shard, number, event_of(data)))
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

    def extent(self) -> Extent:
        """What the log holds. Raises StoreError."""
        with self._backend.read() as view:
            totals = self._totals_of(view)
            found = [first_number(view, shard) for shard in range(SHARDS)]
        oldest = [number if first is None else first for first, number in zip(found, totals[:SHARDS], strict=True)]
        return Extent(oldest, totals[:SHARDS], totals[SHARDS])

    def numbers_at(self, from_ms: int) -> list[int]:
        """By shard, the number of the first event of this time (milliseconds since 1970) or later, or of the next one.
        Raises StoreError."""
        with self._backend.read(around=True) as view:
            totals = self._totals_of(view)
            return [number_at(view, shard, totals[shard], from_ms) for shard in range(SHARDS)]

    def oldest_ms(self, numbers: Mapping[int, int]) -> int:
        """The time of the oldest of these events, given by shard; 0: none is there. Raises StoreError."""
        with self._backend.read() as view:
            rows = (view.get("events", key(shard, number)) for shard, number in numbers.items())
            return min((time_of(data) for data in rows if data is not None), default=0)

    # -- trimming

    def trim_step(self, bounds: Bounds, rows: int = ROWS) -> int:
        """Remove up to `rows` events that the bounds do not let stay (event_removal.py); returns how many went. Raises
        StoreError."""
        with self._backend.read(around=True) as view:
            found = self._choose(view, bounds, rows)
        if found is None:
            return 0
        self._change(lambda view: self._remove(view, found))
        self._removed(found)
        return len(found.rows)

    def trim_along(self, bounds: Bounds, rows: int) -> TrimmingAlong:
        """The same, with the next append; does not block."""
        trimming = TrimmingAlong(self._choose, self._remove, self._removed, bounds, rows)
        self._along.put(trimming.change)
        return trimming

    def _choose(self, view: ReadView, bounds: Bounds, rows: int) -> Going | None:
        """What goes; None: nothing does."""
        totals = self._totals_of(view)
        if not totals[SHARDS]:
            return None
        consumers = dict(self._consumers_of(view))
        needed = [min((had[shard] for had in consumers.values()), default=1 << 63) for shard in range(SHARDS)]
        kept = bounds if consumers else Bounds(bounds.oldest_ms, bounds.bytes_max)
        found = choose(view, needed, kept, totals[SHARDS], rows)
        if not found.rows:
            return None
        upto: dict[int, int] = {}
        missed: Counter[str] = Counter()
        for row in found.rows:
            shard, number = place_of(row)
            upto[shard] = max(number + 1, upto.get(shard, 0))
            missed.update(name for name, had in consumers.items() if number >= had[shard])
        return Going(found.rows, found.size, upto, missed)

    def _remove(self, view: WriteView, going: Going) -> None:
        """These rows go; consumers that have not had them go on behind them."""
        self._move_and_free(
            view, dict.fromkeys(going.missed, going.upto), going.size, [("events", row) for row in going.rows]
        )

    def _removed(self, going: Going) -> None:
        """They are gone, durably."""
        self.dropped.update(going.missed)
        for name, count in going.missed.items():
            log.warning(
                "events are dropped that a consumer has not taken: too old, or too many wait",
                consumer=name,
                events=count,
            )

    # -- writing

    def _write(
        self, consumers: Mapping[str, Mapping[int, int] | None], gone: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """All of it or nothing: what consumers have had (None: all that there is), and what goes."""
        self._change(lambda view: self._move_and_free(view, consumers, 0, gone))

    def _move_and_free(
        self,
        view: WriteView,
        consumers: Mapping[str, Mapping[int, int] | None],
        freed: int,
        gone: Sequence[tuple[str, bytes]],
    ) -> None:
        totals = list(self._totals_of(view)) if freed else []  # before any row goes: it may be counted anew
        for table, row in gone:
            view.delete(table, row)
        if freed:
            totals[SHARDS] -= min(freed, totals[SHARDS])
            view.put("meta", EVENTS, TOTALS.pack(*totals))
        for name, following in consumers.items():
            self.move(view, name, following)

    def _change(self, change: Callable[[WriteView], None]) -> None:
        while True:
            try:
                with self._backend.write(makes_room=True) as view:
                    change(view)
                return
            except NoRoom:
                self._backend.grow(reserve=True)

    def move(self, view: WriteView, name: str, following: Mapping[int, int] | None) -> None:
        """What a consumer has had (None: all that there is), in the transaction of `view`; never backwards. One that is
        not registered is passed over, unless it is None. Of a damaged row nothing is known that it has had."""
        row = name.encode()
        data = view.get("consumers", row)
        if following is None:
            had = list(self._totals_of(view)[:SHARDS])
        elif data is not None:
            had = list(POSITIONS.unpack(data) if len(data) == POSITIONS.size else FIRST)
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
        shard, number = place_of(row)
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
        shard, number = place_of(row)
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


def _consumers(view: ReadView, noticing: Noticing) -> Iterator[tuple[str, tuple[int, ...]]]:
    """By name what they have had; of one that is damaged it is not known that it has had any."""
    for row, data in view.scan("consumers", b"", keys.LAST):
        try:
            had = _unpacked(POSITIONS, data)
        except DamagedError as error:
            noticing.note(f"consumer {row.decode()}", error)
            had = FIRST
        yield row.decode(), had
