"""TLS handshakes in turn: so many steps in one turn of the loop, the others in line and unread, so that a storm of
connections costs the loop some milliseconds at a time and no more (design 2.5). Who waits for its peer holds no place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol


class Waiting(Protocol):
    """Who has something to do for its handshake."""

    def handshake_step(self) -> None: ...


class HandshakeGate:
    """First come, first served. `call_soon` runs a function in the loop's next turn."""

    def __init__(self, steps_per_turn: int, call_soon: Callable[[Callable[[], None]], Any]) -> None:
        self._steps = steps_per_turn
        self._call_soon = call_soon
        self._line: deque[Waiting] = deque()
        self._due = False

    def ask(self, who: Waiting) -> None:
        """`who` gets its `handshake_step`, at the earliest in the loop's next turn."""
        self._line.append(who)
        if not self._due:
            self._due = True
            self._call_soon(self._turn)

    def _turn(self) -> None:
        self._due = False
        try:
            for _ in range(min(self._steps, len(self._line))):
                self._line.popleft().handshake_step()
        finally:
            if self._line and not self._due:
                self._due = True
                self._call_soon(self._turn)

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return len(self._line)
