"""How long messages of one conversation wait to go out together (FC-06, and what one delivery costs).

A pass over N sockets costs N writes, whatever they carry. So a pass begins at once if the conversation was quiet,
and otherwise not before a slice after the last pass began: small rooms never wait, large ones pay a write for
several messages instead of a write for each.
"""

from __future__ import annotations

SLICES_MS: tuple[tuple[int, int], ...] = ((200, 0), (500, 10), (1000, 25), (2500, 50), (5000, 100), (10_000, 200))
"""(up to so many sockets, milliseconds from the beginning of one pass to the beginning of the next)."""
SLICE_MS_MAX = 250
"""For still larger rooms."""


def slice_ms(sockets: int) -> int:
    """The least time between the beginnings of two passes over `sockets` sockets."""
    for most, wait in SLICES_MS:
        if sockets <= most:
            return wait
    return SLICE_MS_MAX
