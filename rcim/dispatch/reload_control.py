"""Who reads the settings again (OP-03): an interface, so that the dispatcher knows nothing of settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.reload_workflows import Reload
from rcim.base.errors import RELOAD_REFUSED

Done = Callable[[AnyResult], None]


class ReloadControl(Protocol):
    """See the module's text. It is used from the loop."""

    def carry_out(self, workflow: Reload, done: Done) -> None:
        """Carry it out, and call `done` once, later, with its answer."""


class NoReloads:
    """Nobody can."""

    def carry_out(self, workflow: Reload, done: Done) -> None:
        """See ReloadControl."""
        done(Refused(RELOAD_REFUSED, "this server has nobody who reads settings again"))
