"""The app's back end as the settings name it: what it is asked (CB-03) and told (ID-07), over one set of connections."""

from __future__ import annotations

from rcim.actor.asking import EVENTS
from rcim.app.settings import Settings
from rcim.hooks.after import Telling
from rcim.hooks.before import Asking
from rcim.hooks.events import STATE_CHANGE
from rcim.hooks.http import Caller
from rcim.hooks.inprocess import load_hooks


class BackEnd:
    """`open` in the loop, `close` at the end. Raises ValueError for a hook that is not installed (CB-05)."""

    def __init__(self, settings: Settings) -> None:
        callbacks = settings.callbacks
        hooks = load_hooks(callbacks.hooks)
        self._caller: Caller | None = None
        if callbacks.url:
            self._caller = Caller(
                callbacks.url, settings.app.sdkappid, callbacks.token, callbacks.timeout_ms, callbacks.allow_private
            )
        self.asks: dict[type, str] = {EVENTS[name]: name for name in callbacks.commands if name in EVENTS}
        """Commands that are asked about, and the callback for each (CB-02)."""
        self.asking = Asking(
            settings.limits, self._caller, hooks, callbacks.timeout_ms, refuse=callbacks.refuse_on_failure
        )
        self.telling = Telling(self._caller, hooks)
        self.tell_states = self.telling.state_changed if STATE_CHANGE in callbacks.commands else None

    def open(self) -> None:
        """Ready to ask and tell."""
        if self._caller is not None:
            self._caller.open()

    async def close(self) -> None:
        """Ask no more; tell what is still to be told, within a bound; give back the connections."""
        await self.asking.close()
        await self.telling.close()
        if self._caller is not None:
            await self._caller.close()
