"""Being in nobody's way."""

from __future__ import annotations

import contextlib
import os


def lower_priority() -> None:
    """Whatever else this machine does goes first, of the processor and of the disk. To be called before anything else is
    imported or done: a start of Python takes 0.3 s of a processor."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    with contextlib.suppress(
        OSError, AttributeError
    ):  # whoever wakes up takes the processor at once, and not after a slice
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    import psutil

    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)
