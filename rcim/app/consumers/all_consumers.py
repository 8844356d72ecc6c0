"""All that leaves this server, as the settings name it: callbacks, streams, message log and push (CB-04, AB-03, PU-01).

What nobody has set costs nothing: the modules of each are imported only if it is there, which takes a tenth of a second
and 20 MB for those that call others over HTTP.
"""

from __future__ import annotations

import asyncio
import importlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rcim.actor.app_state import AppState
from rcim.actor.before_kinds import BeforeKind
from rcim.app.settings.all_settings import Settings
from rcim.base import metrics
from rcim.base.limited_log import Log
from rcim.base.meters import Figure, Meters, figure
from rcim.dispatch.dispatcher import Dispatcher
from rcim.dispatch.pending_requests import AskApp
from rcim.outbox.consumer import Clock
from rcim.outbox.delivering import Times
from rcim.outbox.destination import Subscription
from rcim.outbox.facts import OwnerFacts
from rcim.outbox.outbox import Outbox
from rcim.rules.conditions import Conditions
from rcim.store.faults import StoreError
from rcim.store.store import Store

if TYPE_CHECKING:
    from rcim.app.consumers.app_callbacks import AppCallbacks
    from rcim.app.consumers.app_message_log import AppMessageLog
    from rcim.app.consumers.push import AppPush
    from rcim.app.tracing.traces import MessageTraces

log = Log("rcim.outbox")

TELL_S = 2.0
"""How long the end of the server, or of a consumer that a reload changes, waits for events to be passed on; what is left
is passed on after the next start, or by the consumer that takes its place."""
AGAIN_S = 1.0
"""Before consumers are begun again whose state the store could not read."""


