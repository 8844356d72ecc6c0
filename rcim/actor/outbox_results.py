"""What requests about the consumers of the event log are answered with (CB-04). Times are in milliseconds since 1970."""

from __future__ import annotations

import msgspec


class ConsumerRow(msgspec.Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """A consumer and how it is doing. Counts are those since the start, besides what says that it waits or is kept."""

    name: str
    paused_ms: int
    """When an administrator paused it; 0: it is not paused."""
    refused: bool
    """True while the destination takes nothing, and one event is tried now and then."""
    waiting: int
    """Events that it has not taken, with those that it does not want."""
    waiting_bytes: int
    """About so many bytes: as many as events of average size have."""
    oldest_ms: int
    """When the oldest of them happened; 0: none waits."""
    retrying: int
    """Those of them that were not taken when they were tried, with those that wait for them."""
    retrying_keys: int
    """Of so many conversations and users."""
    retry_in_ms: int
    """Until some of them are tried again; 0: none waits for that."""
    delivered: int
    failed: int
    """Tries that were not taken."""
    dropped: int
    """Events that were too old or too many."""
    dead_letters: int
    dead_letter_bytes: int
    dead_letters_dropped: int
    """Dead letters that were too many."""
    last_error: str
    last_error_ms: int
    counts: dict[str, int]
    """What the destination has counted, by name; only where one consumer was asked for."""


class Consumers(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of them, by name. `next` is empty on the last page."""

    rows: list[ConsumerRow]
    next: str = ""


class DeadLetterRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An event that was given up, without what is in it."""

    id: int
    shard: int
    number: int
    event_type: str
    key: str
    """The conversation or user that it is of."""
    time_ms: int
    dead_ms: int
    reason: str


class DeadLetterPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The oldest first. `next` is the id after which to go on; 0: this is the last page."""

    rows: list[DeadLetterRow]
    next: int


class Replayed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """So many events are given on once more, with those that the destination does not want."""

    events: int


class DeadLettersRetried(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """So many dead letters were taken, and so many were not, the last one for this reason. `next` is the id after which
    to go on with the others; 0: there are none."""

    taken: int
    not_taken: int
    reason: str
    next: int


class DeadLettersDropped(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """So many dead letters went. `more`: there are others."""

    dropped: int
    more: bool


OutboxResult = Consumers | DeadLetterPage | Replayed | DeadLettersRetried | DeadLettersDropped
