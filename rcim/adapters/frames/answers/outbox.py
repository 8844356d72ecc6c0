"""What leaves the server, for app administrators: the consumers of the event log (CB-04)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def list_ok(result: results.Consumers) -> frames.OutboxListOk:
    """A page of consumers."""
    return frames.OutboxListOk([_consumer(row) for row in result.rows], result.next)


def show_ok(result: results.Consumers) -> frames.OutboxShowOk:
    """One consumer, and what its destination has counted."""
    (row,) = result.rows
    counts = [frames.Stat(name, value) for name, value in sorted(row.counts.items())]
    return frames.OutboxShowOk([_consumer(row)], counts)


def _consumer(row: results.ConsumerRow) -> frames.OutboxConsumer:
    return frames.OutboxConsumer(
        name=row.name,
        paused_ms=row.paused_ms,
        refused=row.refused,
        waiting=row.waiting,
        waiting_bytes=row.waiting_bytes,
        oldest_ms=row.oldest_ms,
        retrying=row.retrying,
        retrying_keys=row.retrying_keys,
        retry_in_ms=row.retry_in_ms,
        delivered=row.delivered,
        failed=row.failed,
        dropped=row.dropped,
        dead_letters=row.dead_letters,
        dead_letter_bytes=row.dead_letter_bytes,
        dead_letters_dropped=row.dead_letters_dropped,
        last_error=row.last_error,
        last_error_ms=row.last_error_ms,
    )


def replayed_ok(result: results.Replayed) -> frames.OutboxReplayOk:
    """How many events come once more."""
    return frames.OutboxReplayOk(result.events)


def dead_ok(result: results.DeadLetterPage) -> frames.OutboxDeadOk:
    """A page of dead letters."""
    rows = [
        frames.DeadLetterEntry(
            letter_id=row.id,
            shard=row.shard,
            number=row.number,
            event_type=row.event_type,
            key=row.key,
            time_ms=row.time_ms,
            dead_ms=row.dead_ms,
            reason=row.reason,
        )
        for row in result.rows
    ]
    return frames.OutboxDeadOk(rows, result.next)


def retried_ok(result: results.DeadLettersRetried) -> frames.OutboxDeadRetryOk:
    """What became of dead letters that were passed on."""
    return frames.OutboxDeadRetryOk(result.taken, result.not_taken, result.reason, result.next)


def dropped_ok(result: results.DeadLettersDropped) -> frames.OutboxDeadDropOk:
    """How many dead letters went."""
    return frames.OutboxDeadDropOk(result.dropped, result.more)
