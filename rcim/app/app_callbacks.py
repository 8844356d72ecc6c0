"""The app's back end as the settings name it: what it is asked (CB-03) and told (ID-07).

Each has connections of its own: news that nobody takes must not hold up what is decided.
"""

from __future__ import annotations

from rcim.actor.before_callbacks import EVENTS
from rcim.app.settings import Settings
from rcim.hooks.after import Telling
from rcim.hooks.before import Asking
from rcim.hooks.events import STATE_CHANGE
from rcim.hooks.http import WebhookClient
from rcim.hooks.inprocess import load_hooks

ASKED = ("asked", "allowed", "refused", "dropped", "replaced", "failed", "skipped")
TOLD = ("told", "failed")


class AppCallbacks:
    """`close` at the end. Raises ValueError for a hook that is not installed (CB-05)."""

    def __init__(self, settings: Settings) -> None:
        callbacks, limits = settings.callbacks, settings.limits
        hooks = load_hooks(callbacks.hooks)
        self._callers: list[WebhookClient] = []
        self.asks: dict[type, str] = {EVENTS[name]: name for name in callbacks.commands if name in EVENTS}
        """Commands that are asked about, and the callback for each (CB-02)."""
        refuse = callbacks.refuse_on_failure
        self.asking = Asking(limits, self._caller(settings), hooks, callbacks.timeout_ms, refuse=refuse)
        self.telling = Telling(self._caller(settings), hooks, callbacks.timeout_ms)
        self.tells_states = STATE_CHANGE in callbacks.commands
        """True if the app wants to know of sessions (ID-07)."""

    def _caller(self, settings: Settings) -> WebhookClient | None:
        callbacks = settings.callbacks
        if not callbacks.url:
            return None
        made = WebhookClient(
            url=callbacks.url,
            sdkappid=settings.app.sdkappid,
            token=callbacks.token,
            timeout_ms=callbacks.timeout_ms,
            allow_private=callbacks.allow_private,
        )
        self._callers.append(made)
        return made

    def counted(self) -> dict[str, int]:
        """What became of questions and events since the start, by name."""
        asked, told = self.asking.counts, self.telling.counts
        questions = {f"callbacks_{name}": asked[name] for name in ASKED}
        return questions | {f"events_{name}": told[name] for name in TOLD}

    async def close(self) -> None:
        """Ask no more; give back the connections."""
        await self.asking.close()
        for caller in self._callers:
            await caller.close()
