"""How often each thing may be asked for in a second, by key: a command, an API key."""

from __future__ import annotations

KEYS_MAX = 10_000
"""Keys that are remembered; beyond, those that could all go on at once are forgotten."""


class Rates:
    """For each key a full second's worth may come at once; after that as many as the rate allows (GCRA)."""

    def __init__(self) -> None:
        self._full_ms: dict[str, float] = {}

    def take(self, key: str, per_s: float, now_ms: float) -> float:
        """0 if one more may come now, at `now_ms` of a clock that never goes back; else how long to wait, in ms. Nothing
        is counted then. `per_s` 0: any number."""
        if not per_s:
            return 0
        step_ms = 1000 / per_s
        burst_ms = max(1000.0, step_ms)
        full_ms = max(self._full_ms.get(key, 0.0), now_ms)
        if full_ms + step_ms - now_ms > burst_ms:
            return full_ms + step_ms - now_ms - burst_ms
        if key not in self._full_ms and len(self._full_ms) >= KEYS_MAX:
            self._full_ms = {one: until for one, until in self._full_ms.items() if until > now_ms}
        self._full_ms[key] = full_ms + step_ms
        return 0
