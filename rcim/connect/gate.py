"""How many TLS handshakes are under way: the others wait in line, unread, so that a storm of connections costs the
loop no more than some milliseconds a turn (design 2.5)."""

from __future__ import annotations

from typing import Protocol


class Waiting(Protocol):
    """Who waits at the gate."""

    def handshake_turn(self) -> None: ...


class HandshakeGate:
    """First come, first served. Every method may be called for anyone at any time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: set[Waiting] = set()
        self._line: dict[Waiting, None] = {}

    def enter(self, who: Waiting) -> bool:
        """True: go on. False: `who` is in line and told by `handshake_turn`."""
        if len(self._inside) < self._most:
            self._inside.add(who)
            return True
        self._line[who] = None
        return False

    def leave(self, who: Waiting) -> None:
        """`who` is through, or gone."""
        self._line.pop(who, None)
        if who in self._inside:
            self._inside.remove(who)
            if self._line:
                first = next(iter(self._line))
                del self._line[first]
                self._inside.add(first)
                first.handshake_turn()

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return len(self._line)
