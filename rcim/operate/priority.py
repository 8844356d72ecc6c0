"""Being in nobody's way."""

from __future__ import annotations

import contextlib
import os


def lower_priority() -> None:
    """Whatever else this machine does goes first, of the processor and of the disk."""
    import psutil

    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    with contextlib.suppress(psutil.Error, OSError, ValueError):
        psutil.Process().ionice(psutil.IOPRIO_CLASS_BE, 7)
