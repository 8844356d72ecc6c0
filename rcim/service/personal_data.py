"""What the server has of one person, for app administrators: unread messages (AB-07), export and erasure (AB-06)."""

from __future__ import annotations

import re

from rcim.actor import person_workflows, queries
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.connect.principal import Principal
from rcim.rules.system_accounts import is_system_account
from rcim.service import requests
from rcim.service.context import RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_conversation
from rcim.store.personal_data import STAGES

EXPORT_BYTES_MAX = 32_768
"""Of the export, in one answer."""
CURSOR = re.compile(r"([0-9]):((?:[0-9a-f]{2})*):([0-9]{1,9})")


def unread(request: requests.AdminUserUnread, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_USER_UNREAD (AB-07)."""
    keys = [check_conversation(conversation, principal) for conversation in dict.fromkeys(request.conversations)]
    return StoreQuery(queries.UnreadQuery(check_user_id(request.user_id), conversations=keys))


def export(request: requests.AdminUserExport, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_USER_EXPORT (AB-06)."""
    found = CURSOR.fullmatch(request.cursor)
    if request.cursor and (found is None or int(found[1]) >= len(STAGES)):
        raise RcimError(BAD_PARAMETER, "cursor: must be `next` of a page before")
    most = min(EXPORT_BYTES_MAX, context.limits.frame_bytes_max - 4096)
    return StoreQuery(queries.ExportQuery(check_user_id(request.user_id), request.cursor, most))


def erase(request: requests.AdminUserErase, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_USER_ERASE (AB-06). An app administrator is taken out of the settings first."""
    user_id = check_user_id(request.user_id)
    if user_id == principal.user_id or context.is_administrator(user_id):
        raise RcimError(BAD_PARAMETER, "user_id: must not be an app administrator")
    if is_system_account(user_id):
        raise RcimError(BAD_PARAMETER, "user_id: must not be a system account, which is no person")
    return RunWorkflow(person_workflows.EraseUser(principal.user_id, user_id, request.cursor))