@dataclass
class Exchange:
    """OP-03: what takes the place of what, made and not yet in force. Nothing of it has connected to anything."""

    settings: Settings
    back_end: AppCallbacks | None
    push: AppPush | None
    ended: frozenset[str]
    """Names of the consumers that end."""
    begun: dict[str, Subscription]
    changes_back_end: bool
    changes_push: bool

    @property
    def asks(self) -> dict[BeforeKind, list[Conditions]]:
        """What the app is asked about."""
        return self.back_end.asks if self.back_end is not None else {}

    async def drop(self) -> None:
        """It does not come into force."""
        if self.changes_back_end and self.back_end is not None:
            await self.back_end.close()
        if self.changes_push and self.push is not None:
            await self.push.close()


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
        traces: MessageTraces | None = None,
        meters: Meters | None = None,
    ) -> None:
        self._meters = meters if meters is not None else Meters()
        self._settings = settings
        self._dispatcher = dispatcher
        self._app_state = app_state
        self._history_id = store.history_id
        self._traces = traces
        self._began_s = loop.time()
        self._exchanging: asyncio.Task[None] | None = None
        self._counted_before: Counter[str] = Counter()
        """Counts of what a reload has ended."""
        self.back_end = self._back_end(settings)
        if self.back_end is not None:
            app_state.replace(replace(app_state.config, asks=self.back_end.asks))
        self.push = self._push(settings, self.back_end)
        self.message_log = self._message_log(store, loop)
        try:
            times = Times(dispatcher.now_ms, dispatcher.events_given_up_ms)
            clock = Clock(times, random.random)
            self.outbox = Outbox(
                store.events, _traced(self._subscriptions(), traces), dispatcher.writing, loop, clock
            )
        except BaseException:
            self._stop_log()
            raise
        dispatcher.delegates.outbox(self.outbox.control)
        dispatcher.metrics.add("consumers of events", lambda: self.outbox.figures(dispatcher.now_ms()))
        self._meters.add(self._figures)
        app_state.wanted_events = self.outbox.wanted

    def _back_end(self, settings: Settings) -> AppCallbacks | None:
        """CB-02: whom to ask and to tell; None if nothing is asked or told. Raises ValueError for a hook that is not
        installed."""
        if not (settings.callbacks.commands or settings.receivers):
            return None
        from rcim.app.consumers.app_callbacks import AppCallbacks

        return AppCallbacks(settings, OwnerFacts(self._dispatcher), self._history_id, self._meters)

    def _push(self, settings: Settings, back_end: AppCallbacks | None) -> AppPush | None:
        """PU-01: who tells users on their phones; None without a provider. Raises ValueError or OSError for its key."""
        if not settings.push_names:
            return None
        from rcim.app.consumers import push

        asked = back_end.offline_receivers if back_end is not None else None
        hook = push.offline_hook_of(asked) if asked is not None else None
        providers = push.providers_of(settings)
        return push.AppPush(
            settings,
            providers,
            self._dispatcher,
            lambda: self._app_state.config,
            hook,
            self._meters,
            began_s=self._began_s,
        )

    def _message_log(self, store: Store, loop: asyncio.AbstractEventLoop) -> AppMessageLog | None:
        """AB-03: the message log; None if none is kept."""
        if not self._settings.message_log.enabled:
            return None
        from rcim.app.consumers.app_message_log import AppMessageLog

        return AppMessageLog(self._settings, store.events, self._dispatcher, loop)

    def _subscriptions(self) -> dict[str, Subscription]:
        """By consumer. A consumer is called as its section, that of a push provider `push.NAME`. Kept in stores: never
        change a name."""
        found = dict(self.back_end.subscriptions) if self.back_end is not None else {}
        if self.push is not None:
            found |= self.push.subscriptions
        if self.message_log is not None:
            found["message_log"] = self.message_log.subscription
        return found | self._streams(self._settings)

    def _streams(self, settings: Settings) -> dict[str, Subscription]:
        if not settings.streams:
            return {}
        from rcim.app.consumers.app_streams import streams_of

        return streams_of(settings, self._history_id)

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
        found = Counter(self._counted_before)
        for part in (self.back_end, self.push):
            found.update(part.counted() if part is not None else {})
        return dict(found) | self.outbox.counted()

    # -- OP-03: other settings

    async def exchange_for(self, settings: Settings, files: frozenset[str]) -> Exchange:
        """What has to be exchanged so that these settings are in force. `files`: settings that name a file whose contents
        have changed. Nothing has changed yet. Raises ValueError or OSError for hooks and keys that are not there, and
        TimeoutError if what the reload before has changed is still being exchanged."""
        if self._exchanging is not None:
            async with asyncio.timeout(2 * TELL_S):
                await asyncio.shield(self._exchanging)
        old = self._settings
        if settings.callbacks.commands or settings.receivers:
            await asyncio.to_thread(importlib.import_module, "rcim.app.consumers.app_callbacks")
        types = old.group_types != settings.group_types or old.message_types != settings.message_types
        told = types or old.callbacks != settings.callbacks or old.receivers != settings.receivers
        back_end = self._back_end(settings) if told else self.back_end
        hooked = any(one is not None and one.offline_receivers is not None for one in (self.back_end, back_end))
        keys = any(name.startswith("push_providers.") for name in files)
        provided = old.push != settings.push or old.push_providers != settings.push_providers
        pushed = provided or keys or (told and hooked)
        made = Exchange(settings, back_end, self.push, frozenset(), {}, told, False)
        try:
            if pushed:
                made.push, made.changes_push = self._push(settings, back_end), True
            self._fill(made, files, types=types)
        except BaseException:
            await made.drop()
            raise
        return made

    def _fill(self, made: Exchange, files: frozenset[str], *, types: bool) -> None:
        """Which consumers end and begin. Raises ValueError or OSError."""
        old, new, ended = self._settings, made.settings, set[str]()
        if made.changes_back_end:
            ended |= self.back_end.subscriptions.keys() if self.back_end is not None else set()
            made.begun |= made.back_end.subscriptions if made.back_end is not None else {}
        if made.changes_push:
            ended |= self.push.subscriptions.keys() if self.push is not None else set()
            made.begun |= made.push.subscriptions if made.push is not None else {}
        changed = {
            f"streams.{name}"
            for name in {*old.streams, *new.streams}
            if types or old.streams.get(name) != new.streams.get(name) or f"streams.{name}.ca" in files
        }
        ended |= changed & self.outbox.names
        if changed:
            made.begun |= {name: one for name, one in self._streams(new).items() if name in changed}
        made.ended = frozenset(ended)
        made.begun = _traced(made.begun, self._traces)

    def put_in_force(self, made: Exchange) -> None:
        """From now on the app is asked as these settings say. What is to be told goes to the new consumers as soon as the
        old ones have come to their end, which takes TELL_S at the most; nothing is lost meanwhile."""
        before = self.back_end, self.push
        self._settings, self.back_end, self.push = made.settings, made.back_end, made.push
        kinds = frozenset().union(*(one.kinds for one in made.begun.values()))
        self._dispatcher.want_events(self.outbox.wanted | kinds)
        if made.changes_back_end:
            self._dispatcher.ask_with(self.ask_app)
            if self.back_end is not None:
                self.back_end.start()
        if made.ended or made.begun or made.changes_back_end or made.changes_push:
            work = self._exchange(made, *before)
            self._exchanging = asyncio.get_running_loop().create_task(work)

    async def _exchange(self, made: Exchange, back_end: AppCallbacks | None, push: AppPush | None) -> None:
        """End consumers and begin others, until the store lets it; then close what was before."""
        ended, begun = made.ended, made.begun
        while True:
            try:
                await self.outbox.exchange(ended, begun, TELL_S)
                break
            except StoreError as error:
                log.error("consumers can't be begun yet", error=error)
            await asyncio.sleep(AGAIN_S)
            ended = frozenset()  # they have ended, and some of the others may have begun under the same names
            begun = {name: one for name, one in made.begun.items() if name not in self.outbox.names}
        self._dispatcher.want_events(self.outbox.wanted)
        if made.changes_push and push is not None:
            self._counted_before.update(push.counted())
            await push.close()
        if made.changes_back_end and back_end is not None:
            await back_end.close(back_end.deadline_s)
            self._counted_before.update(back_end.counted())

    async def end(self) -> None:
        """Pass on what there is, for TELL_S at the most; then ask and tell nobody any more."""
        if self._exchanging is not None:
            await asyncio.wait([self._exchanging], timeout=TELL_S)
            self._exchanging.cancel()
            await asyncio.gather(self._exchanging, return_exceptions=True)
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


def _traced(subscriptions: dict[str, Subscription], traces: MessageTraces | None) -> dict[str, Subscription]:
    """The same, with spans of traced messages, if there are such."""
    if traces is None:
        return subscriptions
    from rcim.app.tracing.traces import TracedDestination

    return {
        name: one._replace(destination=TracedDestination(one.destination, name, traces))
        for name, one in subscriptions.items()
    }
