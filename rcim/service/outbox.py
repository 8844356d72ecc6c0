"""What app administrators do with what leaves the server: the consumers of the event log (CB-04)."""

from __future__ import annotations

from rcim.actor import outbox_workflows as workflows
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import RequestContext, RunWorkflow
from rcim.service.validation import list_limit

CONSUMER_ROW_BYTES = 520
LETTER_ROW_BYTES = 1020
"""The most bytes that a row takes in an answer."""
ROWS_DEFAULT = 50


def _limit(asked: int, context: RequestContext, row_bytes: int) -> int:
    return min(list_limit(asked or ROWS_DEFAULT, context.limits, row_bytes), ROWS_DEFAULT)


def list_(request: requests.OutboxList, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_LIST."""
    limit = _limit(request.limit, context, CONSUMER_ROW_BYTES)
    return RunWorkflow(workflows.ReadConsumers(principal.user_id, "", request.after, limit))


def show(request: requests.OutboxShow, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_SHOW."""
    return RunWorkflow(workflows.ReadConsumers(principal.user_id, request.consumer))


def pause(request: requests.OutboxPause, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_PAUSE."""
    return RunWorkflow(workflows.PauseConsumer(principal.user_id, request.consumer, True))


def resume(request: requests.OutboxResume, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_RESUME."""
    return RunWorkflow(workflows.PauseConsumer(principal.user_id, request.consumer, False))


def replay(request: requests.OutboxReplay, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_REPLAY."""
    return RunWorkflow(workflows.ReplayConsumer(principal.user_id, request.consumer, request.from_time_ms))


def dead(request: requests.OutboxDead, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_DEAD."""
    limit = _limit(request.limit, context, LETTER_ROW_BYTES)
    return RunWorkflow(
        workflows.ReadDeadLetters(principal.user_id, request.consumer, min(request.after_id, ID_MAX), limit)
    )


def dead_retry(request: requests.OutboxDeadRetry, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_DEAD_RETRY."""
    return RunWorkflow(
        workflows.RetryDeadLetters(
            principal.user_id, request.consumer, _ids(request.letter_id), min(request.after_id, ID_MAX)
        )
    )


def dead_drop(request: requests.OutboxDeadDrop, principal: Principal, context: RequestContext) -> RunWorkflow:
    """OUTBOX_DEAD_DROP."""
    return RunWorkflow(workflows.DropDeadLetters(principal.user_id, request.consumer, _ids(request.letter_id)))


ID_MAX = (1 << 63) - 1
"""There is no greater id of a dead letter."""


def _ids(letter_id: int) -> list[int]:
    return [min(letter_id, ID_MAX)] if letter_id else []
