"""Who in this server is told what has happened, by the names under which the store knows how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcim.actor.events import EventKind
from rcim.outbox.outbox import Subscription

if TYPE_CHECKING:
    from rcim.app.app_callbacks import AppCallbacks

STATE_CONSUMER = "state-change"
"""State.StateChange (ID-07). Kept in stores: never change it."""


def subscriptions_of(back_end: AppCallbacks | None) -> dict[str, Subscription]:
    """What the settings ask for (CB-02)."""
    if back_end is None or not back_end.tells_states:
        return {}
    kinds = frozenset({EventKind.SESSION_CHANGED})
    return {STATE_CONSUMER: Subscription(kinds, back_end.telling.deliver, back_end.telling.forget)}
