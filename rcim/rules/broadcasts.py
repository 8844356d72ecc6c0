"""What a user sees of the broadcasts of the app (SY-03, SY-04, SY-06): the one place that decides it. The actor and the
store ask here, with plain values; who has the connections asks targets.py, since all else is right for who is online.

1. A broadcast with a target is for the users whose labels match it at the moment at which it is looked at: when it is
   delivered, for who is online; at a sync or in history, the labels of then.
2. It is an offline message until it expires: until then it counts as unread and comes with a sync. It stays in history.
3. A user gets what was sent after their account was there, and of what was sent before only the newest that had not
   expired at that moment and is for them. Of accounts of which that is not known, everything.
4. A broadcast for those who are online only expires at its own time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rcim.base.errors import BROADCAST_LIMIT, RcimError
from rcim.rules.targets import NO_LABELS, Labels, Target, matches

DAY_S = 86_400
HOUR_MS = 3_600_000
DAY_MS = DAY_S * 1000
EXPIRES_S_DEFAULT = 7 * DAY_S
EXPIRES_S_MAX = 30 * DAY_S
KEPT_MS = EXPIRES_S_MAX * 1000
"""What is older than this has expired."""

TIMES_MAX = 10_000
"""Broadcasts of a day that are counted: as many as may be sent in a day, where that is bounded."""


class Viewer(NamedTuple):
    """A user who looks at broadcasts."""

    created_ms: int = 0
    """When the account was there first; 0: it is not known."""
    labels: Labels = NO_LABELS
    first_seq: int = 0
    """The SEQ of the newest broadcast of before that (`first_seen`), or of the first one since; 0: there is none of
    before, or it does not matter."""


def expires_at(time_ms: int, expires_s: int) -> int:
    """When a broadcast of `time_ms` with so many seconds to live expires."""
    return time_ms + expires_s * 1000


def is_expired(expires_ms: int, now_ms: int) -> bool:
    """SY-06: True if it is an offline message no more. `expires_ms` 0: it never expires."""
    return 0 < expires_ms <= now_ms


def is_welcome(expires_ms: int, target: Target | None, viewer: Viewer) -> bool:
    """True if a broadcast of before the viewer's account is one that a new user gets, if it is the newest of them."""
    return not is_expired(expires_ms, viewer.created_ms) and matches(target, viewer.labels)


def is_shown(seq: int, time_ms: int, target: Target | None, viewer: Viewer) -> bool:
    """True if the broadcast is in the viewer's history."""
    if not matches(target, viewer.labels):
        return False
    return time_ms >= viewer.created_ms or seq == viewer.first_seq


def is_offline_message(
    seq: int, time_ms: int, target: Target | None, viewer: Viewer, *, expires_ms: int, now_ms: int
) -> bool:
    """True if the broadcast is shown to the viewer, and still counts as unread."""
    return not is_expired(expires_ms, now_ms) and is_shown(seq, time_ms, target, viewer)


# -- how many


def remaining(times_ms: Iterable[int], now_ms: int, *, per_hour: int, per_day: int) -> int:
    """SY-03, SY-04: how many more broadcasts may be sent in the 24 hours up to `now_ms`, this one among them.
    `times_ms` are those of the last 24 hours; a bound of 0 is none, and without a bound for the day the answer is how
    many of the hour are left, or -1 if nothing is bounded. Raises RcimError(BROADCAST_LIMIT), with how long to wait."""
    times = sorted(time for time in times_ms if time > now_ms - DAY_MS)
    of_hour = [time for time in times if time > now_ms - HOUR_MS]
    waits = []
    if per_day and len(times) >= per_day:
        waits.append(times[len(times) - per_day] + DAY_MS - now_ms)
    if per_hour and len(of_hour) >= per_hour:
        waits.append(of_hour[len(of_hour) - per_hour] + HOUR_MS - now_ms)
    if waits:
        text = (
            f"{len(times)} broadcasts in 24 hours, {len(of_hour)} of them in the last hour: no more may be sent now"
        )
        raise RcimError(BROADCAST_LIMIT, text, max(waits))
    if per_day:
        return per_day - len(times)
    return per_hour - len(of_hour) if per_hour else -1
