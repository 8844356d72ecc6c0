"""What came of the reloads of a server, counted (OP-02, OP-03).

Whoever carries reloads out counts them. With gateways that is the process that starts the others, which nobody can ask
for figures: it tells the owner of the conversations, which shows them as its own (`plain`, `take`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from rcim.base import clock
from rcim.base import metrics as m
from rcim.base.meters import Figure, figure

DONE, REFUSED, BUSY, FAILED = OUTCOMES = ("done", "refused", "busy", "failed")
"""The settings that were read are in force, also if nothing was different; something was wrong, and nothing has changed;
others were under way; a fault of the server."""


class ReloadCounts:
    """See the module's text. What was read at the start is in force, and good."""

    def __init__(self, plain: dict[str, Any] | None = None) -> None:
        """`plain`: how they stand, from another process."""
        self.changed: Callable[[], None] = lambda: None
        """Called after each one that is counted here."""
        self._counts: Counter[str] = Counter()
        self._good = True
        self._good_ms = clock.wall_ms()
        if plain is not None:
            self.take(plain)

    def count(self, outcome: str) -> None:
        """One has ended with one of OUTCOMES. BUSY says nothing of the settings: one that waits has yet to read them."""
        self._counts[outcome] += 1
        if outcome == DONE:
            self._good_ms = clock.wall_ms()
        if outcome != BUSY:
            self._good = outcome == DONE
        self.changed()

    def plain(self) -> dict[str, Any]:
        """How they stand, as JSON has it."""
        return {"counts": dict(self._counts), "good": self._good, "good_ms": self._good_ms}

    def take(self, plain: dict[str, Any]) -> None:
        """They stand as another process says (`plain`)."""
        self._counts, self._good, self._good_ms = Counter(plain["counts"]), plain["good"], plain["good_ms"]

    def figures(self) -> Iterator[Figure]:
        """As metrics (Meters.add)."""
        for outcome in OUTCOMES:
            yield figure(m.RELOADS, self._counts[outcome], outcome)
        yield figure(m.RELOAD_GOOD, self._good)
        yield figure(m.RELOAD_GOOD_AT, self._good_ms / 1000)
