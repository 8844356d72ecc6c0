"""A user's devices (ID-04), and presence (ID-07)."""

from __future__ import annotations

from collections.abc import Sequence

from rcim.actor import queries, workflows
from rcim.actor.outcomes import Done
from rcim.base.errors import BAD_PARAMETER, COMMAND_DISABLED, RcimError
from rcim.base.terms import Presence, SeenBy
from rcim.connect.principal import Principal
from rcim.service import requests
from rcim.service.context import Answered, RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_users, own_or_any
from rcim.store import connection_answers

PRESENCES_AT_ONCE = 100


def devices(request: requests.Devices, principal: Principal, context: RequestContext) -> StoreQuery:
    """DEVICES."""
    return StoreQuery(queries.DevicesQuery(own_or_any(request.user_id, principal, "see or close devices of others")))


def close(request: requests.DevicesClose, principal: Principal, context: RequestContext) -> RunWorkflow:
    """DEVICES_CLOSE."""
    named = list(request.connections)
    user_id = own_or_any(request.user_id, principal, "see or close devices of others")
    but = 0 if named else principal.connection_id
    return RunWorkflow(
        workflows.CloseDevices(by=principal.user_id, user_id=user_id, connections=named, but=but, text=request.text)
    )


def set_state(request: requests.PresenceSet, principal: Principal, context: RequestContext) -> Answered:
    """PRESENCE_SET."""
    if request.state is Presence.OFFLINE:
        raise RcimError(BAD_PARAMETER, "state: must be ONLINE or BACKGROUND")
    context.set_state(principal, request.state)
    return Answered(Done())


def get(request: requests.PresenceGet, principal: Principal, context: RequestContext) -> StoreQuery:
    """PRESENCE_GET."""
    _check_presence(principal, context)
    return StoreQuery(_seen_by(principal, context, check_users(request.users, PRESENCES_AT_ONCE)))


def watch(request: requests.PresenceWatch, principal: Principal, context: RequestContext) -> StoreQuery:
    """PRESENCE_WATCH: watch first and then read, so that no change in between is missed. The caller gets only changes
    that they may see, once that is known."""
    _check_presence(principal, context)
    users = check_users(request.users, PRESENCES_AT_ONCE)
    return StoreQuery(
        _seen_by(
            principal=principal,
            context=context,
            users=users,
            refused=context.watch(principal, users),
            connection_id=principal.connection_id,
        )
    )


def _seen_by(
    principal: Principal,
    context: RequestContext,
    users: list[str],
    refused: Sequence[str] = (),
    connection_id: int = 0,
) -> queries.PresenceQuery:
    """The presence of these users, as far as the caller may see it (ID-07)."""
    by = "" if principal.admin else principal.user_id
    shared = context.presence_seen_by is SeenBy.SHARED
    return queries.PresenceQuery(
        users=users, refused=list(refused), by=by, shared=shared, connection_id=connection_id
    )


def unwatch(request: requests.PresenceUnwatch, principal: Principal, context: RequestContext) -> Answered:
    """PRESENCE_UNWATCH."""
    _check_presence(principal, context)
    context.unwatch(principal, check_users(request.users, len(request.users), 0))
    return Answered(Done())


def _check_presence(principal: Principal, context: RequestContext) -> None:
    """Raises RcimError."""
    if not context.tells_presence or (context.presence_seen_by is SeenBy.NOBODY and not principal.admin):
        raise RcimError(COMMAND_DISABLED, "this server does not tell what users do")


def watching(result: connection_answers.PresencePage, context: RequestContext) -> connection_answers.PresencePage:
    """The presence of the newly watched users; the caller gets the changes of those that they may see (ID-07)."""
    context.may_watch(result.connection_id, [row.user_id for row in result.rows], result.unseen)
    return result
