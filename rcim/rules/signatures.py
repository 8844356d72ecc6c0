"""ID-09: from when on UserSigs count, after those before were invalidated."""

from __future__ import annotations

FUTURE_MS = 86_400_000
"""What is further after the wall clock than this was stamped by one that was ahead."""


def counts_from(valid_from_ms: int, invalidated_ms: int, wall_ms: int) -> int:
    """The time from which on UserSigs have to be dated. A `valid_from_ms` that was set while the wall clock was ahead
    does not keep the user out until then: it counts from `invalidated_ms`, when it was set, as the server took the time;
    but only once the wall clock is back, since until then a login takes UserSigs that are dated ahead."""
    if valid_from_ms > wall_ms + FUTURE_MS:
        return invalidated_ms or valid_from_ms
    return valid_from_ms
