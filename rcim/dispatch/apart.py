"""A batch that failed for what only some of its records ask for is taken apart (ST-04).

1. Where there is room only for what makes room, LEAVE, KICK and DISSOLVE go through although sends were in their batch.
2. Where a part of the store is damaged, only those are refused who ask for that part.
3. Where a batch had events without a record in it, of sessions or of messages that are not stored, no command is refused
   because there was no room for those.

Who is not to blame, or may not be, is handled again and committed by itself; a second time nobody is.
"""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor.outcomes import Outcome
from rcim.dispatch.requests import CommandRequest
from rcim.store.backend import DamagedError, FullError
from rcim.store.shard_log import makes_room


def to_do_again(
    batch: Sequence[tuple[CommandRequest, Outcome]], error: BaseException, *, with_told: bool
) -> list[CommandRequest]:
    """The requests of a failed batch that are to be handled again, in their order; they are marked as `alone`.
    `with_told`: events that belong to no outcome were in the same commit."""
    asked = [(request, outcome) for request, outcome in batch if outcome.record is not None or outcome.events]
    if len(asked) + with_told < 2:
        return []
    if isinstance(error, FullError):
        events_alone = with_told or any(outcome.record is None for _, outcome in asked)
        again = [request for request, outcome in asked if events_alone or _makes_room(outcome)]
    elif isinstance(error, DamagedError):
        again = [request for request, _ in asked]
    else:
        again = []
    for request in again:
        request.alone = True
    return again


def _makes_room(outcome: Outcome) -> bool:
    return outcome.record is not None and all(map(makes_room, (outcome.record, *outcome.more)))
