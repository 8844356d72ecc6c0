"""Requests of app administrators about what leaves the server: the consumers of the event log (CB-04)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.service.bounds import U16, U64, Text
from rcim.service.requests.kinds import Request

CONSUMER = Text(64, 1, one_line=True)


class OutboxList(Request, frozen=True, gc=False):
    """Asks for a page of the consumers, by name."""

    after: A[str, Text(64, one_line=True)] = ""
    limit: A[int, U16] = 0


class OutboxShow(Request, frozen=True, gc=False):
    """Asks how one consumer is doing."""

    consumer: A[str, CONSUMER]


class OutboxPause(Request, frozen=True, gc=False):
    """Pauses a consumer, until it is resumed."""

    consumer: A[str, CONSUMER]


class OutboxResume(Request, frozen=True, gc=False):
    """A consumer goes on, and tries at once what waits."""

    consumer: A[str, CONSUMER]


class OutboxReplay(Request, frozen=True, gc=False):
    """A consumer passes on once more what has happened since a time."""

    consumer: A[str, CONSUMER]
    from_time_ms: A[int, U64]


class OutboxDead(Request, frozen=True, gc=False):
    """Asks for a page of the dead letters of a consumer."""

    consumer: A[str, CONSUMER]
    after_id: A[int, U64] = 0
    limit: A[int, U16] = 0


class OutboxDeadRetry(Request, frozen=True, gc=False):
    """Passes a dead letter on once more, or with `letter_id` 0 those with ids greater than `after_id`."""

    consumer: A[str, CONSUMER]
    letter_id: A[int, U64] = 0
    after_id: A[int, U64] = 0


class OutboxDeadDrop(Request, frozen=True, gc=False):
    """Removes a dead letter, or with `letter_id` 0 the oldest thousand."""

    consumer: A[str, CONSUMER]
    letter_id: A[int, U64] = 0
