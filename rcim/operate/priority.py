"""Being in nobody's way."""

from __future__ import annotations

import contextlib
import os


def lower_priority() -> None:
    """Whatever else this machine does goes first, of the processor and of the disk."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    with contextlib.suppress(OSError, AttributeError):  # it gets what is left over, also beside others of priority 19
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    import psutil

    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)
