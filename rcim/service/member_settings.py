"""Settings of any members, many in one request, for app administrators (AB-08)."""

from __future__ import annotations

from rcim.actor import person_workflows, queries
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import BROADCAST_ALL, pair_of
from rcim.connect.principal import Principal
from rcim.rules.fields import check_field
from rcim.service import requests
from rcim.service.context import RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_conversation


def set_(request: requests.AdminMembersSet, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_MEMBERS_SET (AB-08). Raises RcimError; then nothing is done for any row."""
    return RunWorkflow(
        person_workflows.SetMembers(principal.user_id, [_change(row, principal) for row in request.rows])
    )


def get(request: requests.AdminMembersGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """ADMIN_MEMBERS_GET (AB-08)."""
    return StoreQuery(
        queries.MemberRowsQuery([_place(row.conversation, row.user_id, principal) for row in request.rows])
    )


def _change(row: requests.MemberChange, principal: Principal) -> person_workflows.MemberChange:
    key, user_id = _place(row.conversation, row.user_id, principal)
    if pair_of(key) is not None and (row.name_card is not None or row.fields):
        raise RcimError(BAD_PARAMETER, "a one-to-one conversation has no name cards and no fields")
    return person_workflows.MemberChange(
        key=key,
        user_id=user_id,
        msg_flag=row.msg_flag,
        read_seq=row.read_seq,
        name_card=None if row.name_card is None else check_field("name_card", row.name_card),
        fields=tuple(row.fields),
    )


def _place(conversation: str, user_id: str, principal: Principal) -> tuple[str, str]:
    """The key and the user. Raises RcimError."""
    key = check_conversation(conversation, principal)
    if key == BROADCAST_ALL:
        raise RcimError(BAD_PARAMETER, "conversation: broadcasts have no members")
    check_user_id(user_id)
    pair = pair_of(key)
    if pair is not None and user_id not in pair:
        raise RcimError(BAD_PARAMETER, f"user_id: {user_id} is not in the one-to-one conversation")
    return key, user_id
