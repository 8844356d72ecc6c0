"""Requests of app administrators about the settings of the server (OP-03)."""

from __future__ import annotations

from rcim.service.requests.kinds import Request


class AdminReload(Request, frozen=True, gc=False):
    """Reads the settings again and puts into force what can be (OP-03). `check_only`: changes nothing."""

    check_only: bool = False
