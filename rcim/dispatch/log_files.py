"""Who has the files of the message log (AB-03): an interface, so that the dispatcher knows nothing of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rcim.actor.log_queries import LogQuery
from rcim.actor.outcomes import AnyResult, Refused
from rcim.base.errors import MESSAGE_LOG_OFF
from rcim.store.answers import Answer

Done = Callable[[AnyResult | Answer], None]


class LogFiles(Protocol):
    """See the module's text. It is used from the loop, and calls `done` once, now or later."""

    def ask(self, query: LogQuery, done: Done) -> None:
        """Answer a query."""

    def expire(self, before: str, done: Done, *, only: bool = False) -> None:
        """Remove the files of before this hour, or only those of this hour; answers how many log files went."""


class NoLogFiles:
    """No message log is kept."""

    def ask(self, query: LogQuery, done: Done) -> None:
        """See LogFiles."""
        done(Refused(MESSAGE_LOG_OFF, MESSAGE_LOG_OFF.meaning))

    def expire(self, before: str, done: Done, *, only: bool = False) -> None:
        """See LogFiles."""
        done(Refused(MESSAGE_LOG_OFF, MESSAGE_LOG_OFF.meaning))
