"""How often each thing may be asked for in a second, by key: a command, an API key."""

from __future__ import annotations

from functools import lru_cache

from rcim.flow.buckets import Rate

KEYS_MAX = 10_000
"""Keys that are remembered; beyond, those that could all go on at once are forgotten."""
SECOND_MS = 1000


@lru_cache(1024)
def _rate(per_s: int) -> Rate:
    return Rate(per_s, SECOND_MS)


class Rates:
    """For each key a full second's worth may come at once; after that as many as the rate allows (buckets.py)."""

    def __init__(self) -> None:
        self._full_ms: dict[str, float] = {}

    def take(self, key: str, per_s: int, now_ms: int) -> int:
        """0 if one more may come now, at `now_ms` of a clock that never goes back; else how long to wait, in ms. Nothing
        is counted then. `per_s` 0: any number."""
        rate = _rate(per_s)
        if not rate.limited:
            return 0
        full_ms, wait_ms = rate.take(self._full_ms.get(key, 0.0), now_ms)
        if wait_ms:
            return wait_ms
        if key not in self._full_ms and len(self._full_ms) >= KEYS_MAX:
            self._full_ms = {one: until for one, until in self._full_ms.items() if until > now_ms}
        self._full_ms[key] = full_ms
        return 0
