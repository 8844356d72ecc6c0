"""Dead letters: events that a consumer has given up, with the reason, until an administrator retries or drops them; and
which consumers are paused.

1. A dead letter is written in the transaction in which its consumer goes past the event: it is lost at no point. It is
   known by the event's shard and number, so an event that comes again after a start makes no second one.
2. A consumer has at most LETTERS_MAX of BYTES_MAX together; beyond that the oldest go, and are counted.

Everything here blocks; what writes is called in the one writing thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

import msgspec

from rcim.actor.events import AnyEvent
from rcim.base.limited_log import LimitedLog
from rcim.store import keys
from rcim.store.backend import Backend, DamagedError, NoRoom, ReadView, WriteView
from rcim.store.event_rows import KeptEvent, key
from rcim.store.noticing import Noticing
from rcim.store.values import pack, unpack

log = LimitedLog("rcim.store")

LETTERS_MAX = 10_000
BYTES_MAX = 64 << 20
"""Of one consumer: nobody looks through more, and a receiver that refuses everything must not fill the disk."""
REASON_BYTES_MAX = 300
DROPPED_AT_ONCE = 1000
"""In one transaction: 10 ms of the writing thread."""

Move = Callable[[WriteView, str, Mapping[int, int]], None]
T = TypeVar("T")


class DeadLetter(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An event that a consumer has given up. `dead_ms` is when, in milliseconds since 1970."""

    shard: int
    number: int
    dead_ms: int
    reason: str
    event: AnyEvent


