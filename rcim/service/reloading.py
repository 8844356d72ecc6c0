"""Reading the settings again, for app administrators (OP-03)."""

from __future__ import annotations

from rcim.actor.reload_workflows import Reload
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import RequestContext, RunWorkflow


def reload(request: requests.AdminReload, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_RELOAD."""
    return RunWorkflow(Reload(principal.user_id, request.check_only))
