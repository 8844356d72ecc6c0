"""Push tokens (PU-03): a user's own, and those of others for app administrators."""

from __future__ import annotations

from rcim.actor.queries import PushTokensQuery
from rcim.actor.user import user_key
from rcim.actor.user_commands import RemovePushToken, SendTestPush, SetPushToken
from rcim.base.errors import BAD_PUSH_TOKEN, RcimError
from rcim.base.ids import check_user_id, has_control
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, StoreQuery
from rcim.service.validation import own_or_any

TOKEN_BYTES_MAX = 4096
"""Four times what any service gives."""
OTHERS = "change push tokens of others"


def set_token(request: requests.PushTokenSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """PUSH_TOKEN_SET."""
    user_id = own_or_any(request.user_id, principal, OTHERS)
    size = len(request.token.encode())
    if not 1 <= size <= TOKEN_BYTES_MAX or has_control(request.token):
        raise RcimError(
            BAD_PUSH_TOKEN,
            f"token: {size} bytes; must be 1 to {TOKEN_BYTES_MAX} bytes without control characters",
        )
    command = SetPushToken(
        principal.user_id,
        principal.admin,
        device_id=request.device_id,
        provider=request.provider,
        token=request.token,
        topic=request.topic,
        sandbox=request.sandbox,
        language=request.language,
    )
    return ActorCommand(user_key(user_id), command)


def remove_token(request: requests.PushTokenRemove, principal: Principal, context: RequestContext) -> ActorCommand:
    """PUSH_TOKEN_REMOVE."""
    user_id = own_or_any(request.user_id, principal, OTHERS)
    command = RemovePushToken(principal.user_id, principal.admin, request.device_id, request.provider)
    return ActorCommand(user_key(user_id), command)


def tokens(request: requests.PushTokens, principal: Principal, context: RequestContext) -> StoreQuery:
    """PUSH_TOKENS."""
    user_id = own_or_any(request.user_id, principal, "read push tokens of others")
    return StoreQuery(PushTokensQuery(user_id, by="" if principal.admin else principal.user_id))


def send_test(request: requests.AdminPushTest, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_PUSH_TEST."""
    user_id = check_user_id(request.user_id)
    return ActorCommand(
        user_key(user_id), SendTestPush(principal.user_id, principal.admin, request.title, request.text)
    )
