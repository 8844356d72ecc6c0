"""Ultra groups: channels (UG-02, UG-05), push levels (UG-03), deleting by time (UG-04)."""

from __future__ import annotations

import re

from rcim.actor import queries, workflows
from rcim.actor import ultra_commands as uc
from rcim.base.errors import BAD_PARAMETER, NO_SUCH_GROUP, RcimError
from rcim.base.ids import check_user_id
from rcim.connect.principal import Principal
from rcim.rules.conversation_kinds import ULTRA, is_channel, kind_of
from rcim.rules.fields import check_field
from rcim.service import requests
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_name, check_users, group_key, list_limit

CHANNEL_NAME = re.compile(r"[A-Za-z0-9_-]{1,20}\Z")
"""UG-02: what the id of a channel may have after the mark."""


def _ultra_key(group_id: str) -> str:
    """The key of an ultra group. Raises RcimError(NO_SUCH_GROUP) for the id of anything else."""
    key = group_key(group_id)
    if kind_of(key) is not ULTRA:
        raise RcimError(NO_SUCH_GROUP, "an ultra group's id begins with @TGS#_")
    return key


def _channel_key(group_id: str) -> str:
    """The key of a channel. Raises RcimError(NO_SUCH_GROUP) for the id of anything else."""
    key = group_key(group_id)
    if not is_channel(key):
        raise RcimError(NO_SUCH_GROUP, "a channel's id is that of its ultra group, @TOPIC#_, and its own")
    return key


def create(request: requests.ChannelCreate, principal: Principal, context: RequestContext) -> RunWorkflow:
    """CHANNEL_CREATE."""
    if not CHANNEL_NAME.match(request.name_id):
        raise RcimError(BAD_PARAMETER, "name_id: must be 1 to 20 of A-Z, a-z, 0-9, _ and -")
    return RunWorkflow(
        workflows.CreateChannel(
            principal.user_id,
            key=_ultra_key(request.group_id),
            admin=principal.admin,
            name_id=request.name_id,
            name=check_name(request.name),
            introduction=check_field("introduction", request.introduction),
            private=request.private,
        )
    )


def channels(request: requests.Channels, principal: Principal, context: RequestContext) -> StoreQuery:
    """CHANNELS."""
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.ChannelsQuery(_ultra_key(request.group_id), by))


def change_users(request: requests.ChannelUsersChange, principal: Principal, context: RequestContext) -> ActorCommand:
    """CHANNEL_USERS_CHANGE."""
    most = context.limits.invite_max
    add, remove = check_users(request.add, most, 0), check_users(request.remove, most, 0)
    command = uc.ChangeInsiders(principal.user_id, principal.admin, add, remove)
    return ActorCommand(_channel_key(request.group_id), command)


def users(request: requests.ChannelUsers, principal: Principal, context: RequestContext) -> ActorCommand:
    """CHANNEL_USERS."""
    if request.cursor:
        check_user_id(request.cursor)
    limit = list_limit(request.limit, context.limits)
    command = uc.ReadInsiders(principal.user_id, principal.admin, request.cursor, limit)
    return ActorCommand(_channel_key(request.group_id), command)


def set_private(request: requests.ChannelPrivateSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """CHANNEL_PRIVATE_SET."""
    command = uc.SetPrivate(principal.user_id, principal.admin, request.private)
    return ActorCommand(_channel_key(request.group_id), command)


def set_push_level(request: requests.PushLevelSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """PUSH_LEVEL_SET."""
    command = uc.SetPushLevel(principal.user_id, principal.admin, request.level, request.whole)
    return ActorCommand(group_key(request.group_id), command)


def push_level(request: requests.PushLevelGet, principal: Principal, context: RequestContext) -> ActorCommand:
    """PUSH_LEVEL."""
    return ActorCommand(group_key(request.group_id), uc.ReadPushLevel(principal.user_id, principal.admin))


def trim(request: requests.HistoryTrim, principal: Principal, context: RequestContext) -> RunWorkflow:
    """HISTORY_TRIM."""
    key = group_key(request.group_id)
    return RunWorkflow(
        workflows.TrimUpTo(principal.user_id, key=key, admin=principal.admin, to_time_ms=request.to_time_ms)
    )
