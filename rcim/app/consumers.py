"""All that leaves this server, as the settings name it: callbacks, streams, message log and push (CB-04, AB-03, PU-01).

What nobody has set costs nothing: the modules of each are imported only if it is there, which takes a tenth of a second
and 20 MB for those that call others over HTTP.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rcim.actor.app_state import AppState
from rcim.app.settings import Settings
from rcim.base import metrics
from rcim.base.meters import Figure, Meters, figure
from rcim.dispatch.dispatcher import Dispatcher
from rcim.dispatch.pending_requests import AskApp
from rcim.outbox.consumer import Clock
from rcim.outbox.delivering import Times
from rcim.outbox.destination import Subscription
from rcim.outbox.facts import OwnerFacts
from rcim.outbox.outbox import Outbox
from rcim.store.store import Store

if TYPE_CHECKING:
    from rcim.app.app_callbacks import AppCallbacks
    from rcim.app.app_message_log import AppMessageLog
    from rcim.app.push import AppPush

TELL_S = 2.0
"""How long the end of the server waits for consumers of events; what is left they get after the next start."""


class Consumers:
    """See the module's text. Opening blocks; raises StoreError, and ValueError or OSError for hooks and keys that are not
    there. `start`, then `end`, then `stop`; without `start`, `stop` alone."""

    def __init__(
        self,
        settings: Settings,
        dispatcher: Dispatcher,
        store: Store,
        app_state: AppState,
        loop: asyncio.AbstractEventLoop,
        meters: Meters | None = None,
    ) -> None:
        self._meters = meters if meters is not None else Meters()
        self._settings = settings
        self._dispatcher = dispatcher
        self.back_end = self._back_end(app_state, store.history_id)
        self.push = self._push(app_state)
        self.message_log = self._message_log(store, loop)
        try:
            times = Times(dispatcher.now_ms, dispatcher.events_given_up_ms)
            clock = Clock(times, random.random)
            subscriptions = self._subscriptions(store.history_id)
            self.outbox = Outbox(store.events, subscriptions, dispatcher.writing, loop, clock)
        except BaseException:
            self._stop_log()
            raise
        dispatcher.have_outbox(self.outbox.control)
        dispatcher.metrics.add("consumers of events", lambda: self.outbox.figures(dispatcher.now_ms()))
        self._meters.add(self._figures)
        app_state.wanted_events = self.outbox.wanted

    def _back_end(self, app_state: AppState, history_id: int) -> AppCallbacks | None:
        """CB-02: whom to ask and to tell; None if nothing is asked or told. Raises ValueError for a hook that is not
        installed."""
        if not (self._settings.callbacks.commands or self._settings.receivers):
            return None
        from rcim.app.app_callbacks import AppCallbacks

        made = AppCallbacks(self._settings, OwnerFacts(self._dispatcher), history_id, self._meters)
        app_state.replace(replace(app_state.config, asks=made.asks))
        return made

    def _push(self, app_state: AppState) -> AppPush | None:
        """PU-01: who tells users on their phones; None without a provider. Raises ValueError or OSError for its key."""
        if not self._settings.push_names:
            return None
        from rcim.app import push

        asked = self.back_end.offline_receivers if self.back_end is not None else None
        hook = push.offline_hook_of(asked) if asked is not None else None
        providers = push.providers_of(self._settings)
        return push.AppPush(self._settings, providers, self._dispatcher, lambda: app_state.config, hook, self._meters)

    def _message_log(self, store: Store, loop: asyncio.AbstractEventLoop) -> AppMessageLog | None:
        """AB-03: the message log; None if none is kept."""
        if not self._settings.message_log.enabled:
            return None
        from rcim.app.app_message_log import AppMessageLog

        return AppMessageLog(self._settings, store.events, self._dispatcher, loop)

    def _subscriptions(self, history_id: int) -> dict[str, Subscription]:
        """By consumer. A consumer is called as its section, that of a push provider `push.NAME`. Kept in stores: never
        change a name."""
        found = dict(self.back_end.subscriptions) if self.back_end is not None else {}
        if self.push is not None:
            found |= self.push.subscriptions
        if self.message_log is not None:
            found["message_log"] = self.message_log.subscription
        if self._settings.streams:
            from rcim.app.app_streams import streams_of

            found |= streams_of(self._settings, history_id)
        return found

    @property
    def ask_app(self) -> AskApp | None:
        """Asks the app before something is done (CB-03); None: it is asked about nothing."""
        app = self.back_end
        return app.asking.ask if app is not None and app.asks else None

    def start(self) -> None:
        """Pass on what the previous process left, and what happens from now on."""
        if self.back_end is not None:
            self.back_end.start()
        self._dispatcher.wake_consumers(self.outbox.wake)
        self.outbox.start()
        if self.message_log is not None:
            self.message_log.start()

    def _figures(self) -> Iterator[Figure]:
        """What was asked, told, pushed and logged since the start, as metrics (OP-02)."""
        if self.back_end is not None:
            yield from self.back_end.figures()
        if self.push is not None:
            yield from self.push.figures()
        if self.message_log is not None:
            for name, count in self.message_log.subscription.destination.counted().items():
                yield figure(metrics.MESSAGE_LOG, count, name)

    def counted(self) -> dict[str, int]:
        """What was asked, told and pushed since the start (CB-02, PU-01)."""
        pushed = self.push.counted() if self.push is not None else {}
        return (self.back_end.counted() if self.back_end is not None else {}) | pushed | self.outbox.counted()

    async def end(self) -> None:
        """Pass on what there is, for TELL_S at the most; then ask and tell nobody any more."""
        await self.outbox.close(TELL_S)
        if self.back_end is not None:
            await self.back_end.close()
        if self.push is not None:
            await self.push.close()

    def stop(self) -> None:
        """End the threads."""
        self.outbox.stop()
        self._stop_log()

    def _stop_log(self) -> None:
        if self.message_log is not None:
            self.message_log.stop()
