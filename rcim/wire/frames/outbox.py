"""Frames of app administrators about what leaves the server: the consumers of the event log (CB-04)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.frames.admin import Stat
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U16, U32, U64, Bool, StructList, str8, str16

CONSUMER = str8(64, 1, one_line=True)
CONSUMER_OR_NONE = str8(64, one_line=True)
REASON = str16(300)
ERRORS = ("ADMIN_REQUIRED", "NO_SUCH_CONSUMER", "STORE_UNAVAILABLE")


@row("OutboxConsumer")
class OutboxConsumer(Struct, frozen=True, gc=False):
    """A consumer of the event log. Counts begin with the start of the server, and go on when a reload changes it."""

    name: A[str, CONSUMER, "Its name: `callbacks`, `receivers.NAME`, `streams.NAME`, `message_log`, `push.NAME`."]
    paused_ms: A[int, U64, "When it was paused (OUTBOX_PAUSE); 0: it is not."]
    refused: A[bool, Bool(), "True: its destination takes nothing, and one event is tried now and then."]
    waiting: A[int, U64, "Events that it has not taken yet, with those that it does not want."]
    waiting_bytes: A[int, U64, "An estimate of their bytes, by the average size of events."]
    oldest_ms: A[int, U64, "When the oldest of them happened; 0: none waits."]
    retrying: A[
        int, U64, "Those that were tried and not taken, and those after them of the same conversation or user."
    ]
    retrying_keys: A[int, U32, "The conversations and users that they are of."]
    retry_in_ms: A[int, U64, "Until some of these are tried again; 0: none waits for that."]
    delivered: A[int, U64, "Events that were taken."]
    failed: A[int, U64, "Tries that were not taken."]
    dropped: A[int, U64, "Events that were too old or too many (`events_age_ms`, `events_bytes_max`)."]
    dead_letters: A[int, U32, "Dead letters that are kept."]
    dead_letter_bytes: A[int, U64, "Their bytes."]
    dead_letters_dropped: A[int, U64, "The oldest dead letters that went because there were too many."]
    last_error: A[str, REASON, "Why an event was not taken last; empty: that has not happened."]
    last_error_ms: A[int, U64, "When that was; 0: never."]


@row("DeadLetterEntry")
class DeadLetterEntry(Struct, frozen=True, gc=False):
    """A dead letter, without what is in the event."""

    letter_id: A[int, U64, "Its id."]
    shard: A[int, U16, "The shard of the event."]
    number: A[int, U64, "The number of the event in its shard."]
    event_type: A[str, str8(64), "The type of the event, such as `message.sent` (events.md)."]
    key: A[str, str16(600), "The conversation, or the user, that it is of."]
    time_ms: A[int, U64, "When it happened."]
    dead_ms: A[int, U64, "When it was given up."]
    reason: A[str, REASON, "Why."]


@frame(
    0x0F60,
    "OUTBOX_LIST",
    "client",
    "request",
    reply="OUTBOX_LIST_OK",
    errors=("ADMIN_REQUIRED", "STORE_UNAVAILABLE"),
    admin=True,
)
class OutboxList(Frame, frozen=True, gc=False):
    """Asks for a page of the consumers of the event log (CB-04)."""

    after: A[str, CONSUMER_OR_NONE, "Empty for the first page, else `next` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 50."]


@frame(0x8F60, "OUTBOX_LIST_OK", "server", "reply", admin=True)
class OutboxListOk(Frame, frozen=True, gc=False):
    """A page of consumers, by name."""

    consumers: A[list[OutboxConsumer], StructList(OutboxConsumer, 1000), "The consumers."]
    next: A[str, CONSUMER_OR_NONE, "The `after` of the next page; empty: this is the last page."]


@frame(0x0F61, "OUTBOX_SHOW", "client", "request", reply="OUTBOX_SHOW_OK", errors=ERRORS, admin=True)
class OutboxShow(Frame, frozen=True, gc=False):
    """Asks how one consumer is doing, and what its destination has counted."""

    consumer: A[str, CONSUMER, "Its name."]


@frame(0x8F61, "OUTBOX_SHOW_OK", "server", "reply", admin=True)
class OutboxShowOk(Frame, frozen=True, gc=False):
    """A consumer."""

    consumers: A[list[OutboxConsumer], StructList(OutboxConsumer, 1000), "The consumer, alone in the list."]
    counts: A[
        list[Stat],
        StructList(Stat, 1000),
        "What its destination has counted since the start, or since a reload has changed it.",
    ]


@frame(
    0x0F62,
    "OUTBOX_PAUSE",
    "client",
    "request",
    reply="OUTBOX_PAUSE_OK",
    rules=(
        "It holds after a restart. Events go on being kept for the consumer, within `events_age_ms` and "
        "`events_bytes_max`: beyond them the oldest are dropped.",
        "What is with the destination already is not called back.",
    ),
    errors=ERRORS,
    admin=True,
)
class OutboxPause(Frame, frozen=True, gc=False):
    """A consumer passes nothing on until OUTBOX_RESUME."""

    consumer: A[str, CONSUMER, "Its name."]


@frame(0x8F62, "OUTBOX_PAUSE_OK", "server", "reply", admin=True)
class OutboxPauseOk(Frame, frozen=True, gc=False):
    """It is paused."""


@frame(
    0x0F63,
    "OUTBOX_RESUME",
    "client",
    "request",
    reply="OUTBOX_RESUME_OK",
    rules=("All events that wait for another try are due at once, also of a consumer that was not paused.",),
    errors=ERRORS,
    admin=True,
)
class OutboxResume(Frame, frozen=True, gc=False):
    """A consumer goes on."""

    consumer: A[str, CONSUMER, "Its name."]


@frame(0x8F63, "OUTBOX_RESUME_OK", "server", "reply", admin=True)
class OutboxResumeOk(Frame, frozen=True, gc=False):
    """It goes on."""


@frame(
    0x0F64,
    "OUTBOX_REPLAY",
    "client",
    "request",
    reply="OUTBOX_REPLAY_OK",
    rules=(
        "Events that all consumers have had are kept for `events_keep_ms`; there are no older ones to replay.",
        "The events of a conversation come in their order once more. A time that the consumer has not reached yet "
        "changes nothing: nothing is left out.",
    ),
    errors=ERRORS,
    admin=True,
)
class OutboxReplay(Frame, frozen=True, gc=False):
    """A consumer passes on once more what has happened since a time."""

    consumer: A[str, CONSUMER, "Its name."]
    from_time_ms: A[int, U64, "Milliseconds since 1970; 0: all that is kept."]


@frame(0x8F64, "OUTBOX_REPLAY_OK", "server", "reply", admin=True)
class OutboxReplayOk(Frame, frozen=True, gc=False):
    """The consumer begins there."""

    events: A[int, U64, "Events that it passes on once more, with those that it does not want."]


@frame(0x0F65, "OUTBOX_DEAD", "client", "request", reply="OUTBOX_DEAD_OK", errors=ERRORS, admin=True)
class OutboxDead(Frame, frozen=True, gc=False):
    """Asks for a page of the dead letters of a consumer: events that it has given up."""

    consumer: A[str, CONSUMER, "Its name."]
    after_id: A[int, U64, "0 for the first page, else `next_id` of the previous page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 50."]


@frame(0x8F65, "OUTBOX_DEAD_OK", "server", "reply", admin=True)
class OutboxDeadOk(Frame, frozen=True, gc=False):
    """A page of dead letters, the oldest first."""

    letters: A[list[DeadLetterEntry], StructList(DeadLetterEntry, 1000), "The dead letters."]
    next_id: A[int, U64, "The `after_id` of the next page; 0: this is the last page."]


@frame(
    0x0F66,
    "OUTBOX_DEAD_RETRY",
    "client",
    "request",
    reply="OUTBOX_DEAD_RETRY_OK",
    rules=(
        "They are passed on at once, one after the other, out of the order in which they happened. What is taken is a "
        "dead letter no more; what is not taken stays one.",
        "One request takes a few seconds: for the others ask again, with `next_id`.",
    ),
    errors=ERRORS,
    admin=True,
)
class OutboxDeadRetry(Frame, frozen=True, gc=False):
    """Passes dead letters on once more."""

    consumer: A[str, CONSUMER, "The name of the consumer."]
    letter_id: A[int, U64, "The dead letter; 0: all."]
    after_id: A[int, U64, "With `letter_id` 0: only those with a greater id."]


@frame(0x8F66, "OUTBOX_DEAD_RETRY_OK", "server", "reply", admin=True)
class OutboxDeadRetryOk(Frame, frozen=True, gc=False):
    """What became of them."""

    taken: A[int, U32, "How many were taken."]
    not_taken: A[int, U32, "How many were not."]
    reason: A[str, REASON, "Why the last one was not; empty: all were taken."]
    next_id: A[int, U64, "The `after_id` of the next request for all; 0: there are no more."]


@frame(0x0F67, "OUTBOX_DEAD_DROP", "client", "request", reply="OUTBOX_DEAD_DROP_OK", errors=ERRORS, admin=True)
class OutboxDeadDrop(Frame, frozen=True, gc=False):
    """Removes dead letters."""

    consumer: A[str, CONSUMER, "The name of the consumer."]
    letter_id: A[int, U64, "The dead letter; 0: all, the oldest thousand in one request."]


@frame(0x8F67, "OUTBOX_DEAD_DROP_OK", "server", "reply", admin=True)
class OutboxDeadDropOk(Frame, frozen=True, gc=False):
    """They are gone."""

    dropped: A[int, U32, "How many went."]
    more: A[bool, Bool(), "True: with `letter_id` 0 there may be more."]
