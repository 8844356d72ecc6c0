"""Loggers whose lines have an event and fields, and a limit for what others can repeat without bound: strangers, users, a
back end that is away, a full disk (OP-02).

1. A line has an event, which is a constant text in plain words, and fields with what differs:
   `log.error("a commit failed", conversations=2, error=error)`. It is logged by the standard library's `logging`;
   `record.msg` is an `Event`.
2. Of a limited log the first line of a kind is written at once. What follows within EVERY_MS is counted.
3. When that time is over, one line says the latest of it and, as `suppressed`, how many others there were; then the next
   EVERY_MS begin.
4. A kind is the event's text. These are constants of the code: so there are few.
"""

from __future__ import annotations

import json
import logging
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any

from rcim.base import clock

EVERY_MS = 10_000
FIELD_CHARS_MAX = 1_000
"""Of one field of a line; the rest of the text is cut off."""
RESERVED = frozenset({"event", "exception", "level", "logger", "process", "process_number", "time"})
"""Names that every line has by itself, so that no field can be called so."""

LEVELS = {logging.INFO: "info", logging.WARNING: "warning", logging.ERROR: "error"}
"""Of lines, with their names."""

_ALL: list[LimitedLog] = []


def plain_field(value: object) -> str | int | float | bool:
    """The value as a line has it: a number, or a text of at most FIELD_CHARS_MAX characters."""
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    try:
        text = str(value)
    except Exception:  # of somebody else's class: a line about a fault is never a second one
        text = type(value).__name__
    if not text and isinstance(value, BaseException):
        text = type(value).__name__
    return text if len(text) <= FIELD_CHARS_MAX else text[: FIELD_CHARS_MAX - 3] + "..."


def shown_field(value: str | int | float | bool) -> str:
    """A field's value as a line for people has it: text in quotes if it could be mistaken for something else."""
    if not isinstance(value, str):
        return str(value)
    simple = value.isprintable() and not any(char in value for char in ' ="\\')
    return value if simple and value else json.dumps(value, ensure_ascii=False)


class Event:
    """What a line says: its `text`, and its `fields` by name. Fields that are None or empty are left out."""

    __slots__ = ("fields", "text")

    def __init__(self, text: str, fields: Mapping[str, object]) -> None:
        self.text = text
        self.fields = {
            name: plain_field(value) for name, value in fields.items() if value is not None and value != ""
        }

    def __str__(self) -> str:
        """For whoever reads lines without knowing of fields, such as an app with the SDK."""
        return " ".join([self.text, *(f"{name}={shown_field(value)}" for name, value in self.fields.items())])


class Log:
    """The logger `name`. It may be used from any thread."""

    def __init__(self, name: str) -> None:
        self._log = logging.getLogger(name)

    def info(self, event: str, /, **fields: object) -> None:
        """A line that is worth knowing."""
        self._line(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """A line of something that may be wrong."""
        self._line(logging.WARNING, event, fields)

    def error(self, event: str, /, *, exc_info: Any = None, **fields: object) -> None:
        """A line of something that is wrong, with the traceback of `exc_info`."""
        self._line(logging.ERROR, event, fields, exc_info)

    def exception(self, event: str, /, **fields: object) -> None:
        """A line of the exception that is being handled, with its traceback."""
        self._line(logging.ERROR, event, fields, True)

    def _line(self, level: int, event: str, fields: Mapping[str, object], exc_info: Any = None) -> None:
        if self._log.isEnabledFor(level):
            self._log.log(level, Event(event, fields), exc_info=exc_info)


class _Kind:
    """One kind of line: since when it is counted, and what came since."""

    __slots__ = ("count", "fields", "level", "since_ms")

    def __init__(self, now_ms: int) -> None:
        self.since_ms = now_ms
        self.count = 0
        self.level = logging.INFO
        self.fields: Mapping[str, object] = {}


class LimitedLog(Log):
    """The logger `name`, as the module's text says; only the first line of a kind has a traceback.

    `say_counts` has to be called now and then, or a count is only said with the next line of its kind.
    """

    def __init__(self, name: str, steady_ms: Callable[[], int] = clock.steady_ms) -> None:
        super().__init__(name)
        self._steady_ms = steady_ms
        self._kinds: dict[str, _Kind] = {}
        self.suppressed = dict.fromkeys(LEVELS, 0)
        """Lines that were counted instead of written, since the start, by level."""
        self._lock = threading.RLock()
        """Taken again by its own thread: the garbage collector may run while it is held, and find a fault to log."""
        _ALL.append(self)

    def _line(self, level: int, event: str, fields: Mapping[str, object], exc_info: Any = None) -> None:
        now_ms = self._steady_ms()
        with self._lock:
            self._log_due(now_ms)
            kind = self._kinds.get(event)
            if kind is not None:
                kind.count += 1
                self.suppressed[level] += 1
                kind.level, kind.fields = level, fields
                return
            self._kinds[event] = _Kind(now_ms)
        super()._line(level, event, fields, exc_info)

    def say_counts(self, *, all_of_them: bool = False) -> None:
        """Say what was counted and whose time is over; `all_of_them`: also what is still being counted."""
        with self._lock:
            self._log_due(self._steady_ms() + (EVERY_MS if all_of_them else 0))

    def _log_due(self, now_ms: int) -> None:
        for event, kind in list(self._kinds.items()):
            if now_ms - kind.since_ms < EVERY_MS:
                continue
            if self._kinds.get(event) is not kind:  # said meanwhile, by a line that came while another was written
                continue
            del self._kinds[event]
            if kind.count:
                self._kinds[event] = _Kind(now_ms)
                super()._line(kind.level, event, {**kind.fields, "suppressed": kind.count})

    def forget(self) -> None:
        """Begin anew, without a word of what was counted."""
        with self._lock:
            self._kinds.clear()


def say_counts(*, all_of_them: bool = False) -> None:
    """`LimitedLog.say_counts` of all there are."""
    for log in _ALL:
        log.say_counts(all_of_them=all_of_them)


def lines_suppressed() -> dict[str, int]:
    """Lines of this process that were counted instead of written, since the start, by the name of their level."""
    return {name: sum(log.suppressed[level] for log in _ALL) for level, name in LEVELS.items()}


def forget_counts() -> None:
    """`LimitedLog.forget` of all there are."""
    for log in _ALL:
        log.forget()
