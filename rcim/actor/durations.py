"""How long a mute or a block holds (SC-02, GR-11): as it is asked for, in seconds, and as it is kept, as a moment."""

from __future__ import annotations

from rcim.base.terms import PERMANENT_S

FOR_EVER_MS = (1 << 64) - 1
RETRY_MS_MAX = 0xFFFFFFFF
"""The longest wait that an error can say."""


def until_ms(seconds: int, now_ms: int) -> int:
    """When a time of `seconds` from now is over; 0 for none."""
    if seconds == 0:
        return 0
    return FOR_EVER_MS if seconds == PERMANENT_S else now_ms + seconds * 1000
