"""What the server has of one person, for app administrators: unread messages (AB-07)."""

from __future__ import annotations

from rcim.actor import queries
from rcim.base.ids import check_user_id
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import RequestContext, StoreQuery
from rcim.service.validation import check_conversation


def unread(request: requests.AdminUserUnread, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_USER_UNREAD (AB-07)."""
    keys = [check_conversation(conversation, principal) for conversation in dict.fromkeys(request.conversations)]
    return StoreQuery(queries.UnreadQuery(check_user_id(request.user_id), conversations=keys))
