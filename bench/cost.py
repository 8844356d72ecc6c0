"""What one call costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def cost_us(call: Callable[[], Any], seconds: float) -> float:
    """Microseconds of CPU for one call: the best of several rounds, which other processes disturb least."""
    count = 1
    while True:
        start = time.process_time()
        for _ in range(count):
            call()
        if time.process_time() - start > seconds / 10:
            break
        count *= 2
    best = float("inf")
    end = time.process_time() + seconds
    while time.process_time() < end:
        start = time.process_time()
        for _ in range(count):
            call()
        best = min(best, (time.process_time() - start) / count)
    return round(best * 1e6, 3)
