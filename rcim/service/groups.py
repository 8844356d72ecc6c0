"""Groups: create, edit, give, dissolve, info, and lists of groups (GR-01, GR-03, GR-05, GR-09)."""

from __future__ import annotations

import msgspec

from rcim.actor import commands, outcomes, queries, workflows
from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, RcimError
from rcim.base.ids import check_user_id, check_user_or_guest, has_control
from rcim.base.terms import group_conversation
from rcim.connect.principal import Principal
from rcim.rules.conversation_kinds import is_channel
from rcim.rules.custom_attributes import canonical, checked_changes
from rcim.rules.fields import check_field
from rcim.service import requests, results
from rcim.service.context import ActorCommand, RequestContext, RunWorkflow, StoreQuery
from rcim.service.validation import check_name, check_users, group_key, list_limit


def entering(
    key: str,
    command: commands.JoinGroup | commands.CreateGroup | commands.InviteUsers | commands.DecideApplication,
) -> RunWorkflow:
    """The command or workflow that adds users to a group: each of them needs room for it."""
    return RunWorkflow(workflows.EnterGroup(command.by, key, command))


def create(request: requests.GroupCreate, principal: Principal, context: RequestContext) -> RunWorkflow:
    """GROUP_CREATE (GR-01)."""
    group_id, made_number = context.group_ids.wanted(request.group_id)
    limit = context.limits.members_at_creation_max
    if len(request.members) > limit:
        raise RcimError(
            BAD_PARAMETER,
            f"members: {len(request.members)}, must be at most {limit} at creation; invite the others later",
        )
    owner = check_user_id(request.owner) if request.owner else principal.user_id
    if request.unique:
        _check_unique(request, owner)
    return entering(
        group_conversation(group_id),
        commands.CreateGroup(
            by=principal.user_id,
            admin=principal.admin,
            group_id=group_id,
            type=request.type,
            name=check_name(request.name),
            introduction=check_field("introduction", request.introduction),
            notification=check_field("notification", request.notification),
            face_url=check_field("face_url", request.face_url),
            apply_join_option=request.apply_join_option,
            members=check_users(request.members, limit, 0),
            owner=owner,
            max_member_num=request.max_member_num,
            fields=tuple(request.fields),
            made_number=made_number,
            attributes=canonical(request.attributes) if request.attributes else b"",
            ttl_s=request.ttl_s,
            unique=request.unique,
        ),
    )


def create_for_app(request: requests.AdminGroupCreate, principal: Principal, context: RequestContext) -> RunWorkflow:
    """ADMIN_GROUP_CREATE: as GROUP_CREATE; some of the members may be admins, and have fields."""
    made = create(request, principal, context)
    workflow = made.workflow
    assert isinstance(workflow, workflows.EnterGroup) and isinstance(workflow.command, commands.CreateGroup)
    command = msgspec.structs.replace(
        workflow.command,
        admins=list(request.admins),
        member_fields={user: tuple(fields) for user, fields in request.member_fields.items()},
    )
    strangers = ({*command.admins} | {*command.member_fields}) - {*command.members}
    if strangers:
        raise RcimError(
            BAD_PARAMETER, f"members: {min(strangers)} is to be an admin, or to have fields, and is not one"
        )
    return entering(workflow.key, command)


def _check_unique(request: requests.GroupCreate, owner: str) -> None:
    """C2-02: the server makes the id, of two users or more. Raises RcimError(BAD_PARAMETER)."""
    if request.group_id:
        raise RcimError(BAD_PARAMETER, "group_id: must be empty with `unique`; the server makes it of the users")
    if not set(request.members) - {owner}:
        raise RcimError(BAD_PARAMETER, "members: a unique conversation needs another user besides its creator")


def edit(request: requests.GroupSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_SET (GR-03)."""
    texts = {
        name: check_name(value) if name == "name" else check_field(name, value)
        for name in ("name", "introduction", "notification", "face_url")
        if (value := getattr(request, name)) is not None
    }
    command = commands.EditGroup(
        by=principal.user_id,
        admin=principal.admin,
        texts=texts,
        apply_join_option=request.apply_join_option,
        max_member_num=request.max_member_num,
        fields=tuple(request.fields),
        attributes=None if request.attributes is None else canonical(request.attributes),
        attribute_changes=checked_changes(request.attribute_changes),
        mute_all=request.mute_all,
    )
    return ActorCommand(group_key(request.group_id), command)


def give(request: requests.GroupOwnerSet, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_OWNER_SET."""
    user_id = check_user_id(request.user_id)
    return ActorCommand(group_key(request.group_id), commands.GiveGroup(principal.user_id, principal.admin, user_id))


def dissolve(
    request: requests.GroupDissolve, principal: Principal, context: RequestContext
) -> ActorCommand | RunWorkflow:
    """GROUP_DISSOLVE; of a channel its ultra group is told (UG-02)."""
    key = group_key(request.group_id)
    if is_channel(key):
        return RunWorkflow(workflows.DissolveChannel(principal.user_id, key=key, admin=principal.admin))
    return ActorCommand(key, commands.DissolveGroup(principal.user_id, principal.admin))


def info(request: requests.GroupInfo, principal: Principal, context: RequestContext) -> ActorCommand:
    """GROUP_INFO."""
    return ActorCommand(group_key(request.group_id), commands.ReadInfo(principal.user_id, principal.admin))


def joined(request: requests.GroupsJoined, principal: Principal, context: RequestContext) -> StoreQuery:
    """GROUPS_JOINED."""
    limit = list_limit(request.limit, context.limits)
    if request.user_id and request.user_id != principal.user_id and not principal.admin:
        raise RcimError(ADMIN_REQUIRED, "only an app administrator may list the groups of others")
    if request.user_id:
        check_user_or_guest(request.user_id)
    by = "" if principal.admin else principal.user_id
    return StoreQuery(queries.JoinedGroupsQuery(request.user_id or principal.user_id, request.cursor, limit, by=by))


def find(request: requests.GroupFind, principal: Principal, context: RequestContext) -> StoreQuery:
    """GROUP_FIND (GR-09)."""
    if has_control(request.words):
        raise RcimError(BAD_PARAMETER, "words: control characters are not allowed")
    return StoreQuery(
        queries.FindGroupsQuery(request.words, request.cursor, list_limit(request.limit, context.limits))
    )


def with_online(result: outcomes.Info, context: RequestContext) -> results.GroupFacts:
    """The profile of a group, with the number of members who are online now (GR-03)."""
    return results.GroupFacts(result, context.online(result.key))