class ConsumerState(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is kept of a consumer besides its position."""

    paused_ms: int = 0
    """When it was paused; 0: it is not."""
    next_letter: int = 1
    letters: int = 0
    letter_bytes: int = 0


class Letter(NamedTuple):
    """A dead letter and its id."""

    id: int
    letter: DeadLetter


class DeadLetters:
    """See the module's text."""

    def __init__(self, backend: Backend, noticing: Noticing, move: Move) -> None:
        """`move` says how far a consumer has come, in the transaction of a view."""
        self._backend = backend
        self._noticing = noticing
        self._move = move
        self.expired: Counter[str] = Counter()
        """By consumer: dead letters that went because there were too many, since the start."""

    # -- reading

    def state(self, name: str) -> ConsumerState:
        """Of the consumer. Raises StoreError."""
        with self._backend.read(around=True) as view:
            return self._state(view, name)

    def page(self, name: str, after: int, limit: int, bytes_max: int) -> list[Letter]:
        """Up to `limit` dead letters with ids greater than `after`, of about `bytes_max` together, the oldest first.
        Raises StoreError."""
        found: list[Letter] = []
        size = 0
        with self._backend.read(around=True) as view:
            for row, data in self._rows(view, name, after + 1):
                if len(found) == limit or size >= bytes_max:
                    break
                try:
                    found.append(Letter(_id_of(row), unpack(data, DeadLetter)))
                    size += len(data)
                except DamagedError as error:
                    self._noticing.note(f"dead letter {_id_of(row)} of {name}", error)
        return found

    # -- writing

    def bury(
        self, name: str, dead: Sequence[tuple[KeptEvent, str]], following: Mapping[int, int], now_ms: int
    ) -> None:
        """These events, each with its reason, are dead letters, and the consumer has had all events of these shards below
        these numbers: both or neither. Raises StoreError."""

        def bury(view: WriteView) -> int:
            state = self._state(view, name)
            for one, reason in dead:
                state = self._put(view, name, one, _cut(reason), now_ms, state)
            self._move(view, name, following)
            return self._bound(view, name, state)

        gone = self._change(bury, makes_room=False)
        if gone:
            self.expired[name] += gone
            log.warning("dead letters are dropped: there are too many", consumer=name, dead_letters=gone)

    def drop(self, name: str, ids: Sequence[int]) -> int:
        """These dead letters go; returns how many of them there were. Raises StoreError."""
        return self._change(lambda view: self._drop(view, name, ids), makes_room=True)

    def drop_some(self, name: str, limit: int) -> int:
        """The oldest `limit` dead letters go; returns how many went. Raises StoreError."""

        def drop(view: WriteView) -> int:
            return self._drop(view, name, [_id_of(row) for row, _ in islice(self._rows(view, name, 0), limit)])

        return self._change(drop, makes_room=True)

    def set_paused(self, name: str, paused_ms: int) -> None:
        """It is paused since then, or, with 0, is not. Raises StoreError."""

        def put(view: WriteView) -> None:
            _put_state(view, name, msgspec.structs.replace(self._state(view, name), paused_ms=paused_ms))

        self._change(put, makes_room=True)

    def forget(self, name: str) -> None:
        """Nothing is kept any more of the consumer. Raises StoreError."""
        while self.drop_some(name, DROPPED_AT_ONCE):
            pass
        self._change(lambda view: view.delete("consumer_states", name.encode()), makes_room=True)

    def _put(
        self, view: WriteView, name: str, one: KeptEvent, reason: str, now_ms: int, state: ConsumerState
    ) -> ConsumerState:
        place = _place_key(name, one.shard, one.number)
        if view.get("dead_places", place) is not None:
            return state
        data = pack(DeadLetter(one.shard, one.number, now_ms, reason, one.event))
        view.put("dead_letters", _key(name, state.next_letter), data)
        view.put("dead_places", place, keys.U64.pack(state.next_letter))
        return ConsumerState(
            state.paused_ms, state.next_letter + 1, state.letters + 1, state.letter_bytes + len(data)
        )

    def _bound(self, view: WriteView, name: str, state: ConsumerState) -> int:
        """Remove the oldest beyond the bounds, and keep the state; returns how many went."""
        gone: list[tuple[bytes, bytes]] = []
        letters, size = state.letters, state.letter_bytes
        for row, data in self._rows(view, name, 0):
            if letters <= LETTERS_MAX and size <= BYTES_MAX:
                break
            gone.append((row, data))
            letters, size = letters - 1, size - len(data)
        for row, data in gone:
            self._delete(view, name, row, data)
        _put_state(view, name, ConsumerState(state.paused_ms, state.next_letter, letters, size))
        return len(gone)

    def _drop(self, view: WriteView, name: str, ids: Sequence[int]) -> int:
        state = self._state(view, name)
        letters, size = state.letters, state.letter_bytes
        for number in ids:
            row = _key(name, number)
            data = view.get("dead_letters", row)
            if data is not None:
                self._delete(view, name, row, data)
                letters, size = letters - 1, size - len(data)
        if letters != state.letters:
            left = ConsumerState(state.paused_ms, state.next_letter, max(letters, 0), max(size, 0))
            _put_state(view, name, left)
        return state.letters - letters

    def _delete(self, view: WriteView, name: str, row: bytes, data: bytes) -> None:
        view.delete("dead_letters", row)
        try:
            letter = unpack(data, DeadLetter)
        except DamagedError as error:
            self._noticing.note(f"dead letter {_id_of(row)} of {name}", error)
            return
        view.delete("dead_places", _place_key(name, letter.shard, letter.number))

    def _state(self, view: ReadView, name: str) -> ConsumerState:
        """If its row is damaged, counted anew; it is not paused then."""
        data = view.get("consumer_states", name.encode())
        try:
            return unpack(data, ConsumerState) if data is not None else ConsumerState()
        except DamagedError as error:
            self._noticing.note(f"the state of consumer {name}", error)
        rows = list(self._rows(view, name, 0))
        last = _id_of(rows[-1][0]) if rows else 0
        return ConsumerState(0, last + 1, len(rows), sum(len(data) for _, data in rows))

    @staticmethod
    def _rows(view: ReadView, name: str, first: int) -> Iterator[tuple[bytes, bytes]]:
        return view.scan("dead_letters", _key(name, first), name.encode() + keys.AFTER_SEP)

    def _change(self, change: Callable[[WriteView], T], *, makes_room: bool) -> T:
        while True:
            try:
                with self._backend.write(makes_room=makes_room) as view:
                    result = change(view)
                return result
            except NoRoom:
                self._backend.grow(reserve=makes_room)


def _cut(reason: str) -> str:
    return reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


def _key(name: str, number: int) -> bytes:
    """Key of `dead_letters`."""
    return name.encode() + keys.SEP + keys.U64.pack(number)


def _id_of(row: bytes) -> int:
    return int(keys.U64.unpack_from(row, len(row) - keys.U64.size)[0])


def _place_key(name: str, shard: int, number: int) -> bytes:
    """Key of `dead_places`."""
    return name.encode() + keys.SEP + key(shard, number)


def _put_state(view: WriteView, name: str, state: ConsumerState) -> None:
    view.put("consumer_states", name.encode(), pack(state))


def faults(view: ReadView) -> Iterator[str]:
    """What is wrong with dead letters, in words: a count that is wrong, a letter that is not found by its event."""
    for row, data in view.scan("consumer_states", b"", keys.LAST):
        name = row.decode()
        try:
            state = unpack(data, ConsumerState)
            letters = [
                (_id_of(at), unpack(found, DeadLetter), len(found)) for at, found in DeadLetters._rows(view, name, 0)
            ]
        except DamagedError as error:
            yield f"dead letters of {name}: {error}"
            continue
        if (state.letters, state.letter_bytes) != (len(letters), sum(size for _, _, size in letters)):
            yield f"dead letters of {name}: {len(letters)}, but {state.letters} are counted"
        for number, letter, _ in letters:
            if view.get("dead_places", _place_key(name, letter.shard, letter.number)) != keys.U64.pack(number):
                yield f"dead letter {number} of {name}: it is not found by its event"
