"""Guests of groups that were closed to them are let go (ID-06): after a change of a group, or of a type of groups.

The group's actor looks itself whether it is closed, and lets some go at a time; it says so when there are more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rcim.actor.commands import DropGuests
from rcim.actor.outcomes import Refused
from rcim.base.ids import SYSTEM_USER
from rcim.base.limited_log import LimitedLog
from rcim.dispatch.requests import CommandRequest, Request

log = LimitedLog("rcim.dispatch")


class Closing:
    """See the module's text; the ReplyTo of its commands. `submit` is the dispatcher's."""

    def __init__(self, submit: Callable[[CommandRequest], bool]) -> None:
        self._submit = submit

    def look_at(self, keys: Iterable[str]) -> None:
        """Let the groups with these keys look whether they are still open to guests."""
        for key in keys:
            # If there is no room, `mailbox_drained` asks again.
            self._submit(Request(key, DropGuests(SYSTEM_USER, True), self, 0))

    def answer(self, token: int, result: Any) -> None:
        """Nothing is left to do: if there are more guests, the group has said so by an effect."""
        if isinstance(result, Refused):
            log.error("removing guests failed", error=result.detail)

    def mailbox_drained(self, key: str) -> None:
        """There is room again (ReplyTo)."""
        self.look_at([key])
