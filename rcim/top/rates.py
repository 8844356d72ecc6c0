"""Rates: differences of the server's counters over the time that has passed between two samples."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

HISTORY = 60
"""Rates that are kept of each counter."""
BARS = "▁▂▃▄▅▆▇█"
UPTIME = "uptime_ms"


class Rates:
    """Of all counters, a second. A counter that has become smaller was set back (a server or a gateway has started
    again): then its rate is unknown once, and never negative."""

    def __init__(self) -> None:
        self._at = 0.0
        self._before: Mapping[str, int] = {}
        self._now: dict[str, float] = {}
        self._history: dict[str, deque[float]] = {}
        self.restarts = 0
        """How many times the server was seen to have started again."""

    def add(self, counters: Mapping[str, int], at: float) -> None:
        """A sample, taken at `at` (seconds, of a clock that is never set back)."""
        passed = at - self._at
        restarted = counters.get(UPTIME, 0) < self._before.get(UPTIME, 0)
        self.restarts += restarted
        self._now = {}
        if self._before and passed > 0 and not restarted:
            for name, value in counters.items():
                before = self._before.get(name)
                if before is not None and value >= before:
                    rate = self._now[name] = (value - before) / passed
                    self._history.setdefault(name, deque(maxlen=HISTORY)).append(rate)
        self._before, self._at = dict(counters), at

    def of(self, name: str) -> float | None:
        """How many a second between the last two samples; None: it is not known."""
        return self._now.get(name)

    def history(self, name: str) -> Sequence[float]:
        """The last HISTORY rates, the newest last."""
        return self._history.get(name, ())


def sparkline(values: Sequence[float], width: int) -> str:
    """The last `width` values as bars, as high as the highest of them."""
    shown = list(values)[-width:] if width > 0 else []
    most = max(shown, default=0.0)
    if most <= 0:
        return BARS[0] * len(shown)
    return "".join(BARS[min(len(BARS) - 1, int(value / most * (len(BARS) - 1) + 0.5))] for value in shown)
