"""The base of all workflows (workflows.py)."""

from __future__ import annotations

from rcim.actor.user_commands import OnCredential


class Workflow(OnCredential, frozen=True, gc=False):
    """Base of all of them. `by` is the user for whom it is."""

    by: str
