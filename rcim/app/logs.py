"""The log of a process: lines on standard error (OP-02). What a peer has said steers no terminal and begins no line."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rcim.base.limited_log import LimitedLog, say_counts
from rcim.base.terminal import printable

log = LimitedLog("rcim.loop")

SAY_S = 1.0
"""How often it is looked whether a count is to be said."""
FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class OneLine(logging.Formatter):
    """A record is one line, and below it a traceback if it has one."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line."""
        return printable(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        """The line and the traceback."""
        return printable(super().format(record), lines=True)


def begin_logging(level: str, suffix: str = "") -> None:
    """Log to standard error from `level` on; `suffix` says which process it is."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(FORMAT + suffix))
    logging.basicConfig(level=level.upper(), handlers=[handler])


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
    log.error("%s", context.get("message", "something failed"), exc_info=context.get("exception"))
