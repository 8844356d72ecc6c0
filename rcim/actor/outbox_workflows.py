"""Workflows about the consumers of the event log (CB-04), for app administrators."""

from __future__ import annotations

from rcim.actor.workflow import Workflow


class ReadConsumers(Workflow, frozen=True, gc=False):
    """All consumers with names after `after`, up to `limit`; or, if `consumer` is not empty, that one."""

    consumer: str
    after: str = ""
    limit: int = 1


class PauseConsumer(Workflow, frozen=True, gc=False):
    """A consumer gives nothing on, or goes on."""

    consumer: str
    paused: bool


class ReplayConsumer(Workflow, frozen=True, gc=False):
    """A consumer gives on once more what has happened since a time, in milliseconds since 1970."""

    consumer: str
    from_ms: int


class ReadDeadLetters(Workflow, frozen=True, gc=False):
    """Up to `limit` dead letters of a consumer with ids greater than `after`."""

    consumer: str
    after: int
    limit: int


class RetryDeadLetters(Workflow, frozen=True, gc=False):
    """Give these dead letters of a consumer on once more; none: all with ids greater than `after`, as many as it takes a
    few seconds."""

    consumer: str
    ids: list[int]
    after: int


class DropDeadLetters(Workflow, frozen=True, gc=False):
    """Remove these dead letters of a consumer; none: the oldest thousand."""

    consumer: str
    ids: list[int]


OutboxWorkflow = ReadConsumers | PauseConsumer | ReplayConsumer | ReadDeadLetters | RetryDeadLetters | DropDeadLetters
