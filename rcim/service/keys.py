"""API keys of back ends: make, list, revoke, use (ID-08). For app administrators."""

from __future__ import annotations

import secrets

from rcim.actor import api_keys, key_commands
from rcim.actor.app import APP_KEY
from rcim.base.errors import BAD_PARAMETER, NO_SCOPE, RcimError
from rcim.base.ids import check_user_id
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext
from rcim.service.scopes import ALL, NAMES, Scope
from rcim.service.validation import list_limit

ID_BYTES = 8
SECRET_BYTES = 32
ROW_BYTES = 1100
"""The most bytes that a row of ADMIN_KEYS takes in an answer."""


def create(request: requests.AdminKeyCreate, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_KEY_CREATE (ID-08). Raises RcimError."""
    scopes = tuple(sorted(set(request.scopes)))
    for scope in scopes:
        if scope not in NAMES:
            raise RcimError(BAD_PARAMETER, f"scopes: {scope!r} is none; there are {', '.join(Scope)}")
    acts_as = check_user_id(request.acts_as or principal.user_id)
    if not context.is_administrator(acts_as):
        raise RcimError(BAD_PARAMETER, "acts_as: has to be an app administrator")
    _check_within(request, scopes, principal)
    command = key_commands.CreateKey(
        by=principal.user_id,
        admin=True,
        secret=f"{api_keys.PREFIX}{secrets.token_hex(ID_BYTES)}.{secrets.token_urlsafe(SECRET_BYTES)}",
        name=request.name,
        scopes=scopes,
        acts_as=acts_as,
        expires_ms=request.expires_ms,
        per_s=request.per_s,
    )
    return ActorCommand(APP_KEY, command)


def _check_within(request: requests.AdminKeyCreate, scopes: tuple[str, ...], principal: Principal) -> None:
    """Returns if the new key can do no more than the key that makes it: in scopes, in time, in requests. Raises
    RcimError."""
    own = principal.key
    if own is None:
        return
    lacking = [scope for scope in scopes if scope not in own.scopes and ALL not in own.scopes]
    if lacking:
        raise RcimError(NO_SCOPE, f"a key can't make a key with more than it has: {', '.join(lacking)}")
    if own.expires_ms and not 0 < request.expires_ms <= own.expires_ms:
        raise RcimError(BAD_PARAMETER, "expires_ms: a key can't make a key that outlives it")
    if own.per_s and not 0 < request.per_s <= own.per_s:
        raise RcimError(BAD_PARAMETER, f"per_s: a key can't make a key with more than its own {own.per_s}")


def list_(request: requests.AdminKeys, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_KEYS (ID-08)."""
    limit = list_limit(request.limit, context.limits, ROW_BYTES)
    return ActorCommand(APP_KEY, key_commands.ReadKeys(principal.user_id, True, request.cursor, limit))


def revoke(request: requests.AdminKeyRevoke, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_KEY_REVOKE (ID-08)."""
    return ActorCommand(APP_KEY, key_commands.RevokeKey(principal.user_id, True, request.key_id))


def use(request: requests.AdminKeyUse, principal: Principal, context: RequestContext) -> ActorCommand:
    """ADMIN_KEY_USE (ID-08)."""
    return ActorCommand(APP_KEY, key_commands.UseKey(principal.user_id, True, request.secret))
