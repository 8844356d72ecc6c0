"""When the members of one conversation are written to (FC-06, and what one delivery costs).

A round visits every socket of a conversation once and gives each what has come since it was visited last. A visit costs
a write, whatever it carries. So a round begins at once if the conversation was quiet, and otherwise not before a slice
after the last round began: small rooms never wait, large ones pay a write for several messages instead of a write for
each. What comes in the middle of a round goes out with it to those who have not been visited yet: nobody waits for
longer than a slice, wherever it stands in the order.
"""

from __future__ import annotations

SLICES_MS: tuple[tuple[int, int], ...] = ((200, 0), (500, 25), (1000, 50), (2500, 75), (5000, 100), (10_000, 200))
"""(up to so many sockets, milliseconds from the beginning of one round to the beginning of the next)."""
SLICE_MS_MAX = 250
"""For still larger rooms."""
GATHER_MS_MAX = 1000
ENOUGH = 16
"""So many messages in one write make it cheap enough: waiting for more saves little, and the round begins."""


def slice_ms(sockets: int) -> int:
    """The least time between the beginnings of two rounds over `sockets` sockets."""
    for most, wait in SLICES_MS:
        if sockets <= most:
            return wait
    return SLICE_MS_MAX


def wait_ms(sockets: int, since_ms: int, waiting: int) -> int:
    """How long the next round over `sockets` sockets waits, `since_ms` after the last one began, with `waiting`
    messages that somebody has not got. 0: it begins now."""
    if waiting >= ENOUGH:
        return 0
    return max(0, slice_ms(sockets) - since_ms)


def gather_ms(sockets: int) -> int:
    """How long changes of a conversation with so many sockets are gathered: not at all up to 50, a second from 1,000."""
    return 0 if sockets <= 50 else min(sockets, GATHER_MS_MAX)
