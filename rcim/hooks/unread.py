"""How many unread messages a callback says that a user has."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, runtime_checkable

from rcim.hooks.profile import Facts


@runtime_checkable
class CountsUnread(Protocol):
    """Facts that know how much a user has not read."""

    def unread(self, user_id: str) -> Awaitable[int]:
        """How many messages the user has not read, over all conversations."""


async def unread_of(facts: Facts, user_id: str) -> int | None:
    """How many messages the user has not read, at the moment; None: it can't be said, and the callback goes without."""
    if not isinstance(facts, CountsUnread):
        return None
    try:
        return await facts.unread(user_id)
    except OSError:
        return None
