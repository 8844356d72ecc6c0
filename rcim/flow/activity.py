"""How many messages passed in each conversation lately: what is counted in windows of 10 s, of which the last seven are
kept. A message costs one entry of a dict; rates are computed when somebody asks.

1. What happened in the last 10 s is the window under way, and of the one before the share that is not older.
2. What is 70 s old is forgotten with its window, so only conversations that were active lately take memory.
"""

from __future__ import annotations

WINDOW_MS = 10_000
WINDOWS = 7
"""The one under way and the six before it: a minute, whenever somebody asks."""


class Activity:
    """See the module's text. Times are steady. The owner of the counts adds to `now` directly, on the way of messages:
    `activity.now[key] = activity.now.get(key, 0) + count`; and calls `turn` at least once in a window."""

    __slots__ = ("_began_ms", "_windows", "now")

    def __init__(self, now_ms: int) -> None:
        self.now: dict[str, int] = {}
        """By conversation, in the window under way."""
        self._windows: list[dict[str, int]] = [self.now] + [{} for _ in range(WINDOWS - 1)]
        self._began_ms = now_ms

    def turn(self, now_ms: int) -> int:
        """Begin a new window if it is time. Returns in how many milliseconds it is time again."""
        passed = (now_ms - self._began_ms) // WINDOW_MS
        if passed > 0:
            for _ in range(min(passed, WINDOWS)):
                self._windows.insert(0, {})
                self._windows.pop()
            self.now = self._windows[0]
            self._began_ms += passed * WINDOW_MS
        return self._began_ms + WINDOW_MS - now_ms

    def share(self, now_ms: int) -> float:
        """The share of a window that is at the end of the time asked for and not older."""
        return max(0.0, 1 - (now_ms - self._began_ms) / WINDOW_MS)

    def in_10s(self, key: str, share: float) -> int:
        """Messages in about the last 10 s; `share` is from `share`."""
        windows = self._windows
        return windows[0].get(key, 0) + round(windows[1].get(key, 0) * share)

    def in_60s(self, key: str, share: float) -> int:
        """Messages in about the last minute."""
        *whole, last = self._windows
        return sum(window.get(key, 0) for window in whole) + round(last.get(key, 0) * share)
