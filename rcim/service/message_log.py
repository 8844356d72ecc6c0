"""The message log: list, download, expire (AB-03). For app administrators."""

from __future__ import annotations

import re
from datetime import datetime

from rcim.actor import log_queries, workflows
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import list_limit

CHUNK_BYTES_MAX = 32_768
"""In one answer."""
ROW_BYTES = 96
"""The most bytes that a row of MESSAGE_LOG_LIST takes in an answer."""
KIND = re.compile("[a-z][a-z-]*")


def listing(request: requests.MessageLogList, principal: Principal, context: RequestContext) -> StoreQuery:
    """MESSAGE_LOG_LIST."""
    limit = list_limit(request.limit, context.limits, ROW_BYTES)
    return StoreQuery(log_queries.LogFilesQuery(request.hour, request.kind, limit))


def chunk(request: requests.MessageLogGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """MESSAGE_LOG_GET."""
    if not KIND.fullmatch(request.kind):
        raise RcimError(BAD_PARAMETER, "kind: must be a-z and -")
    most = min(CHUNK_BYTES_MAX, context.limits.frame_bytes_max - 4096)
    limit = min(request.limit or most, most)
    return StoreQuery(
        log_queries.LogChunkQuery(_hour("hour", request.hour), request.kind, request.offset, limit, request.sha256)
    )


def expire(request: requests.MessageLogExpire, principal: Principal, context: RequestContext) -> RunWorkflow:
    """MESSAGE_LOG_EXPIRE."""
    return RunWorkflow(workflows.ExpireMessageLog(principal.user_id, _hour("before", request.before), request.only))


def _hour(name: str, text: str) -> str:
    """Itself. Raises RcimError(BAD_PARAMETER) if it is no hour."""
    try:
        if len(text) == 10 and text.isascii() and text.isdigit():
            datetime.strptime(text, "%Y%m%d%H")
            return text
    except ValueError:
        pass
    raise RcimError(BAD_PARAMETER, f"{name}: must be an hour in UTC, YYYYMMDDHH")
