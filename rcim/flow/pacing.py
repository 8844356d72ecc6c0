"""How fast messages go out that very many hear and nobody waits for: system conversations and broadcasts.

So many connections are visited in a second, in portions of TURN_MAX at the most, so that a message to all takes seconds
and the messages of others go on as before.
"""

from __future__ import annotations

TICK_MS = 10
"""Portions come about so often."""
TURN_MAX = 64
"""Connections of one portion: about half a millisecond."""


class Pacer:
    """Room for visits: `per_s` of them a second, as much as comes in TICK_MS at once. Times are steady, in ms."""

    __slots__ = ("_at_ms", "_most", "_per_s", "_room")

    def __init__(self, per_s: int) -> None:
        self.set_rate(per_s)
        self._room = self._most
        """In thousandths of a visit."""
        self._at_ms = 0

    def set_rate(self, per_s: int) -> None:
        """So many visits a second from now on."""
        self._per_s = per_s
        self._most = max(per_s * TICK_MS, 1000)

    def room(self, now_ms: int) -> int:
        """The number of connections that may be visited now, in this turn of the loop."""
        self._room = min(self._most, self._room + max(0, now_ms - self._at_ms) * self._per_s)
        self._at_ms = now_ms
        return min(self._room // 1000, TURN_MAX)

    def take(self, visits: int) -> None:
        """Count visited connections, at most as many as there was room for."""
        self._room -= visits * 1000

    def wait_ms(self) -> int:
        """In how many milliseconds there is room for a whole portion."""
        wanted = min(self._most, TURN_MAX * 1000)
        return max(1, -((self._room - wanted) // self._per_s))
