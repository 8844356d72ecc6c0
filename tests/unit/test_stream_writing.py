"""Writing to a stream: an event that is a fault, or a library that fails, holds up only its key (CB-04)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from rcim.actor.events import MessagePassed
from rcim.outbox.streams import writing
from rcim.outbox.streams.publisher import Record
from rcim.outbox.streams.writing import StreamDestination
from rcim.store.event_log import KeptEvent
from tests.unit.test_tencent_after import GROUP, MESSAGE


def kept(number: int, group: str) -> KeptEvent:
    where = msgspec.structs.replace(GROUP, key=f"g:{group}")
    return KeptEvent(0, number, MessagePassed(number, where, MESSAGE))


class Stream:
    """A publisher that takes all records at once, and fails with those of the key `fails`."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.written: list[str] = []

    async def publish(self, records: Sequence[Record]) -> int:
        if records[0].key == self.fails:
            raise ValueError("a fault of the library")
        self.written += [f"{record.key} {record.id.rpartition('-')[2]}" for record in records]
        return len(records)

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_library_that_fails_with_one_key_holds_up_no_other() -> None:
    stream = Stream("g:a")
    left = await StreamDestination("one", stream, 1).deliver([kept(1, "a"), kept(2, "b"), kept(3, "a"), kept(4, "b")])
    assert [(one.event.number, bool(one.reason), one.for_good) for one in left] == [
        (1, True, False),
        (3, False, False),
    ]
    assert stream.written == ["g:b 2", "g:b 4"]


async def test_an_event_that_can_not_be_written_down_becomes_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    real = writing.encoded

    def encoded(event: MessagePassed, id_: str) -> bytes:
        if event.time_ms == 2:
            raise ValueError("a fault of ours")
        return real(event, id_)

    monkeypatch.setattr(writing, "encoded", encoded)
    stream = Stream()
    (left,) = await StreamDestination("one", stream, 1).deliver([kept(n, "a") for n in (1, 2, 3)])
    assert left.event.number == 2 and left.for_good and left.reason
    assert stream.written == ["g:a 1", "g:a 3"]
