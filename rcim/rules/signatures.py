"""ID-09: from when on UserSigs count, after those before were invalidated.

1. Times in UserSigs are whole seconds. After an invalidation they count from the next second on: one that is made then is
   good at once, and one of the same second, which may have been made before, never is.
2. The clock of who makes them may be ahead of the server's (USERSIG_AHEAD_S at the most): what it made before an
   invalidation is then dated after it. How far it is ahead shows in the logins of the last hour or two (`SigningLead`),
   and UserSigs count from so much later on. With clocks that agree that is nothing.
"""

from __future__ import annotations

LEAD_KEPT_MS = 3_600_000
"""How long a lead counts, at the least; it is forgotten after twice as long."""
FUTURE_MS = 86_400_000
"""What is further after the wall clock than this was stamped by one that was ahead."""


def counts_from(valid_from_ms: int, invalidated_ms: int, wall_ms: int) -> int:
    """The time from which on UserSigs have to be dated. A `valid_from_ms` that was set while the wall clock was ahead
    does not keep the user out until then: it counts from `invalidated_ms`, when it was set, as the server took the time;
    but only once the wall clock is back, since until then a login takes UserSigs that are dated ahead."""
    if valid_from_ms > wall_ms + FUTURE_MS:
        return invalidated_ms or valid_from_ms
    return valid_from_ms


class SigningLead:
    """How far the UserSigs that were logged in with lately were dated ahead of the server's clock."""

    __slots__ = ("_before_ms", "_lead_ms", "_since_ms")

    def __init__(self) -> None:
        self._lead_ms = self._before_ms = 0
        self._since_ms = 0

    def _turn(self, wall_ms: int) -> None:
        gone_ms = wall_ms - self._since_ms
        if 0 <= gone_ms < LEAD_KEPT_MS:
            return
        self._before_ms = self._lead_ms if 0 <= gone_ms < 2 * LEAD_KEPT_MS else 0
        self._lead_ms, self._since_ms = 0, wall_ms

    def note(self, signed_ms: int, wall_ms: int) -> None:
        """At `wall_ms` somebody logs in with a UserSig that is dated `signed_ms`, and good."""
        self._turn(wall_ms)
        self._lead_ms = max(self._lead_ms, signed_ms - wall_ms)

    def valid_from_ms(self, wall_ms: int) -> int:
        """From when on UserSigs are to be dated after those before `wall_ms` were invalidated: a whole second."""
        self._turn(wall_ms)
        lead_ms = max(self._lead_ms, self._before_ms)
        return ((wall_ms + lead_ms) // 1000 + 1) * 1000


def refused_as(signed_ms: int, valid_from_ms: int) -> str:
    """What is wrong with a UserSig dated `signed_ms`, and which one is good."""
    return (
        f"TLS.time {signed_ms // 1000}: the user's UserSigs were invalidated, and count from TLS.time "
        f"{valid_from_ms // 1000} on; get a new one"
    )
