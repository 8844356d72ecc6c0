"""The log of a process: lines on standard error, of all that goes through the standard library's `logging` (OP-02).

Lines are rendered by log_lines.py and written by log_writer.py. Faults that nobody has caught are lines too.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rcim.base.limited_log import LimitedLog, say_counts

log = LimitedLog("rcim.loop")

SAY_S = 1.0
"""How often it is looked whether a count is to be said."""
STDERR = 2
TEXT, JSON = "text", "json"
FORMATS = TEXT, JSON


def begin_logging(level: str, form: str = TEXT, *, process: str = "server", number: int = 0) -> None:
    """Log to standard error from `level` on, in `form`. `process` and `number` say which process of the server it is;
    number 0: there is only one of that name. Once in a process, before it serves."""
    from rcim.app.log.log_lines import formatter
    from rcim.app.log.log_writer import LogWriter

    handler = LogWriter(STDERR)
    handler.setFormatter(formatter(form, process, number))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.captureWarnings(True)
    threading.excepthook = _thread_ended
    sys.unraisablehook = _unraisable


def lines_dropped() -> dict[str, int]:
    """Lines of this process's log that were not written, since the start, by reason (log_writer.REASONS)."""
    from rcim.app.log.log_writer import REASONS

    found = Counter[str](dict.fromkeys(REASONS, 0))
    for handler in logging.getLogger().handlers:
        found.update(getattr(handler, "dropped", {}))
    return dict(found)


@contextmanager
def counting(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Meanwhile, what is counted instead of logged (limited_log.py) is said in time, and faults that only the loop sees
    are counted too. At the end the rest is said."""
    timer: asyncio.TimerHandle | None = None

    def look() -> None:
        nonlocal timer
        if timer is not None:
            say_counts()
        timer = loop.call_later(SAY_S, look)

    look()
    loop.set_exception_handler(_fault)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        loop.set_exception_handler(None)
        say_counts(all_of_them=True)


def _fault(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.error("an error reached the event loop", what=context.get("message"), exc_info=context.get("exception"))


def _thread_ended(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        name = args.thread.name if args.thread is not None else None
        log.error("a thread failed", thread=name, exc_info=args.exc_value)


def _unraisable(args: sys.UnraisableHookArgs) -> None:
    log.error("an error could not be raised", what=args.err_msg, exc_info=args.exc_value)
