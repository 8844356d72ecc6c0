"""Lowering the priority of a process, so that it does not slow down the server."""

from __future__ import annotations

import contextlib
import os


def lower_priority() -> None:
    """Whatever else this machine does goes first, of the processor and of the disk. To be called before anything else is
    imported or done: a start of Python takes 0.3 s of a processor."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    with contextlib.suppress(OSError, AttributeError):
        # It takes the processor from nobody when it wakes up. Not SCHED_IDLE: on a machine whose processors are all busy
        # a backup of 2 MiB took 40 s with that, and 9 s with this, and meanwhile it can hold LMDB's lock of the readers.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    import psutil

    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)
