"""How long to wait before another try: a pause that doubles, with jitter, or what the destination asks for."""

from __future__ import annotations

from collections.abc import Callable


def no_jitter() -> float:
    """Every pause is as long as it says."""
    return 0.5


class Backoff:
    """Pauses from `first_s` to `max_s` seconds. `random` gives numbers from 0 to 1: a pause is up to a fifth shorter or
    longer, so that what failed together is not tried together for ever."""

    def __init__(self, first_s: float, max_s: float, random: Callable[[], float] = no_jitter) -> None:
        self.first_s = first_s
        self.max_s = max_s
        self._random = random

    def longer(self, pause_s: float) -> float:
        """The pause after `pause_s`."""
        return min(2 * pause_s, self.max_s)

    def wait_s(self, pause_s: float, asked_s: float = 0.0) -> float:
        """How long to wait, in seconds, with jitter. `asked_s`: the pause that the destination has asked for; at most
        `max_s`."""
        jittered = pause_s * (0.8 + 0.4 * self._random())
        return min(max(jittered, asked_s), self.max_s)
