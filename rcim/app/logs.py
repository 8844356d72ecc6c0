"""The log of a process: lines on standard error (OP-02). What a peer has said steers no terminal and begins no line."""

from __future__ import annotations

import logging
import sys

from rcim.base.terminal import printable

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
