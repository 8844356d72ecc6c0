"""How a consumer is doing, in numbers."""

from __future__ import annotations

from collections.abc import Iterator

from rcim.actor.outbox_results import ConsumerRow
from rcim.base import metrics
from rcim.base.meters import Figure, figure
from rcim.outbox.consumer import Consumer
from rcim.store.dead_letters import ConsumerState
from rcim.store.event_log import EventLog, Extent


def row_of(
    consumer: Consumer, events: EventLog, extent: Extent, oldest_ms: int, state: ConsumerState, *, counts: bool
) -> ConsumerRow:
    """The consumer, with the time of its oldest event that waits; `counts`: also what its destination has counted."""
    waiting = consumer.waiting(extent.following)
    delivering = consumer.delivering
    return ConsumerRow(
        name=consumer.name,
        paused_ms=consumer.paused_ms,
        refused=consumer.refused,
        waiting=waiting,
        waiting_bytes=_bytes_of(waiting, extent),
        oldest_ms=oldest_ms if waiting else 0,
        retrying=consumer.retrying,
        retrying_keys=consumer.retrying_keys,
        retry_in_ms=round(consumer.retry_in_s * 1000),
        delivered=delivering.delivered,
        failed=delivering.failed,
        dropped=events.dropped[consumer.name],
        dead_letters=state.letters,
        dead_letter_bytes=state.letter_bytes,
        dead_letters_dropped=events.dead_letters.expired[consumer.name],
        last_error=delivering.last_error,
        last_error_ms=delivering.last_error_ms,
        counts=delivering.destination.counted() if counts else {},
    )


def consumer_figures(row: ConsumerRow, dead: int, now_ms: int) -> Iterator[Figure]:
    """The row as metrics (OP-02); `dead`: events that became dead letters since the start. Times are in milliseconds
    since 1970."""
    name = row.name
    age_ms = max(0, now_ms - row.oldest_ms) if row.oldest_ms else 0
    yield figure(metrics.CONSUMER_WAITING, row.waiting, name)
    yield figure(metrics.CONSUMER_OLDEST, age_ms / 1000, name)
    yield figure(metrics.CONSUMER_PAUSED, bool(row.paused_ms), name)
    yield figure(metrics.CONSUMER_REFUSING, row.refused, name)
    yield figure(metrics.CONSUMER_DELIVERED, row.delivered, name)
    yield figure(metrics.CONSUMER_FAILED, row.failed, name)
    yield figure(metrics.CONSUMER_DROPPED, row.dropped, name)
    yield figure(metrics.CONSUMER_DEAD, row.dead_letters, name)
    yield figure(metrics.CONSUMER_DEAD_TOTAL, dead, name)


def _bytes_of(waiting: int, extent: Extent) -> int:
    """So many events of average size."""
    there = sum(extent.following) - sum(extent.oldest)
    return extent.size * min(waiting, there) // there if there else 0
