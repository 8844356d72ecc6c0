"""How values are shown: short, in columns that don't jump, and nothing that steers a terminal."""

from __future__ import annotations

import time

from rcim.base.terminal import printable

UNKNOWN = "-"
THOUSANDS = (("G", 1e9), ("M", 1e6), ("k", 1e3))
BINARY = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))


def count(value: float) -> str:
    """A number in at most six characters or so: 12,345 up to 99,999, then 123k."""
    if value >= 100_000:
        unit, size = next((unit, size) for unit, size in THOUSANDS if value >= size)
        return f"{value / size:.0f}{unit}" if value / size >= 100 else f"{value / size:.1f}{unit}"
    return f"{value:,.0f}"


def rate(value: float | None) -> str:
    """So many a second."""
    if value is None:
        return UNKNOWN
    return f"{value:.1f}" if 0 < value < 100 else count(value)


def size(value: float) -> str:
    """Bytes."""
    for unit, least in BINARY:
        if value >= least:
            return f"{value / least:.1f} {unit}"
    return f"{value:.0f} B"


def duration(ms: float) -> str:
    """In its two largest units; below a second in milliseconds."""
    left = max(0, round(ms))
    if left < 1000:
        return f"{left}ms" if left else "0s"
    parts: list[str] = []
    for unit, size_ms in UNITS:
        many, left = divmod(left, size_ms)
        if many or parts:
            parts.append(f"{many}{unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)


def age(moment_ms: int) -> str:
    """How long ago a point in time is; empty: never."""
    return duration(time.time() * 1000 - moment_ms) if moment_ms else ""


def shown(text: str, most: int = 200) -> str:
    """Text of users: cut, and with `?` for what steers a terminal."""
    safe = printable(text)
    return safe if len(safe) <= most else safe[: most - 1] + "…"
