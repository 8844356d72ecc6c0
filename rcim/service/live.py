"""What the server does now (OP-02), for app administrators: nothing of it is stored, and no actor is asked."""

from __future__ import annotations

from rcim.actor import live_queries
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import CONVERSATION_BYTES_MAX, USER_ID_BYTES_MAX, check_user_or_guest
from rcim.base.terms import HotSort
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import RequestContext, StoreQuery
from rcim.service.validation import check_conversation, list_limit

HOT_ROW_BYTES = CONVERSATION_BYTES_MAX + 140
"""The most bytes that a row of ADMIN_HOT takes in an answer; `SLOW_ROW_BYTES`: of ADMIN_SLOW."""
SLOW_ROW_BYTES = USER_ID_BYTES_MAX + 260
ROWS_MAX = 1_000
"""Rows that can be reached: `skip` and `limit` together. Whoever looks for others searches."""
LARGEST_ONLY = (HotSort.ONLINE, HotSort.DELIVERIES)


def hot(request: requests.AdminHot, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_HOT."""
    if request.skip >= ROWS_MAX:
        raise RcimError(BAD_PARAMETER, f"skip: {request.skip}, the first {ROWS_MAX} rows can be reached; use search")
    limit = min(list_limit(request.limit, context.limits, HOT_ROW_BYTES), ROWS_MAX - request.skip)
    if request.ascending and request.sort in LARGEST_ONLY:
        raise RcimError(BAD_PARAMETER, f"ascending: not by {request.sort.name}, of which only the largest are known")
    return StoreQuery(
        live_queries.HotQuery(
            sort=request.sort, ascending=request.ascending, search=request.search, skip=request.skip, limit=limit
        )
    )


def activity(request: requests.AdminActivity, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_ACTIVITY."""
    return StoreQuery(live_queries.ActivityQuery(check_conversation(request.conversation, principal)))


def slow(request: requests.AdminSlow, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_SLOW."""
    if request.user_id:
        check_user_or_guest(request.user_id)
    return StoreQuery(
        live_queries.SlowQuery(
            sort=request.sort,
            ascending=request.ascending,
            user_id=request.user_id,
            search=request.search,
            limit=list_limit(request.limit, context.limits, SLOW_ROW_BYTES),
        )
    )


def processes(request: requests.AdminProcesses, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_PROCESSES."""
    return StoreQuery(live_queries.ProcessesQuery())
