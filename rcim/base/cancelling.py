"""Who was cancelled: this task, or something that it waits for."""

from __future__ import annotations

import asyncio


def is_cancelled() -> bool:
    """True if it is the current task that is to end. Where it is not, CancelledError is a fault of what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
