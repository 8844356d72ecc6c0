"""Damage found while the server runs: counted, named in the log, and reported for the next start (ST-03)."""

from __future__ import annotations

from collections.abc import Callable

from rcim.base.limited_log import Log
from rcim.store.faults import DamagedError

log = Log("rcim.store")

NAMED_MAX = 1000
"""How many are named in the log, each once: more would say nothing new."""


class Noticing:
    """See the module's text. Called from the writing and the reading thread."""

    def __init__(self) -> None:
        self.count = 0
        """How often data was refused or left out because of damage, since the start."""
        self.first: Callable[[], None] = _nothing
        """Called once, with the first one."""
        self._named: set[str] = set()

    def note(self, what: str, error: BaseException) -> None:
        """If the error reports damage, count it: `what` could not be done because of it."""
        if not isinstance(error, DamagedError):
            return
        self.count += 1
        text = f"{what}: {error}"
        if text in self._named or len(self._named) >= NAMED_MAX:
            return
        if not self._named:
            self.first()
        self._named.add(text)
        log.error("the store is damaged", damage=text)


def _nothing() -> None:
    """Nobody wants to know."""
