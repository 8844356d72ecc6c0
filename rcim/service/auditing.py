"""Reading the audit log, for app administrators."""

from __future__ import annotations

import re

from rcim.actor.log_queries import AuditQuery
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import RequestContext, StoreQuery
from rcim.service.validation import list_limit

ROW_BYTES = 20_000
"""The most bytes that a row of ADMIN_AUDIT takes in an answer."""
CURSOR = re.compile(r"(\d{4}-\d\d-\d\d:\d{1,12})?", re.ASCII)
TIME_MS_MAX = 253_402_300_799_000
"""The end of the year 9999."""


def page(request: requests.AdminAudit, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_AUDIT."""
    if not CURSOR.fullmatch(request.cursor):
        raise RcimError(BAD_PARAMETER, "cursor: must be `next` of a page before")
    if max(request.from_ms, request.to_ms) > TIME_MS_MAX:
        raise RcimError(BAD_PARAMETER, "from_ms and to_ms: must be before the year 10000")
    limit = list_limit(request.limit, context.limits, ROW_BYTES)
    return StoreQuery(
        AuditQuery(request.from_ms, request.to_ms, request.who, request.operation, request.cursor, limit)
    )
