"""Who in this server is told what has happened, by the names under which the store knows how far each has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcim.outbox.destination import Subscription

if TYPE_CHECKING:
    from rcim.app.app_callbacks import AppCallbacks
    from rcim.app.app_message_log import AppMessageLog
    from rcim.app.push import AppPush
    from rcim.app.settings import Settings


def subscriptions_of(
    back_end: AppCallbacks | None,
    push: AppPush | None,
    message_log: AppMessageLog | None,
    settings: Settings,
    history_id: int,
) -> dict[str, Subscription]:
    """What the settings ask for (CB-02, AB-03, PU-01). A consumer is called as its section, that of a push provider
    `push.NAME`. Kept in stores: never change a name. `history_id` is that of the store."""
    found = dict(back_end.subscriptions) if back_end is not None else {}
    if push is not None:
        found |= push.subscriptions
    if message_log is not None:
        found["message_log"] = message_log.subscription
    if settings.streams:
        from rcim.app.app_streams import streams_of

        found |= streams_of(settings, history_id)
    return found
