"""Workflows about the files of the message log (AB-03), for app administrators."""

from __future__ import annotations

from rcim.actor.workflow import Workflow


class ExpireMessageLog(Workflow, frozen=True, gc=False):
    """Remove the files of before this hour, `YYYYMMDDHH` in UTC; with `only`, those of this hour and no others. An hour
    that is not closed yet stays."""

    before: str
    only: bool = False
