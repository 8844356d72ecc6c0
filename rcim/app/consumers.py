"""Who in this server is told what has happened, by the names under which the store knows how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcim.outbox.destination import Subscription

if TYPE_CHECKING:
    from rcim.app.app_callbacks import AppCallbacks
    from rcim.app.push import AppPush


def subscriptions_of(back_end: AppCallbacks | None, push: AppPush | None = None) -> dict[str, Subscription]:
    """What the settings ask for (CB-02, PU-01). A consumer is called as its section, that of a push provider
    `push.NAME`. Kept in stores: never change a name."""
    told = back_end.subscriptions if back_end is not None else {}
    return told | (push.subscriptions if push is not None else {})
