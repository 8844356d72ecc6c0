"""Who knows how the owner of the conversations is doing (OP-04)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rcim.store.health import HealthRow


class HealthSource(Protocol):
    """The checks of the owner's process."""

    def ask(self, seen: Sequence[HealthRow], done: Callable[[list[HealthRow]], None]) -> None:
        """`done` gets the owner's checks, within a second. `seen` are those of the processes that hold connections."""


class NoHealth:
    """Where nobody has set any up, as in tests of the dispatcher."""

    def ask(self, seen: Sequence[HealthRow], done: Callable[[list[HealthRow]], None]) -> None:
        done([])
