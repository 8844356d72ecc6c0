"""A batch that failed for what only some of its records ask for is taken apart (ST-04).

1. Where there is room only for what makes room, LEAVE, KICK and DISSOLVE go through although sends were in their batch.
2. Where a part of the store is damaged, only those are refused who ask for that part.

Who is not to blame, or may not be, is handled again and committed by itself; a second time nobody is.
"""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor.outcomes import Outcome
from rcim.dispatch.requests import CommandRequest
from rcim.store.backend import DamagedError, FullError
from rcim.store.shard_log import makes_room


def to_do_again(batch: Sequence[tuple[CommandRequest, Outcome]], error: BaseException) -> list[CommandRequest]:
    """The requests of a failed batch that are to be handled again, in their order; they are marked as `alone`."""
    asked = [(request, outcome) for request, outcome in batch if outcome.record is not None]
    if len(asked) < 2:
        return []
    if isinstance(error, FullError):
        again = [request for request, outcome in asked if _makes_room(outcome)]
    elif isinstance(error, DamagedError):
        again = [request for request, _ in asked]
    else:
        again = []
    for request in again:
        request.alone = True
    return again


def _makes_room(outcome: Outcome) -> bool:
    return outcome.record is not None and all(map(makes_room, (outcome.record, *outcome.more)))
