"""Reading the settings again (OP-03), for app administrators."""

from __future__ import annotations

from rcim.actor.workflow import Workflow


class Reload(Workflow, frozen=True, gc=False):
    """Read the settings again and put into force what can be; with `check_only` only say what would change."""

    check_only: bool
