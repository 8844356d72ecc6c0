"""What a process of the server asks of the interpreter and the system."""

from __future__ import annotations

import gc
import resource

SWITCH_INTERVAL_S = 0.0005
"""How long a thread keeps the interpreter: the committer waits four times less for a busy loop."""
GC_THRESHOLD = (50_000, 20, 50)
"""Messages make little garbage with cycles; the collector looks less often than by default."""


def calm_collector() -> None:
    """Look less often for garbage with cycles, and not at all at what was made so far."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLD)


def raise_file_limit() -> int:
    """Allow this process as many open files as the system lets it; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
