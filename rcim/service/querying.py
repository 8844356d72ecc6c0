"""Queries over conversations (GR-13)."""

from __future__ import annotations

from rcim.actor import queries
from rcim.connect.principal import Principal
from rcim.rules.where import parse_sort, parse_where
from rcim.service import requests
from rcim.service.context import RequestContext, StoreQuery

LIMIT_DEFAULT = 10


def query(request: requests.ConversationsQuery, principal: Principal, context: RequestContext) -> StoreQuery:
    """CONVERSATIONS_QUERY. A wrong query is refused before the store is asked."""
    parse_where(request.where)
    parse_sort(request.sort)
    return StoreQuery(
        queries.ConversationsQuery(
            by="" if principal.admin else principal.user_id,
            where=request.where,
            sort=request.sort,
            skip=request.skip,
            limit=request.limit or LIMIT_DEFAULT,
            cursor=request.cursor,
            compact=request.compact,
            last_message=request.last_message,
            counts=request.counts,
        )
    )
