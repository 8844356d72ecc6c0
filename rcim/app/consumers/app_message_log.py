"""The message log that the settings name, as a consumer of the event log (AB-03)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rcim.actor.events import EventKind
from rcim.app.settings.all_settings import Settings
from rcim.base.ids import SHARDS
from rcim.dispatch.dispatcher import Dispatcher
from rcim.dispatch.worker import Worker
from rcim.outbox.destination import Subscription
from rcim.outbox.message_log.message_log import MessageLog
from rcim.outbox.message_log.serving import LogServing
from rcim.rules.conditions import Conditions
from rcim.store.event_log import EventLog

NAME = "message_log"
"""Of the consumer: that of its section. Kept in stores: never change it."""
KINDS = frozenset({EventKind.MESSAGE_PASSED, EventKind.BROADCAST_SENT})


class AppMessageLog:
    """`subscription` is the consumer's. `start` and `stop` belong to the node; the consumer closes what writes."""

    def __init__(
        self, settings: Settings, events: EventLog, dispatcher: Dispatcher, loop: asyncio.AbstractEventLoop
    ) -> None:
        own = settings.message_log
        folder = Path(own.folder) if own.folder else Path(settings.server.data) / "message-log"
        self._log = MessageLog(
            folder,
            own.keep_days,
            progress=_Progress(events),
            clock=lambda: dispatcher.time,
            worker=Worker(loop, "rcim-message-log"),
        )
        self._serving = LogServing(self._log.folder, loop)
        dispatcher.delegates.log(self._serving)
        self.subscription = Subscription(KINDS, self._log, Conditions(frozenset(own.conversations)))

    def start(self) -> None:
        """Begin to close hours."""
        self._log.start()

    def stop(self) -> None:
        """Answer no more queries."""
        self._serving.stop()


class _Progress:
    """How far the consumer has come (outbox.message_log.Progress)."""

    def __init__(self, events: EventLog) -> None:
        self._events = events

    def following(self) -> tuple[int, ...]:
        return self._events.following()

    def taken(self) -> tuple[int, ...]:
        return self._events.consumers().get(NAME, (0,) * SHARDS)
