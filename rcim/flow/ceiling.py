"""The ceiling of deliveries of a whole server (LI-03): over it the lowest priority goes first.

Deliveries (messages times sockets) are counted by the second. The nearer a second comes to the ceiling, the fewer
priorities are still let through, so that what is left of it is there for the higher ones whenever they come. What is left
out is not delivered to anyone who is online; it keeps its SEQ and stands in history.
"""

from __future__ import annotations

from rcim.base.terms import Priority

SHARES: dict[Priority, float] = {
    Priority.HIGH: 1.0,
    Priority.NORMAL: 0.95,
    Priority.LOW: 0.85,
    Priority.LOWEST: 0.7,
}
"""Up to which share of the ceiling messages of a priority still go out in a second."""
SECOND_MS = 1000


class Ceiling:
    """At most `per_s` deliveries a second; 0 is none at all."""

    __slots__ = ("_given", "_per_s", "_second", "left_out")

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._second = -1
        self._given = 0
        self.left_out = 0
        """Deliveries that were left out so far."""

    def set_rate(self, per_s: int) -> None:
        """At most so many a second from now on."""
        self._per_s = per_s

    def admits(self, priority: Priority, sockets: int, now_ms: int) -> bool:
        """Whether a message of `priority` goes out to `sockets` sockets at `now_ms` (steady time)."""
        if not self._per_s:
            return True
        second = now_ms // SECOND_MS
        if second != self._second:
            self._second, self._given = second, 0
        if self._given + sockets > self._per_s * SHARES[priority]:
            self.left_out += sockets
            return False
        self._given += sockets
        return True
