"""Time as the server sees it. Pure rooms take these numbers as arguments and never ask for them."""

from __future__ import annotations

import time


def wall_ms() -> int:
    """Milliseconds since 1970 (what messages carry). May step when the system's clock is set."""
    return time.time_ns() // 1_000_000


def elapsed_ms() -> int:
    """As `steady_ms`, and it goes on while the machine sleeps: to see whether the wall clock was set."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def steady_ms() -> int:
    """Milliseconds from an unknown start; never steps back. For deadlines."""
    return time.monotonic_ns() // 1_000_000
