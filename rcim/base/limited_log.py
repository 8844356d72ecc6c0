"""A log for what others can repeat without bound: strangers, users, a back end that is away, a full disk.

1. The first line of a kind is written at once. What follows within EVERY_MS is counted.
2. When that time is over, one line says the latest of it and how many there were; then the next EVERY_MS begin.
3. A kind is the text of the line before anything is put into it. These are constants of the code: so there are few.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from rcim.base import clock

EVERY_MS = 10_000

_ALL: list[LimitedLog] = []


class _Kind:
    """One kind of line: since when it is counted, and what came since."""

    __slots__ = ("args", "count", "level", "since_ms")

    def __init__(self, now_ms: int) -> None:
        self.since_ms = now_ms
        self.count = 0
        self.level = logging.INFO
        self.args: tuple[object, ...] = ()


class LimitedLog:
    """The logger `name`, as the module's text says. It may be used from any thread.

    `say_counts` has to be called now and then, or a count is only said with the next line of its kind.
    """

    def __init__(self, name: str, steady_ms: Callable[[], int] = clock.steady_ms) -> None:
        self._log = logging.getLogger(name)
        self._steady_ms = steady_ms
        self._kinds: dict[str, _Kind] = {}
        self._lock = threading.Lock()
        _ALL.append(self)

    def info(self, text: str, *args: object) -> None:
        """A line that is worth knowing."""
        self._count_or_log(logging.INFO, text, args)

    def warning(self, text: str, *args: object) -> None:
        """A line of something that may be wrong."""
        self._count_or_log(logging.WARNING, text, args)

    def error(self, text: str, *args: object, exc_info: BaseException | None = None) -> None:
        """A line of something that is wrong; the first one with the traceback of `exc_info`."""
        self._count_or_log(logging.ERROR, text, args, exc_info)

    def exception(self, text: str, *args: object) -> None:
        """A line of the exception that is being handled; the first one with its traceback."""
        self._count_or_log(logging.ERROR, text, args, True)

    def _count_or_log(self, level: int, text: str, args: tuple[object, ...], exc_info: Any = None) -> None:
        now_ms = self._steady_ms()
        with self._lock:
            self._log_due(now_ms)
            kind = self._kinds.get(text)
            if kind is not None:
                kind.count += 1
                kind.level, kind.args = level, args
                return
            self._kinds[text] = _Kind(now_ms)
        self._log.log(level, text, *args, exc_info=exc_info)

    def say_counts(self, *, all_of_them: bool = False) -> None:
        """Say what was counted and whose time is over; `all_of_them`: also what is still being counted."""
        with self._lock:
            self._log_due(self._steady_ms() + (EVERY_MS if all_of_them else 0))

    def _log_due(self, now_ms: int) -> None:
        for text, kind in list(self._kinds.items()):
            if now_ms - kind.since_ms < EVERY_MS:
                continue
            del self._kinds[text]
            if kind.count:
                self._kinds[text] = _Kind(now_ms)
                self._log.log(kind.level, text + " (%d more of these)", *kind.args, kind.count)

    def forget(self) -> None:
        """Begin anew, without a word of what was counted."""
        with self._lock:
            self._kinds.clear()


def say_counts(*, all_of_them: bool = False) -> None:
    """`LimitedLog.say_counts` of all there are."""
    for log in _ALL:
        log.say_counts(all_of_them=all_of_them)


def forget_counts() -> None:
    """`LimitedLog.forget` of all there are."""
    for log in _ALL:
        log.forget()
